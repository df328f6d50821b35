package main

import (
	"errors"
	"fmt"
	"io"
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
	return report.print(i.out)
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
func (r tenantReport) print(out io.Writer) error {
	for _, c := range r.Connections {
		_, _ = fmt.Fprintf(out, "%s, connection %s (%s)\n", r.TenantID, c.ConnectionID, c.Region)
		printRows(out, connectionRows(c))
		for _, gap := range c.Gaps {
			_, _ = fmt.Fprintf(out, "  gap %s: %s to %s\n", cell(gap.MarketplaceID), shown(gap.From), shown(gap.To))
		}
		for _, a := range r.SetAside {
			if a.ConnectionID == c.ConnectionID {
				_, _ = fmt.Fprintf(out, "  set aside %s: %s; %s since %s, next %s\n", cell(a.ExternalOrderID), plain(a.Cause), tries(a.Tries), shown(a.FirstAt), shown(a.NextTryAt))
			}
		}
		if _, err := fmt.Fprintln(out); err != nil {
			return printed(err)
		}
	}
	return nil
}

// connectionRows are what is known of a connection.
func connectionRows(c httpapi.Status) [][2]string {
	rows := [][2]string{
		{"  name", cell(c.DisplayName)},
		{"  seller", shown(c.SellingPartnerID)},
		{"  marketplaces", strings.Join(c.MarketplaceIDs, ", ")},
		{"  state", stateWord(c) + " since " + shown(c.StatusSince)},
		{"  refresh token", yesNo(c.HasRefreshToken)},
		{"  personal data", yesNo(c.PersonalData)},
		{"  interval", ownOr(c.Interval)},
		{"  history", ownOr(c.History)},
		{"  last reason", cell(string(c.ReasonCode)) + " at " + shown(c.ReasonSince)},
	}
	if s := c.SyncState; s != nil {
		rows = append(rows, [2]string{"  cursor", shown(s.LastUpdatedAfter)}, [2]string{"  last success", shown(s.LastSuccessAt)})
		if s.LastError != nil {
			rows = append(rows, [2]string{"  last error", plain(*s.LastError)})
		}
	}
	return append(rows,
		[2]string{"  next reading", shown(c.NextDueAt)},
		[2]string{"  wanted since", shown(c.WantedSince)},
		[2]string{"  complete", shown(c.CompleteFrom) + " to " + shown(c.CompleteUntil)},
		[2]string{"  confirmed", shown(c.ConfirmedFrom) + " to " + shown(c.ConfirmedUntil)},
		[2]string{"  last sweep", shown(c.LastSweepAt)},
		[2]string{"  orders", fmt.Sprintf("%d with %s", c.Counts.Orders, counted(int(c.Counts.Items), "item"))},
		[2]string{"  gaps", fmt.Sprint(c.GapCount)},
	)
}

// ownOr is a setting of the connection's own, or says that there is none.
func ownOr(s *string) string {
	if s == nil {
		return "the service's"
	}
	return cell(*s)
}
