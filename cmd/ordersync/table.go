package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
)

// printRun prints a run for people: a row a connection, totals by reason, and
// what a human must do.
func printRun(out io.Writer, run httpapi.Run) error {
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "TENANT\tREGION\tSTATUS\tREASON\tORDERS\tITEMS\tNEW\tCHANGED\tNOTE")
	for _, r := range run.Results {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", r.TenantID, r.Region, cell(string(r.Status)), cell(string(r.ReasonCode)),
			r.OrdersProcessed, r.ItemsProcessed, r.OrdersCreated, r.OrdersChanged, note(r))
	}
	if err := t.Flush(); err != nil {
		return printed(err)
	}
	s := run.Summary
	_, err := fmt.Fprintf(out, "\n%s in %s: %d success, %d partial, %d skipped, %d failed\n",
		counted(s.Total, "connection"), seconds(run.TotalDuration), s.Success, s.Partial, s.Skipped, s.Failed)
	if err != nil {
		return printed(err)
	}
	var sum httpapi.Result
	for _, r := range run.Results {
		sum.OrdersProcessed += r.OrdersProcessed
		sum.ItemsProcessed += r.ItemsProcessed
		sum.OrdersCreated += r.OrdersCreated
		sum.OrdersChanged += r.OrdersChanged
	}
	_, _ = fmt.Fprintf(out, "%s with %s received: %d new, %d changed\n\n",
		counted(int(sum.OrdersProcessed), "order"), counted(int(sum.ItemsProcessed), "item"), sum.OrdersCreated, sum.OrdersChanged)
	if err := printReasons(out, run); err != nil {
		return printed(err)
	}
	return printTodo(out, run)
}

// printReasons prints how many connections ended with each reason, the most
// frequent first.
func printReasons(out io.Writer, run httpapi.Run) error {
	counts := map[ordersync.Reason]int{}
	for _, r := range run.Results {
		if r.ReasonCode != "" {
			counts[r.ReasonCode]++
		}
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	reasons := slices.Collect(maps.Keys(counts))
	slices.SortFunc(reasons, func(a, b ordersync.Reason) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	for _, reason := range reasons {
		_, _ = fmt.Fprintf(t, "%4d\t%s\t%s\n", counts[reason], reason, reason.Info().English)
	}
	return t.Flush()
}

// seconds shows a run's duration.
func seconds(ms int64) string {
	return (time.Duration(ms) * time.Millisecond).Round(10 * time.Millisecond).String()
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// note is what of a result does not fit a column.
func note(r httpapi.Result) string {
	var parts []string
	for _, repair := range r.Repairs {
		parts = append(parts, fmt.Sprintf("%s: %s -> %s", repair.Code, repair.Old, repair.New)) // both are escaped
	}
	if r.Message != "" {
		parts = append(parts, plain(r.Message))
	}
	if r.ResumesAt != nil {
		parts = append(parts, "from "+*r.ResumesAt)
	}
	if r.SetAside > 0 {
		parts = append(parts, counted(int(r.SetAside), "order")+" set aside")
	}
	return strings.Join(parts, "; ")
}

// plain is a sentence on one line.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// printTodo prints what a human must do, by reason, and what goes on by itself.
func printTodo(out io.Writer, run httpapi.Run) error {
	needs, byItself := needsOf{}, 0
	for _, r := range run.Results {
		switch {
		case r.WhoActs != "":
			needs.note(string(r.ReasonCode), r.WhoActs, r.ReasonCode.Info().English, r.TenantID)
		case r.Status != "" && r.Status != ordersync.StatusSuccess:
			byItself++
		}
		if r.SetAside > 0 {
			needs.note(needSetAside, ordersync.Operator, setAsideText, r.TenantID)
		}
	}
	if len(needs) > 0 {
		_, _ = fmt.Fprintln(out, "\nWhat a human must do:")
	}
	for _, key := range sortedKeys(needs) {
		n := needs[key]
		if _, err := fmt.Fprintf(out, "  %s (who acts: %s): %s\n    %s\n", n.Code, n.WhoActs, n.Message, n.who()); err != nil {
			return printed(err)
		}
	}
	if byItself == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "\nNot done, and nobody needs to act: %s; each is tried again by itself.\n", counted(byItself, "connection"))
	return printed(err)
}
