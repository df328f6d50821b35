package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

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
	s, err := i.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := i.known(s, "--tenant", tenant); err != nil {
		return err
	}
	orders, err := s.Reader().Tenant(tenant).Order(i.ctx, c.Order)
	if err != nil {
		return err
	}
	if len(orders) == 0 {
		return usageError{fmt.Errorf("ORDER: tenant %s has no order %s: `ordersync explain` says why", tenant, ordersync.ShowBytes([]byte(c.Order)))}
	}
	out := bufio.NewWriter(i.out)
	show := orderLine(out)
	if !c.JSON {
		show = func(o httpapi.Order) error { return printOrder(out, o) }
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
func printOrder(out io.Writer, o httpapi.Order) error {
	printRows(out, [][2]string{
		{"order", cell(o.ExternalOrderID)},
		{"tenant", fmt.Sprintf("%s, connection %s (%s)", o.TenantID, o.ConnectionID, o.Region)},
		{"status", shown(o.AmazonStatus)},
		{"ordered", shown(o.OrderDate)},
		{"last updated", shown(o.LastUpdatedAt)},
		{"marketplace", shown(o.MarketplaceName) + " " + shown(o.MarketplaceID)},
		{"fulfilled by", shown(o.FulfilledBy)},
		{"total", shown(o.TotalAmount) + " " + shown(o.Currency)},
		{"stored", shown(o.StoredAt)},
		{"changed here", shown(o.ChangedAt)},
	})
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "\nITEM\tASIN\tSKU\tQUANTITY\tUNIT PRICE\tTITLE")
	for _, item := range o.Items {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s %s\t%s\n", cell(item.ExternalItemID), shown(item.ASIN), shown(item.SKU), item.Quantity,
			shown(item.UnitPrice), shown(item.Currency), shown(item.Title))
	}
	if len(o.Packages) > 0 {
		_, _ = fmt.Fprintln(t, "\nPACKAGE\tSTATUS\tCARRIER\tTRACKING\tSHIPPED")
		for _, p := range o.Packages {
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", cell(p.ExternalPackageID), shown(p.Status), shown(p.Carrier), shown(p.TrackingNumber), shown(p.ShippedAt))
		}
	}
	_, _ = fmt.Fprintln(t)
	return t.Flush()
}

// printRows prints names with their values. What goes wrong is noticed by what
// is printed last.
func printRows(out io.Writer, rows [][2]string) {
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", r[0], r[1])
	}
	_ = t.Flush()
}
