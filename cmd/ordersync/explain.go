package main

import (
	"errors"
	"fmt"

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
	working := i.meter("looking for the order")
	x, err := w.engine.Explain(i.ctx, tenant, c.Order, c.AskAmazon)
	working.end()
	if err != nil {
		return err
	}
	shown := httpapi.ExplanationOf(w.engine, x, w.store.Now())
	if c.JSON {
		err = printJSON(i.out, shown)
	} else {
		err = printExplanation(i.screen, shown)
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
func printExplanation(s screen, x httpapi.Explanation) error {
	for _, sentence := range x.Why {
		_, _ = fmt.Fprintln(s, plain(s.sentence(sentence)))
	}
	for _, c := range x.Connections {
		_, _ = fmt.Fprintf(s, "\n%s\n", s.paint(headline, s.say("connection %s (%s)", c.Connection.ConnectionID, c.Connection.Region)))
		s.printRows("  ", s.explainedRows(c))
		if err := printReadings(s, c); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(s)
	return printed(err)
}

// explainedRows are what is known of the connection and of the order there.
func (s screen) explainedRows(c httpapi.ExplainedOf) []fact {
	rows := []fact{
		{"state", s.state(c.Connection)},
		{"last success", piece{text: lastSuccess(c.Connection)}},
		{"wanted since", piece{text: shown(c.Connection.WantedSince)}},
		{"complete", piece{text: s.span(c.Connection.CompleteFrom, c.Connection.CompleteUntil)}},
	}
	if o := c.Order; o != nil {
		rows = append(rows, fact{"order", piece{text: s.say("%s, last updated %s, stored %s", shown(o.AmazonStatus), shown(o.LastUpdatedAt), shown(o.StoredAt))}})
	}
	if a := c.SetAside; a != nil {
		rows = append(rows, fact{"set aside", piece{s.say("%s; first %s, %s, next %s", plain(a.Cause), shown(a.FirstAt), s.tries(a.Tries), shown(a.NextTryAt)), between}})
	}
	for _, change := range c.Changes {
		rows = append(rows, fact{"change", piece{text: s.changeText(change)}})
	}
	return rows
}

func (s screen) changeText(c httpapi.Change) string {
	return s.say("%d at %s: %s, status %s to %s, updated %s to %s", c.Seq, shown(c.At), s.tr(string(c.Kind)),
		shown(c.StatusBefore), shown(c.StatusAfter), shown(c.LastUpdatedBefore), shown(c.LastUpdatedAfter))
}

func (s screen) tries(n int) string {
	if n == 1 {
		return s.tr("1 try")
	}
	return s.say("%d tries", n)
}

// span is from when until when.
func (s screen) span(from, to *string) string { return s.say("%s to %s", shown(from), shown(to)) }

// printReadings prints how far each marketplace was read.
func printReadings(s screen, c httpapi.ExplainedOf) error {
	t := s.table(column{}, column{}, column{})
	for _, m := range c.Marketplaces {
		for _, d := range m.Dates {
			t.row("  "+cell(m.MarketplaceID), s.tr(d.What)+" "+shown(d.At), s.tr(string(d.Read)))
		}
		for _, row := range []struct {
			what  string
			spans []httpapi.Span
		}{{"read", m.Walked}, {"confirmed", m.Confirmed}, {"in doubt", m.InDoubt}, {"gap", m.Gaps}, {"cannot be read", m.Unreadable}} {
			for _, span := range row.spans {
				t.row("  "+cell(m.MarketplaceID), s.tr(row.what), s.span(span.From, span.To))
			}
		}
	}
	return t.print()
}
