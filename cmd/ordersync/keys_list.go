package main

import (
	"errors"
	"time"

	"ordersync/internal/store"
)

// keysListCommand lists the API keys, the newest first.
type keysListCommand struct {
	JSON bool `help:"Print JSON lines."`
}

// listedKey is a key as it is shown: the key itself is kept nowhere.
type listedKey struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	TenantID  *string `json:"tenantId"` // null: an operator's
	CreatedAt *string `json:"createdAt"`
	RevokedAt *string `json:"revokedAt"`
}

// Run prints them.
func (c *keysListCommand) Run(i *invocation) (err error) {
	s, err := i.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	keys, err := s.Reader().Keys(i.ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		var lines []listedKey
		for _, k := range keys {
			lines = append(lines, listedKeyOf(k))
		}
		return printLines(i.out, lines)
	}
	t := i.screen.table(column{head: "ID"}, column{head: "NAME", least: 8}, column{head: "OPENS", least: 10}, column{head: "CREATED", least: leastTime, spare: 1}, column{head: "REVOKED", least: leastTime})
	for _, k := range keys {
		one, opens := listedKeyOf(k), i.screen.tr("everything")
		if one.TenantID != nil {
			opens = i.screen.say("tenant %s", *one.TenantID)
		}
		t.row(k.ID, cell(k.Name), opens, shown(one.CreatedAt), shown(one.RevokedAt))
	}
	return t.print()
}

func listedKeyOf(k store.Key) listedKey {
	one := listedKey{ID: k.ID, Name: k.Name, CreatedAt: moment(k.CreatedAt), RevokedAt: moment(k.RevokedAt)}
	if !k.Operator() {
		tenant := string(k.Tenant)
		one.TenantID = &tenant
	}
	return one
}

// moment is a time as all JSON has it; nil for the zero time.
func moment(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format("2006-01-02T15:04:05.000Z")
	return &s
}
