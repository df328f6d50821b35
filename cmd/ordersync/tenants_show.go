package main

import (
	"errors"
	"fmt"
	"strings"

	"ordersync"
	"ordersync/internal/httpapi"
	"ordersync/internal/store"
)

// tenantsShowCommand shows one tenant's connections in full.
type tenantsShowCommand struct {
	Tenant string `arg:"" help:"The tenant."`
	JSON   bool   `help:"Print JSON."`
}

// tenantReport is a tenant as the API shows it, with what was set aside.
type tenantReport struct {
	httpapi.TenantStatus
	SetAside []setAsideOrder `json:"setAside"`
}

// setAsideOrder is an order that could not be read or stored.
type setAsideOrder struct {
	ConnectionID    string  `json:"connectionId"`
	ExternalOrderID string  `json:"externalOrderId"` // "": it could not be read either
	Cause           string  `json:"cause"`
	FirstAt         *string `json:"firstAt"`
	Tries           int     `json:"tries"`
	NextTryAt       *string `json:"nextTryAt"` // null: Amazon does not know it any more
}

// shownSetAside is how many orders set aside are listed of each connection.
const shownSetAside = 100

// Run prints the tenant.
func (c *tenantsShowCommand) Run(i *invocation) (err error) {
	tenant, err := parseTenant("TENANT", c.Tenant)
	if err != nil {
		return err
	}
	w, err := i.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := i.known(w.store, "TENANT", tenant); err != nil {
		return err
	}
	report, err := i.tenantReport(w, tenant)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(i.out, report)
	}
	return report.print(i.screen)
}

func (i *invocation) tenantReport(w workplace, tenant ordersync.TenantID) (tenantReport, error) {
	r := tenantReport{
		TenantStatus: httpapi.TenantStatus{TenantID: tenant, Marketplace: "AMAZON", Connections: []httpapi.Status{}}, SetAside: []setAsideOrder{},
	}
	err := i.eachConnection(w.store, tenant, func(c store.ConnectionStatus) error {
		one := httpapi.StatusOf(w.engine, c, w.store.Now())
		if len(r.Connections) == 0 {
			r.SyncState = one.SyncState
		}
		r.Counts.Orders += one.Counts.Orders
		r.Counts.Items += one.Counts.Items
		r.Connections = append(r.Connections, one)
		aside, err := w.store.Reader().Tenant(tenant).SetAside(i.ctx, c.ID, shownSetAside)
		for _, a := range aside {
			r.SetAside = append(r.SetAside, setAsideOrder{one.ConnectionID, a.OrderID, a.Cause, moment(a.FirstAt), a.Tries, moment(a.NextTryAt)})
		}
		return err
	})
	return r, err
}

// print prints the tenant for people.
func (r tenantReport) print(s screen) error {
	for _, c := range r.Connections {
		_, _ = fmt.Fprintln(s, s.paint(headline, s.say("%s, connection %s (%s)", r.TenantID, c.ConnectionID, c.Region)))
		s.printRows("  ", s.connectionRows(c))
		for _, gap := range c.Gaps {
			_, _ = fmt.Fprintln(s, "  "+s.say("gap %s: %s", cell(gap.MarketplaceID), s.span(gap.From, gap.To)))
		}
		for _, a := range r.SetAside {
			if a.ConnectionID == c.ConnectionID {
				_, _ = fmt.Fprintln(s, "  "+s.say("set aside %s: %s; %s since %s, next %s", cell(a.ExternalOrderID), plain(a.Cause), s.tries(a.Tries), shown(a.FirstAt), shown(a.NextTryAt)))
			}
		}
		if _, err := fmt.Fprintln(s); err != nil {
			return printed(err)
		}
	}
	return nil
}

// connectionRows are what is known of a connection.
func (s screen) connectionRows(c httpapi.Status) []fact {
	state := s.state(c)
	state.text = s.say("%s since %s", state.text, shown(c.StatusSince))
	text := func(t string) piece { return piece{text: t} }
	rows := []fact{
		{"name", text(cell(c.DisplayName))},
		{"seller", text(shown(c.SellingPartnerID))},
		{"marketplaces", text(strings.Join(c.MarketplaceIDs, ", "))},
		{"state", state},
		{"refresh token", text(s.yesNo(c.HasRefreshToken))},
		{"personal data", text(s.yesNo(c.PersonalData))},
		{"interval", text(s.ownOr(c.Interval))},
		{"history", text(s.ownOr(c.History))},
		{"last reason", piece{s.say("%s at %s", cell(string(c.ReasonCode)), shown(c.ReasonSince)), s.reasonWord(c.ReasonCode).tone}},
	}
	if state := c.SyncState; state != nil {
		rows = append(rows, fact{"cursor", text(shown(state.LastUpdatedAfter))}, fact{"last success", text(shown(state.LastSuccessAt))})
		if state.LastError != nil {
			rows = append(rows, fact{"last error", text(plain(s.sentence(*state.LastError)))})
		}
	}
	return append(rows,
		fact{"next reading", text(shown(c.NextDueAt))},
		fact{"wanted since", text(shown(c.WantedSince))},
		fact{"complete", text(s.span(c.CompleteFrom, c.CompleteUntil))},
		fact{"confirmed", text(s.span(c.ConfirmedFrom, c.ConfirmedUntil))},
		fact{"last sweep", text(shown(c.LastSweepAt))},
		fact{"orders", text(s.say("%d with %s", c.Counts.Orders, s.counted(int(c.Counts.Items), "item")))},
		fact{"gaps", text(fmt.Sprint(c.GapCount))},
	)
}

// ownOr is a setting of the connection's own, or says that there is none.
func (s screen) ownOr(setting *string) string {
	if setting == nil {
		return s.tr("the service's")
	}
	return cell(*setting)
}
