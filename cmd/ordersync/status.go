package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"ordersync"
	"ordersync/internal/httpapi"
	"ordersync/internal/store"
)

// statusCommand shows how far the connections are and what needs a human.
type statusCommand struct {
	Tenant *string `help:"Only this tenant." placeholder:"ID"`
	JSON   bool    `help:"Print JSON."`
	Limit  int     `default:"1000" help:"How many connections are listed at most, 1 to 10000."`
	Cursor string  `help:"Where the list goes on, as the page before said." placeholder:"PLACE"`
}

// fleetReport is the status with what needs a human. Its first fields are those
// of the API's.
type fleetReport struct {
	httpapi.FleetStatus
	Totals     *httpapi.Totals `json:"totals,omitempty"` // of the whole fleet
	NeedsHuman []need          `json:"needsHuman"`
}

const maxStatus = 10_000

// Run prints the fleet's totals, what needs a human, and a page of connections,
// those whose last success is oldest first.
func (c *statusCommand) Run(i *invocation) (err error) {
	page, err := c.page()
	if err != nil {
		return usageError{err}
	}
	w, err := i.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if c.Tenant != nil {
		if err := i.known(w.store, "--tenant", page.Tenant); err != nil {
			return err
		}
	}
	report, err := i.fleetReport(w, page)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(i.out, report)
	}
	return report.print(i.screen, i.err)
}

// page is what the flags ask for.
func (c *statusCommand) page() (p store.StatusPage, err error) {
	if c.Tenant != nil {
		if p.Tenant, err = parseTenant("--tenant", *c.Tenant); err != nil {
			return p, err
		}
	}
	if c.Limit < 1 || c.Limit > maxStatus {
		return p, fmt.Errorf("--limit is %d: use 1 to %d", c.Limit, maxStatus)
	}
	p.Limit = c.Limit
	if c.Cursor == "" {
		return p, nil
	}
	success, id, _ := strings.Cut(c.Cursor, "-")
	at, err1 := strconv.ParseUint(success, 10, 63)
	connection, err2 := strconv.ParseUint(id, 10, 63)
	if err1 != nil || err2 != nil {
		return p, errors.New("--cursor is no place in the list: use the one that the page before said, or leave it out")
	}
	p.After = store.StatusMark{Success: int64(at), ID: ordersync.ConnectionID(connection)} //nolint:gosec // 63 bits fit
	return p, nil
}

