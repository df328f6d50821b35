package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

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
	one := orderLine(out)
	if !c.JSON {
		one = orderRow(i.screen, out)
	}
	read := i.metered()
	err = s.Reader().Tenant(tenant).Orders(i.ctx, func(o store.StoredOrder) error {
		read.one()
		return printed(one(httpapi.OrderOf(tenant, o)))
	})
	read.end()
	return errors.Join(err, printed(out.Flush()))
}

// metered is the meter of orders that are printed: none where they come to a
// terminal, where they are seen themselves.
func (i *invocation) metered() *meter {
	if isTerminal(i.out) {
		unseen := *i
		unseen.err = io.Discard
		return unseen.meter("printed %d orders")
	}
	return i.meter("printed %d orders")
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
func orderRow(s screen, out *bufio.Writer) func(httpapi.Order) error {
	const row = "%-20s %-25s %-25s %-22s %6s %12s %s\n"
	heads := fmt.Sprintf(row, s.tr("ORDER"), s.tr("DATE"), s.tr("UPDATED"), s.tr("STATUS"), s.tr("ITEMS"), s.tr("TOTAL"), s.tr("CURRENCY"))
	_, _ = fmt.Fprintln(out, s.paint(headline, strings.TrimSuffix(heads, "\n")))
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
