package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

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
	db, err := i.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var all []listedConnection
	err = i.eachConnection(db, "", func(c store.ConnectionStatus) error {
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
	s := i.screen
	t := s.table(column{head: "TENANT", least: leastTenant}, column{head: "NAME", least: 8, spare: 3}, column{head: "CONNECTION", right: true}, column{head: "REGION"},
		column{head: "SELLER", spare: 4}, column{head: "STATUS"}, column{head: "PAUSED", spare: 1}, column{head: "TOKEN", spare: 1}, column{head: "ORDERS", right: true, spare: 2})
	for _, one := range all {
		t.row(one.TenantID, cell(one.DisplayName), one.ConnectionID, one.Region, cell(one.SellingPartnerID), s.word(one.ConnectionStatus),
			s.warned(one.Paused), s.yesNo(one.HasRefreshToken), one.Orders)
	}
	return t.print()
}

func (s screen) yesNo(b bool) string {
	if b {
		return s.tr("yes")
	}
	return s.tr("no")
}

// warned is yes or no where yes is worth a look.
func (s screen) warned(b bool) piece {
	out := piece{text: s.yesNo(b)}
	if b {
		out.tone = between
	}
	return out
}