// fleetReport reads the status. What needs a human is looked for among all
// connections, whatever page is asked for.
func (i *invocation) fleetReport(w workplace, page store.StatusPage) (r fleetReport, err error) {
	r.Tenants = []httpapi.Status{}
	list, mark, err := w.store.Reader().Status(i.ctx, page)
	if err != nil {
		return r, err
	}
	for _, c := range list {
		r.Tenants = append(r.Tenants, httpapi.StatusOf(w.engine, c, w.store.Now()))
	}
	r.NextCursor = httpapi.StatusCursor(mark)
	needs := needsOf{}
	var setAside, tokens int64
	err = i.eachConnection(w.store, page.Tenant, func(c store.ConnectionStatus) error {
		needs.add(c, w.store.Now())
		setAside += c.SetAside
		if c.HasRefreshToken {
			tokens = 1
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	app, err := w.store.Reader().Application(i.ctx, i.settings.AmazonClientID)
	if err != nil {
		return r, err
	}
	warnings, err := w.engine.Warnings(i.ctx)
	if err != nil {
		return r, err
	}
	r.NeedsHuman = needs.list(app, warnings)
	open, err := w.store.Reader().SharedTroubles(i.ctx)
	if err != nil {
		return r, err
	}
	r.Incidents = httpapi.IncidentsOf(open)
	if page.Tenant != "" {
		r.TotalTenants, r.TenantsWithToken = 1, tokens
		return r, nil
	}
	totals, err := w.store.Reader().Totals(i.ctx)
	if err != nil {
		return r, err
	}
	shown := httpapi.TotalsOf(totals)
	r.Totals, r.TotalTenants, r.TenantsWithToken = &shown, totals.Tenants, totals.WithToken
	return r, nil
}

// eachConnection calls do for every connection, or every one of a tenant.
func (i *invocation) eachConnection(s *store.Store, tenant ordersync.TenantID, do func(store.ConnectionStatus) error) error {
	read := i.meter("read %d connections")
	defer read.end()
	for page := (store.StatusPage{Tenant: tenant, Limit: 1000}); ; {
		list, next, err := s.Reader().Status(i.ctx, page)
		if err != nil {
			return err
		}
		for _, c := range list {
			if err := do(c); err != nil {
				return err
			}
			read.one()
		}
		if page.After = next; next == (store.StatusMark{}) {
			return nil
		}
	}
}

// print prints the status for people.
func (r fleetReport) print(s screen, talk io.Writer) error {
	if t := r.Totals; t != nil {
		_, _ = fmt.Fprintln(s, s.say("%s, %d with a refresh token; %s: %s; %d paused", s.counted(int(t.Tenants), "tenant"), t.TenantsWithToken,
			s.counted(int(t.Connections), "connection"), s.states(t.ByStatus), t.Paused))
		_, _ = fmt.Fprintln(s, s.say("%s with %s; %s set aside; complete everywhere until %s", s.counted(int(t.Orders), "order"), s.counted(int(t.Items), "item"),
			s.counted(int(t.SetAside), "order"), shown(t.OldestCompleteUntil)))
	}
	if len(r.Incidents) > 0 {
		_, _ = fmt.Fprintln(s, "\n"+s.paint(headline, s.tr("Incidents:")))
	}
	for _, one := range r.Incidents {
		_, _ = fmt.Fprintf(s, "  %s %s\n", s.paint(between, fmt.Sprintf("%s %s", one.Region, one.Kind)),
			s.say("since %s, %s: %s", shown(one.Since), s.counted(one.Connections, "connection"), s.sentence(one.Message)))
	}
	s.printNeeds(r.NeedsHuman)
	_, _ = fmt.Fprintln(s)
	t := s.table(column{head: "TENANT", least: leastTenant}, column{head: "CONNECTION", right: true, spare: 2}, column{head: "REGION", spare: 1}, column{head: "STATUS"}, column{head: "REASON"},
		column{head: "LAST SUCCESS", least: leastTime}, column{head: "COMPLETE FROM", least: leastTime, spare: 6}, column{head: "COMPLETE UNTIL", least: leastTime, spare: 5},
		column{head: "GAPS", right: true, spare: 3}, column{head: "SET ASIDE", right: true, spare: 3}, column{head: "ORDERS", right: true, spare: 4})
	for _, c := range r.Tenants {
		t.row(c.TenantID, c.ConnectionID, c.Region, s.state(c), s.reasonWord(c.ReasonCode),
			lastSuccess(c), shown(c.CompleteFrom), shown(c.CompleteUntil), c.GapCount, c.SetAside, c.Counts.Orders)
	}
	if err := t.print(); err != nil {
		return err
	}
	if r.NextCursor != "" {
		_, _ = fmt.Fprintln(talk, s.say("there is more: `ordersync status --cursor %s`", r.NextCursor))
	}
	return nil
}

// leastTime is how far a time may be cut: what is left of it tells the minute.
const leastTime = len("2026-01-12T02:54…")

// leastTenant is how far a tenant may be cut: whoever reads it will want to type it.
const leastTenant = 20

// reasonWord is a reason's code, with the tone of its status; "-" none.
func (s screen) reasonWord(r ordersync.Reason) piece {
	if r == "" {
		return piece{text: "-"}
	}
	return piece{cell(string(r)), tones[string(r.Info().Status)]}
}

// states lists how many connections are in each state.
func (s screen) states(by map[string]int64) string {
	var parts []string
	for _, state := range sortedKeys(by) {
		parts = append(parts, fmt.Sprintf("%d %s", by[state], state))
	}
	if len(parts) == 0 {
		return s.tr("none")
	}
	return strings.Join(parts, ", ")
}

// state is where a connection stands, and whether somebody paused it.
func (s screen) state(c httpapi.Status) piece {
	out := s.word(c.ConnectionStatus)
	if c.Paused {
		out.text += ", " + s.tr("paused")
		if out.tone == calm {
			out.tone = between
		}
	}
	return out
}

func lastSuccess(c httpapi.Status) string {
	if c.SyncState == nil {
		return "-"
	}
	return shown(c.SyncState.LastSuccessAt)
}
