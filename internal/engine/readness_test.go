package engine

import (
	"testing"
	"time"

	"ordersync"
)

func TestReadness(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)
	ago := func(h int) time.Time { return now.Add(-time.Duration(h) * time.Hour) }
	span := func(from, to int) ordersync.Window { return ordersync.Window{From: ago(from), To: ago(to)} }
	s := ordersync.BackState{
		Now: now, Cursor: ago(1), Since: ago(100),
		Readings: map[string]ordersync.Reading{"m": {
			Walked: ordersync.Spans{span(30, 10)}, Confirmed: ordersync.Spans{span(30, 20)},
			Doubts: []ordersync.Doubt{{Window: span(20, 15)}},
		}},
		Shunned: []ordersync.Shunned{{Window: span(50, 45)}},
	}
	for hours, want := range map[int]Readness{
		0: ReadNotYet, 1: ReadGap, 5: ReadGap, 12: ReadWalked, 17: ReadOnce, 25: ReadConfirmed, 40: ReadGap, 47: ReadShunned, 100: ReadGap, 101: ReadNotWanted,
	} {
		if got := readness(s, "m", ago(hours)); got != want {
			t.Errorf("%d hours ago: %s, want %s", hours, got, want)
		}
	}
	s.Cursor = time.Time{}
	if got := readness(s, "m", ago(40)); got != ReadNotYet {
		t.Errorf("without a cursor: %s", got)
	}
}
