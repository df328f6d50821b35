package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"ordersync"
	"ordersync/internal/store"
)

// tenantsListCommand lists all tenants with their connections.
type tenantsListCommand struct {
	JSON bool `help:"Print JSON lines: one object a connection."`
}

// listedConnection is a connection in the list.
type listedConnection struct {
	TenantID         ordersync.TenantID `json:"tenantId"`
	DisplayName      string             `json:"displayName"`
	ConnectionID     string             `json:"connectionId"`
	Region           ordersync.Region   `json:"region"`
	SellingPartnerID string             `json:"sellingPartnerId"`
	ConnectionStatus string             `json:"connectionStatus"`
	Paused           bool               `json:"paused"`
	HasRefreshToken  bool               `json:"hasRefreshToken"`
	Orders           int64              `json:"orders"`
	id               ordersync.ConnectionID
}

// Run prints the list by tenant.
func (c *tenantsListCommand) Run(i *invocation) (err error) {
	s, err := i.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var all []listedConnection
	err = i.eachConnection(s, "", func(c store.ConnectionStatus) error {
		all = append(all, listedConnection{
			c.Tenant, c.DisplayName, fmt.Sprint(c.ID), c.Region, c.SellerID, c.State.SeedName(), c.Paused, c.HasRefreshToken, c.Orders, c.ID,
		})
		return nil
	})
	if err != nil {
		return err
	}
	// A connection that succeeds meanwhile moves in the list that was read.
	slices.SortFunc(all, func(a, b listedConnection) int {
		return cmp.Or(cmp.Compare(a.TenantID, b.TenantID), cmp.Compare(a.id, b.id))
	})
	all = slices.CompactFunc(all, func(a, b listedConnection) bool { return a.id == b.id })
	if c.JSON {
		return printLines(i.out, all)
	}
	t := tabwriter.NewWriter(i.out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "TENANT\tNAME\tCONNECTION\tREGION\tSELLER\tSTATUS\tPAUSED\tTOKEN\tORDERS")
	for _, one := range all {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\n", one.TenantID, cell(one.DisplayName), one.ConnectionID, one.Region,
			cell(one.SellingPartnerID), one.ConnectionStatus, yesNo(one.Paused), yesNo(one.HasRefreshToken), one.Orders)
	}
	return printed(t.Flush())
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
