package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"

	"ordersync/internal/httpapi"
	"ordersync/internal/store"
)

// ordersListCommand prints every order of a tenant.
type ordersListCommand struct {
	Tenant string `required:"" help:"The tenant." placeholder:"ID"`
	JSON   bool   `help:"Print JSON lines: one object an order, as the API has it."`
}

// Run prints the orders as they are read: memory stays flat however many there
// are.
func (c *ordersListCommand) Run(i *invocation) (err error) {
	tenant, err := parseTenant("--tenant", c.Tenant)
	if err != nil {
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
	out := bufio.NewWriter(i.out)
	line := orderLine
	if !c.JSON {
		line = orderRow
	}
	one := line(out)
	err = s.Reader().Tenant(tenant).Orders(i.ctx, func(o store.StoredOrder) error { return printed(one(httpapi.OrderOf(tenant, o))) })
	return errors.Join(err, printed(out.Flush()))
}

// orderLine returns what prints an order as a line of JSON.
func orderLine(out *bufio.Writer) func(httpapi.Order) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return func(o httpapi.Order) error { return e.Encode(o) }
}

// orderRow prints the heads of a table and returns what prints its rows. The
// columns have a fixed width, since a table that measures them would have to
// hold all orders.
func orderRow(out *bufio.Writer) func(httpapi.Order) error {
	const row = "%-20s %-25s %-25s %-22s %6s %12s %s\n"
	_, _ = fmt.Fprintf(out, row, "ORDER", "DATE", "UPDATED", "STATUS", "ITEMS", "TOTAL", "CURRENCY")
	return func(o httpapi.Order) error {
		_, err := fmt.Fprintf(out, row, cell(o.ExternalOrderID), shown(o.OrderDate), shown(o.LastUpdatedAt),
			shown(o.AmazonStatus), fmt.Sprint(len(o.Items)), shown(o.TotalAmount), shown(o.Currency))
		return err
	}
}

func shown(s *string) string {
	if s == nil {
		return "-"
	}
	return cell(*s)
}
