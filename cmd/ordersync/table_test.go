package main

import (
	"bufio"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/httpapi"
	"ordersync/internal/store"
)

// Whatever stands in a cell, a row stays a row.
func TestOrderTableHoldsOddTexts(t *testing.T) {
	var out strings.Builder
	w := bufio.NewWriter(&out)
	row := orderRow(screen{}, w)
	odd := "A\nB\tC\x1b[31mD\u202eE\u0000" + strings.Repeat("x", 100)
	order := ordersync.Order{ID: "1", Status: odd, CreatedAt: begin, Total: &ordersync.Money{Amount: "12.50", Currency: odd}}
	if err := row(httpapi.OrderOf("t", store.StoredOrder{Order: order})); err != nil {
		t.Fatal(err)
	}
	if err := row(httpapi.OrderOf("t", store.StoredOrder{})); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 3 || strings.ContainsAny(out.String(), "\x1b\t\x00\u202e") || !strings.Contains(lines[1], `A\nB\tC\x1b[31mD\u202eE\x00xxx`) {
		t.Errorf("the table:\n%s", &out)
	}
	if len(strings.Fields(lines[2])) != 7 {
		t.Errorf("an empty order: %q", lines[2])
	}
}

func TestRunTable(t *testing.T) {
	settled := func(tenant ordersync.TenantID, o ordersync.Outcome) ordersync.Target {
		return ordersync.Target{Tenant: tenant, Connection: 1, Region: "eu", OpenedAt: begin, SettledAt: begin, Outcome: o}
	}
	mended := settled("mended", ordersync.Outcome{Reason: ordersync.Success})
	mended.Repairs = []ordersync.Repair{{Code: ordersync.InvalidDateFixed, Old: []byte("a\tb\n\x1b"), New: "2026-01-05T02:54:23.000Z", At: begin}}
	mended.Counts = ordersync.Counts{OrdersReceived: 5, ItemsReceived: 7, OrdersCreated: 4, OrdersChanged: 1, SetAside: 1}
	targets := []ordersync.Target{
		mended, {Tenant: "open", Region: "na"},
		settled("odd", ordersync.Outcome{Reason: ordersync.UnknownError, Message: "two\nlines\tand \x1b[1mmore", ErrorID: "ABC"}),
	}
	for range 12 {
		targets = append(targets, settled("many", ordersync.Outcome{Reason: ordersync.TokenMissing}))
	}
	run := httpapi.RunOf(ordersync.Run{Mode: ordersync.GlobalRun, State: ordersync.RunOpen, OpenedAt: begin, Summary: ordersync.Summary{Total: 15, Success: 1, Skipped: 12, Failed: 1}}, targets, begin)
	var out strings.Builder
	if err := printRun(screen{Writer: &out}, run); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{
		"mended  eu      success  SUCCESS", `INVALID_DATE_FIXED: a\tb\n\x1b -> 2026-01-05T02:54:23.000Z; 1 order set aside`,
		"open    na      -        -", "two lines and  [1mmore", "15 connections in 0s: 1 success, 0 partial, 12 skipped, 1 failed",
		"TOKEN_MISSING (who acts: tenant)", "many (12 connections in all)", "SET_ASIDE (who acts: operator)", "5 orders with 7 items received: 4 new, 1 changed", "  12  TOKEN_MISSING", "UNKNOWN_ERROR (who acts: developers of ordersync)",
	} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("%q is missing in\n%s", words, &out)
		}
	}
	if got := strings.Count(out.String(), "\n"); got != 1+15+3+4+2+6 {
		t.Errorf("%d lines:\n%s", got, &out)
	}
}

func TestCounted(t *testing.T) {
	for n, want := range map[int]string{0: "0 orders", 1: "1 order", 2: "2 orders"} {
		if got := counted(n, "order"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
