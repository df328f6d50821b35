package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
)

// printRun prints a run for people: a row a connection, totals by reason, and
// what a human must do.
func printRun(s screen, run httpapi.Run) error {
	t := s.table(column{head: "TENANT", least: leastTenant}, column{head: "REGION", spare: 2}, column{head: "STATUS"}, column{head: "REASON"}, column{head: "ORDERS", right: true},
		column{head: "ITEMS", right: true, spare: 3}, column{head: "NEW", right: true, spare: 4}, column{head: "CHANGED", right: true, spare: 4}, column{head: "NOTE", least: 16, spare: 1})
	for _, r := range run.Results {
		t.row(r.TenantID, r.Region, s.word(cell(string(r.Status))), cell(string(r.ReasonCode)),
			r.OrdersProcessed, r.ItemsProcessed, r.OrdersCreated, r.OrdersChanged, s.note(r))
	}
	if err := t.print(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s, "\n%s\n", s.say("%s in %s: %s", s.counted(run.Summary.Total, "connection"), seconds(run.TotalDuration), s.summary(run.Summary)))
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
	_, _ = fmt.Fprintf(s, "%s\n\n", s.say("%s with %s received: %d new, %d changed",
		s.counted(int(sum.OrdersProcessed), "order"), s.counted(int(sum.ItemsProcessed), "item"), sum.OrdersCreated, sum.OrdersChanged))
	if err := printReasons(s, run); err != nil {
		return err
	}
	return printTodo(s, run)
}

// summary is a run's totals, each in its tone unless it is none.
func (s screen) summary(of httpapi.Summary) string {
	var parts []string
	for _, one := range []struct {
		n      int
		status ordersync.Status
	}{{of.Success, ordersync.StatusSuccess}, {of.Partial, ordersync.StatusPartial}, {of.Skipped, ordersync.StatusSkipped}, {of.Failed, ordersync.StatusFailed}} {
		text := s.statuses(one.n, string(one.status))
		if one.n > 0 {
			text = s.paint(tones[string(one.status)], text)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// printReasons prints how many connections ended with each reason, the most
// frequent first.
func printReasons(s screen, run httpapi.Run) error {
	counts := map[ordersync.Reason]int{}
	for _, r := range run.Results {
		if r.ReasonCode != "" {
			counts[r.ReasonCode]++
		}
	}
	t := s.table(column{}, column{}, column{least: 30, wraps: true})
	reasons := slices.Collect(maps.Keys(counts))
	slices.SortFunc(reasons, func(a, b ordersync.Reason) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	for _, reason := range reasons {
		t.row(fmt.Sprintf("%4d", counts[reason]), s.reasonWord(reason), s.reason(reason))
	}
	return t.print()
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
func (s screen) note(r httpapi.Result) string {
	var parts []string
	for _, repair := range r.Repairs {
		parts = append(parts, fmt.Sprintf("%s: %s -> %s", repair.Code, repair.Old, repair.New)) // both are escaped
	}
	if r.Message != "" {
		parts = append(parts, plain(s.sentence(r.Message)))
	}
	if r.ResumesAt != nil {
		parts = append(parts, s.say("from %s", *r.ResumesAt))
	}
	if r.SetAside > 0 {
		parts = append(parts, s.say("%s set aside", s.counted(int(r.SetAside), "order")))
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
func printTodo(s screen, run httpapi.Run) error {
	needs, byItself := needsOf{}, 0
	for _, r := range run.Results {
		switch {
		case r.WhoActs != "":
			needs.note(string(r.ReasonCode), r.WhoActs, r.ReasonCode.Info().English, r.TenantID)
		case r.Status != "" && r.Status != ordersync.StatusSuccess:
			byItself++
		}
		if r.SetAside > 0 {
			needs.note(ordersync.OrdersSetAside, ordersync.Operator, setAsideText, r.TenantID)
		}
	}
	var list []need
	for _, key := range sortedKeys(needs) {
		list = append(list, *needs[key])
	}
	s.printNeeds(list)
	if byItself == 0 {
		return nil
	}
	_, err := fmt.Fprintf(s, "\n%s\n", s.say("Not done, and nobody needs to act: %s; each is tried again by itself.", s.counted(byItself, "connection")))
	return printed(err)
}
