package main

import (
	"fmt"
	"io"
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
	return printTodo(out, run)
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

// printTodo prints what a human must do, by reason.
func printTodo(out io.Writer, run httpapi.Run) error {
	type todo struct {
		actor  ordersync.Actor
		reason ordersync.Reason
	}
	who := map[todo][]string{}
	for _, r := range run.Results {
		if r.WhoActs != "" {
			k := todo{r.WhoActs, r.ReasonCode}
			who[k] = append(who[k], string(r.TenantID))
		}
	}
	if len(who) == 0 {
		return nil
	}
	keys := make([]todo, 0, len(who))
	for k := range who {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b todo) int { return strings.Compare(string(a.reason), string(b.reason)) })
	_, _ = fmt.Fprintln(out, "\nWhat a human must do:")
	for _, k := range keys {
		if _, err := fmt.Fprintf(out, "  %s (who acts: %s): %s\n    %s\n", k.reason, k.actor, k.reason.Info().English, some(who[k])); err != nil {
			return printed(err)
		}
	}
	return nil
}

// some lists a few names and counts the rest.
func some(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
