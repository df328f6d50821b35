package main

import (
	"context"
	"fmt"
	"time"

	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// doctorCommand looks at everything that the work needs, and says what to do.
type doctorCommand struct {
	JSON bool `help:"Print JSON."`
}

// doctorTime is how long all that is looked at may take.
const doctorTime = 2 * time.Minute

// examined is what the doctor found, as it is printed.
type examined struct {
	Healthy  bool      `json:"healthy"` // nothing failed
	Findings []finding `json:"findings"`
}

type finding struct {
	Check  string        `json:"check"`
	Status engine.Health `json:"status"`
	Detail string        `json:"detail"`
	Remedy string        `json:"remedy"`
}

// Run looks and prints: exit code 0 when nothing failed, 1 when something did. What
// cannot be looked at because something before it failed is left out.
func (c *doctorCommand) Run(i *invocation) error {
	ctx, cancel := context.WithTimeout(i.ctx, doctorTime)
	defer cancel()
	out := examined{Healthy: true}
	working := i.meter("looking at database, secrets, Amazon and tenants")
	found := i.examine(ctx)
	working.end()
	for _, f := range found {
		out.Findings = append(out.Findings, finding{f.Check, f.Health, f.Detail, f.Remedy})
		out.Healthy = out.Healthy && f.Health != engine.Broken
	}
	if err := c.print(i, out); err != nil {
		return err
	}
	if !out.Healthy {
		return exitError(exitFailed)
	}
	return nil
}

func (c *doctorCommand) print(i *invocation, out examined) error {
	if c.JSON {
		return printJSON(i.out, out)
	}
	s := i.screen
	t := s.table(column{head: "CHECK"}, column{head: "STATUS"}, column{head: "WHAT WAS FOUND, AND WHAT TO DO", least: 30, wraps: true})
	for _, f := range out.Findings {
		t.row(s.tr(f.Check), s.word(string(f.Status)), plain(s.sentence(f.Detail)))
		if f.Remedy != "" { // a line of its own: it may be long
			t.row("", "", s.say("to do: %s", plain(s.sentence(f.Remedy))))
		}
	}
	return t.print()
}

// examine looks at one thing after the other, as far as it comes.
func (i *invocation) examine(ctx context.Context) (out []engine.Finding) {
	s, err := store.Open(ctx, store.Options{URL: i.settings.DatabaseURL, Now: i.now, DatabaseTime: i.realTime, Merge: spapi.MergeRaw})
	if err != nil {
		return []engine.Finding{{Check: "database", Health: engine.Broken, Detail: err.Error(), Remedy: "correct ORDERSYNC_DATABASE_URL, or bring the database back"}}
	}
	defer func() { _ = s.Close() }() // nothing was written
	database := examineDatabase(ctx, s)
	if out = append(out, database); database.Health == engine.Broken {
		return out
	}
	box, digestKey, key := i.examineKey(s)
	if out = append(out, key); key.Health == engine.Broken {
		return out
	}
	p := parts{box: box, secrets: i.clientSecrets(s, box, digestKey)}
	if i.settings.AmazonClientID != "" && i.settings.AmazonClientSecret != "" {
		if p.amazon, err = i.amazon(digestKey, p.secrets, nil); err != nil {
			return append(out, engine.Finding{Check: "application", Health: engine.Broken, Detail: err.Error()})
		}
	}
	if p.queue, err = i.openQueue(); err != nil {
		return append(out, engine.Finding{Check: "notifications", Health: engine.Broken, Detail: err.Error(), Remedy: "correct ORDERSYNC_AMAZON_NOTIFICATIONS_QUEUE or the AWS_… variables"})
	}
	if p.vault, err = i.openVault(); err != nil {
		return append(out, engine.Finding{Check: "secret store", Health: engine.Broken, Detail: err.Error(), Remedy: "correct ORDERSYNC_VAULT_…"})
	}
	if p.vault != nil {
		defer p.vault.Close()
	}
	return append(out, i.newEngine(s, p).Diagnose(ctx)...)
}

func examineDatabase(ctx context.Context, s *store.Store) engine.Finding {
	f := engine.Finding{Check: "database", Health: engine.Healthy}
	have, want, err := s.SchemaVersion(ctx)
	switch {
	case err != nil:
		f.Health, f.Detail, f.Remedy = engine.Broken, err.Error(), "correct ORDERSYNC_DATABASE_URL, or bring the database back"
	case have == 0:
		f.Health, f.Detail, f.Remedy = engine.Broken, "it is empty", "run `ordersync migrate`, or any command that stores something"
	case have < want:
		f.Health, f.Detail, f.Remedy = engine.Broken, fmt.Sprintf("its schema has version %d, this program wants %d", have, want), "run `ordersync migrate`"
	case have > want:
		f.Health, f.Detail, f.Remedy = engine.Broken, fmt.Sprintf("its schema has version %d, this program knows %d", have, want), "use the newer program that migrated it"
	default:
		f.Detail = fmt.Sprintf("it answers, and its schema has version %d", have)
	}
	return f
}

// examineKey proves the master key against the database.
func (i *invocation) examineKey(s *store.Store) (*secret.Box, []byte, engine.Finding) {
	f := engine.Finding{Check: "master key", Health: engine.Healthy, Detail: "it is the one that the database was written with"}
	box, digestKey, err := i.openBox(s)
	if err != nil {
		f.Health, f.Detail, f.Remedy = engine.Broken, err.Error(), "set ORDERSYNC_MASTER_KEY to the key that the database was written with"
		return nil, nil, f
	}
	if n := box.Keys(); n > 1 {
		f.Health, f.Detail = engine.Doubtful, fmt.Sprintf("there are %d keys: the first seals, all open", n)
		f.Remedy = "finish the change of keys: `ordersync secrets rotate-key`"
	}
	return box, digestKey, f
}
