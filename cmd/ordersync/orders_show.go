package main

import (
	"bufio"
	"errors"
	"fmt"

	"ordersync"
	"ordersync/internal/httpapi"
)

// ordersShowCommand prints one order.
type ordersShowCommand struct {
	Tenant string `required:"" help:"The tenant." placeholder:"ID"`
	Order  string `arg:"" help:"Amazon's order id."`
	JSON   bool   `help:"Print JSON lines: one object for each connection that has the order, as the API has it."`
}

// Run prints the order as it is stored, once for each connection that has it.
func (c *ordersShowCommand) Run(i *invocation) (err error) {
	tenant, err := parseTenant("--tenant", c.Tenant)
	if err != nil {
		return err
	}
	if err := checkOrderID(c.Order); err != nil {
		return err
	}
	db, err := i.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := i.known(db, "--tenant", tenant); err != nil {
		return err
	}
	orders, err := db.Reader().Tenant(tenant).Order(i.ctx, c.Order)
	if err != nil {
		return err
	}
	if len(orders) == 0 {
		return usageError{fmt.Errorf("ORDER: tenant %s has no order %s: `ordersync explain %s %s` says why", tenant, ordersync.ShowBytes([]byte(c.Order)), tenant, cell(c.Order))}
	}
	out := bufio.NewWriter(i.out)
	show, s := orderLine(out), i.screen
	s.Writer = out
	if !c.JSON {
		show = func(o httpapi.Order) error { return printOrder(s, o) }
	}
	for _, o := range orders {
		if err := show(httpapi.OrderOf(tenant, o)); err != nil {
			return printed(err)
		}
	}
	return printed(out.Flush())
}

// maxOrderID is the longest order id that is looked for, in bytes.
const maxOrderID = 100

func checkOrderID(id string) error {
	switch {
	case id == "":
		return usageError{errors.New("ORDER is empty: give Amazon's order id, such as 028-1234567-1234567")}
	case len(id) > maxOrderID:
		return usageError{fmt.Errorf("ORDER has %d bytes, at most %d are allowed: give Amazon's order id, such as 028-1234567-1234567", len(id), maxOrderID)}
	}
	return nil
}

// printOrder prints an order for people.
func printOrder(s screen, o httpapi.Order) error {
	text := func(t string) piece { return piece{text: t} }
	s.printRows("", []fact{
		{"order", text(cell(o.ExternalOrderID))},
		{"tenant", text(s.say("%s, connection %s (%s)", o.TenantID, o.ConnectionID, o.Region))},
		{"status", text(shown(o.AmazonStatus))},
		{"ordered", text(shown(o.OrderDate))},
		{"last updated", text(shown(o.LastUpdatedAt))},
		{"marketplace", text(shown(o.MarketplaceName) + " " + shown(o.MarketplaceID))},
		{"fulfilled by", text(shown(o.FulfilledBy))},
		{"total", text(shown(o.TotalAmount) + " " + shown(o.Currency))},
		{"stored", text(shown(o.StoredAt))},
		{"changed here", text(shown(o.ChangedAt))},
	})
	_, _ = fmt.Fprintln(s)
	items := s.table(column{head: "ITEM"}, column{head: "ASIN", spare: 1}, column{head: "SKU", least: 8}, column{head: "QUANTITY", right: true}, column{head: "UNIT PRICE", right: true}, column{head: "TITLE", least: 10, spare: 2})
	for _, item := range o.Items {
		items.row(cell(item.ExternalItemID), shown(item.ASIN), shown(item.SKU), item.Quantity, shown(item.UnitPrice)+" "+shown(item.Currency), shown(item.Title))
	}
	if err := items.print(); err != nil {
		return err
	}
	if len(o.Packages) > 0 {
		_, _ = fmt.Fprintln(s)
		packages := s.table(column{head: "PACKAGE"}, column{head: "STATUS"}, column{head: "CARRIER", least: 8}, column{head: "TRACKING"}, column{head: "SHIPPED", least: leastTime})
		for _, p := range o.Packages {
			packages.row(cell(p.ExternalPackageID), shown(p.Status), shown(p.Carrier), shown(p.TrackingNumber), shown(p.ShippedAt))
		}
		if err := packages.print(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(s)
	return printed(err)
}

// fact is something with its name, which is in English.
type fact struct {
	name  string
	value piece
}

// printRows prints facts below each other. What goes wrong is noticed by what is
// printed last.
func (s screen) printRows(indent string, facts []fact) {
	t := s.table(column{}, column{least: 20, wraps: true})
	for _, f := range facts {
		t.row(indent+s.tr(f.name), f.value)
	}
	_ = t.print()
}
