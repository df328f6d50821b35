package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"ordersync/internal/engine"
	"ordersync/internal/httpapi"
)

// explainCommand says why an order is here, or is not.
type explainCommand struct {
	Tenant    string `arg:"" help:"The tenant."`
	Order     string `arg:"" help:"Amazon's order id."`
	AskAmazon bool   `help:"Ask Amazon for it now; what comes is stored as always."`
	JSON      bool   `help:"Print JSON, as the API has it."`
}

// Run prints the answer in sentences, then what it rests on. When Amazon was to
// be asked and could not be, it ends with 3.
func (c *explainCommand) Run(i *invocation) (err error) {
	tenant, err := parseTenant("TENANT", c.Tenant)
	if err != nil {
		return err
	}
	if err := checkOrderID(c.Order); err != nil {
		return err
	}
	w, err := i.openFor(c.AskAmazon)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := i.known(w.store, "TENANT", tenant); err != nil {
		return err
	}
	x, err := w.engine.Explain(i.ctx, tenant, c.Order, c.AskAmazon)
	if err != nil {
		return err
	}
	shown := httpapi.ExplanationOf(w.engine, x, w.store.Now())
	if c.JSON {
		err = printJSON(i.out, shown)
	} else {
		err = printExplanation(i.out, shown)
	}
	if err == nil && x.AskFailed != nil && !errors.Is(x.AskFailed, engine.ErrNotFound) {
		err = errors.New("asking Amazon brought nothing: " + x.Failure.Text)
	}
	return err
}

// openFor opens what asking Amazon takes, or only the database.
func (i *invocation) openFor(askAmazon bool) (workplace, error) {
	if askAmazon {
		return i.open(true)
	}
	return i.openPlain()
}

// printExplanation prints an explanation for people.
func printExplanation(out io.Writer, x httpapi.Explanation) error {
	for _, sentence := range x.Why {
		_, _ = fmt.Fprintln(out, plain(sentence))
	}
	for _, c := range x.Connections {
		_, _ = fmt.Fprintf(out, "\nconnection %s (%s)\n", c.Connection.ConnectionID, c.Connection.Region)
		printRows(out, explainedRows(c))
		if err := printReadings(out, c); err != nil {
			return printed(err)
		}
	}
	_, err := fmt.Fprintln(out)
	return printed(err)
}

// explainedRows are what is known of the connection and of the order there.
func explainedRows(c httpapi.ExplainedOf) [][2]string {
	rows := [][2]string{
		{"  state", stateWord(c.Connection)},
		{"  last success", lastSuccess(c.Connection)},
		{"  wanted since", shown(c.Connection.WantedSince)},
		{"  complete", shown(c.Connection.CompleteFrom) + " to " + shown(c.Connection.CompleteUntil)},
	}
	if o := c.Order; o != nil {
		rows = append(rows, [2]string{"  order", shown(o.AmazonStatus) + ", last updated " + shown(o.LastUpdatedAt) + ", stored " + shown(o.StoredAt)})
	}
	if s := c.SetAside; s != nil {
		rows = append(rows, [2]string{"  set aside", fmt.Sprintf("%s; first %s, %s, next %s", plain(s.Cause), shown(s.FirstAt), tries(s.Tries), shown(s.NextTryAt))})
	}
	for _, change := range c.Changes {
		rows = append(rows, [2]string{"  change", changeText(change)})
	}
	return rows
}

func changeText(c httpapi.Change) string {
	return fmt.Sprintf("%d at %s: %s, status %s to %s, updated %s to %s", c.Seq, shown(c.At), c.Kind,
		shown(c.StatusBefore), shown(c.StatusAfter), shown(c.LastUpdatedBefore), shown(c.LastUpdatedAfter))
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}

// printReadings prints how far each marketplace was read.
func printReadings(out io.Writer, c httpapi.ExplainedOf) error {
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, m := range c.Marketplaces {
		for _, d := range m.Dates {
			_, _ = fmt.Fprintf(t, "  %s\t%s %s\t%s\n", cell(m.MarketplaceID), d.What, shown(d.At), d.Read)
		}
		for _, row := range []struct {
			what  string
			spans []httpapi.Span
		}{{"read", m.Walked}, {"confirmed", m.Confirmed}, {"in doubt", m.InDoubt}, {"gap", m.Gaps}, {"cannot be read", m.Unreadable}} {
			for _, span := range row.spans {
				_, _ = fmt.Fprintf(t, "  %s\t%s\t%s to %s\n", cell(m.MarketplaceID), row.what, shown(span.From), shown(span.To))
			}
		}
	}
	return t.Flush()
}
