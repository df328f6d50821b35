package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/httpapi"
)

// backfillCommand wants more of a tenant's history.
type backfillCommand struct {
	Tenant string `arg:"" help:"The tenant."`
	Since  string `required:"" help:"From when on orders are wanted: a day such as 2025-01-31, UTC, or an RFC 3339 time." placeholder:"DATE"`
	JSON   bool   `help:"Print JSON."`
}

// Run notes what is wanted and prints what of it was never read: a server, or
// the next sync, reads it as back work. What was read stays read.
func (c *backfillCommand) Run(i *invocation) (err error) {
	tenant, err := parseTenant("TENANT", c.Tenant)
	if err != nil {
		return err
	}
	since, err := parseSince(c.Since)
	if err != nil {
		return usageError{err}
	}
	w, err := i.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := i.known(w.store, "TENANT", tenant); err != nil {
		return err
	}
	working := i.meter("looking for what was never read")
	plans, err := w.engine.Backfill(i.ctx, tenant, since)
	working.end()
	retention, future := new(engine.RetentionError), new(engine.FutureError)
	if errors.As(err, &retention) || errors.As(err, &future) {
		err = usageError{fmt.Errorf("--since: %w", err)}
	}
	if err != nil {
		return err
	}
	report := backfillReport{TenantID: tenant, Since: moment(since), Connections: []backfillOf{}}
	for _, p := range plans {
		report.Connections = append(report.Connections, backfillPlanOf(p))
	}
	if c.JSON {
		return printJSON(i.out, report)
	}
	return report.print(i.screen, i.err)
}

// parseSince reads a day or a time.
func parseSince(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1970 {
		return at, errors.New("--since is no date: use one like 2025-01-31 or 2025-01-31T08:00:00Z")
	}
	return at.UTC(), nil
}

// backfillReport is what is wanted of a tenant and was never read.
type backfillReport struct {
	TenantID    ordersync.TenantID `json:"tenantId"`
	Since       *string            `json:"since"`
	Connections []backfillOf       `json:"connections"`
}

type backfillOf struct {
	ConnectionID     string                `json:"connectionId"`
	Region           ordersync.Region      `json:"region"`
	ConnectionStatus string                `json:"connectionStatus"`
	Paused           bool                  `json:"paused"`
	Clamped          bool                  `json:"clamped"` // Amazon does not keep what was asked for
	Begun            bool                  `json:"begun"`   // gaps are known once it was read for the first time
	Marketplaces     []backfillMarketplace `json:"marketplaces"`
}

type backfillMarketplace struct {
	MarketplaceID string         `json:"marketplaceId"`
	WantedSince   *string        `json:"wantedSince"`
	Gaps          []httpapi.Span `json:"gaps"`
}

func backfillPlanOf(p engine.BackfillPlan) backfillOf {
	out := backfillOf{
		ConnectionID: fmt.Sprint(p.Connection), Region: p.Region, ConnectionStatus: p.State.SeedName(), Paused: p.Paused,
		Clamped: p.Clamped, Begun: len(p.Gaps) > 0, Marketplaces: []backfillMarketplace{},
	}
	for _, id := range sortedKeys(p.Since) {
		m := backfillMarketplace{MarketplaceID: id, WantedSince: moment(p.Since[id]), Gaps: []httpapi.Span{}}
		for _, gap := range p.Gaps[id] {
			m.Gaps = append(m.Gaps, httpapi.Span{From: moment(gap.From), To: moment(gap.To)})
		}
		out.Marketplaces = append(out.Marketplaces, m)
	}
	return out
}

func (r backfillReport) print(s screen, talk io.Writer) error {
	t := s.table(column{head: "CONNECTION", right: true}, column{head: "REGION"}, column{head: "MARKETPLACE"}, column{head: "WANTED SINCE", least: leastTime, spare: 1},
		column{head: "GAP FROM", least: leastTime}, column{head: "GAP TO", least: leastTime})
	for _, c := range r.Connections {
		for _, m := range c.Marketplaces {
			for _, gap := range m.Gaps {
				t.row(c.ConnectionID, c.Region, cell(m.MarketplaceID), shown(m.WantedSince), shown(gap.From), shown(gap.To))
			}
		}
	}
	if err := t.print(); err != nil {
		return err
	}
	for _, c := range r.Connections {
		for _, note := range c.notes(s.language) {
			_, _ = fmt.Fprintln(talk, s.say("connection %s (%s): %s", c.ConnectionID, c.Region, note))
		}
	}
	return nil
}

// notes are what keeps a connection from reading what is wanted.
func (c backfillOf) notes(l language) (out []string) {
	if c.Clamped {
		out = append(out, l.tr("Amazon does not keep orders from so long ago; what it keeps is read"))
	}
	switch {
	case c.Paused:
		out = append(out, l.tr("it is paused, and reads once it is resumed"))
	case c.ConnectionStatus != string(ordersync.Connected):
		out = append(out, l.say("it is %s, and reads once it is connected", c.ConnectionStatus))
	case !c.Begun:
		out = append(out, l.tr("nothing was read of it yet; its gaps are known after the first reading"))
	}
	return out
}
