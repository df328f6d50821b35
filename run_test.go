package ordersync_test

import (
	"strings"
	"testing"

	"ordersync"
)

func TestParseRunID(t *testing.T) {
	const good = "01JHABCDEFGHJKMNPQRSTVWXYZ"
	if got, err := ordersync.ParseRunID(good); err != nil || string(got) != good {
		t.Errorf("%q reads as %q, %v", good, got, err)
	}
	for _, bad := range []string{"", good[:25], good + "A", good[:25] + "\x00", good[:25] + "/", good[:24] + "é", strings.Repeat("A", 10_000)} {
		if got, err := ordersync.ParseRunID(bad); err == nil || got != "" {
			t.Errorf("%q reads as %q, %v", bad, got, err)
		}
	}
}

func TestOutcomeText(t *testing.T) {
	for _, test := range []struct {
		outcome ordersync.Outcome
		status  ordersync.Status
		text    string
	}{
		{ordersync.Outcome{Reason: ordersync.Success}, ordersync.StatusSuccess, "orders are up to date"},
		{ordersync.Outcome{Reason: ordersync.NotConnected, Message: "own words"}, ordersync.StatusSkipped, "own words"},
		{ordersync.Outcome{Reason: "NEW"}, ordersync.StatusFailed, "a reason that this version does not know"},
	} {
		if test.outcome.Status() != test.status || test.outcome.Text() != test.text {
			t.Errorf("%+v: %s, %q", test.outcome, test.outcome.Status(), test.outcome.Text())
		}
	}
}

func TestSummaryAndCounts(t *testing.T) {
	s := ordersync.Summary{Total: 15, Success: 1, Partial: 2, Skipped: 3, Failed: 4}
	if s.Open() != 5 {
		t.Errorf("%d of %+v are open, want 5", s.Open(), s)
	}
	a := ordersync.Counts{OrdersReceived: 1, ItemsReceived: 2, OrdersCreated: 3, OrdersChanged: 4, SetAside: 5}
	want := ordersync.Counts{OrdersReceived: 2, ItemsReceived: 4, OrdersCreated: 6, OrdersChanged: 8, SetAside: 10}
	if got := a.Plus(a); got != want {
		t.Errorf("%+v twice is %+v", a, got)
	}
}
