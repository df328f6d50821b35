package ordersync_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ordersync"
)

// oldest is Amazon's history for an ordinary marketplace at start.
var oldest = start.AddDate(-2, 0, 0)

const (
	invalid = ordersync.InvalidDateFixed
	future  = ordersync.FutureCursorFixed
	stale   = ordersync.StaleCursorClamped
)

func TestJudgeCursor(t *testing.T) {
	at := func(s string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	ten := at("2026-01-12T10:00:00Z")
	for _, test := range []struct {
		name, raw string
		want      time.Time // zero: not looked at
		repair    ordersync.RepairCode
	}{
		{"empty", "", time.Time{}, ""},
		{"spaces", " \t\r\n ", time.Time{}, ""},

		{"the seed's own", "0000-13-45", time.Time{}, invalid},
		{"a UUID", "0f8fad5b-d9cb-469f-a165-70867728950e", time.Time{}, invalid},
		{"30 February", "2026-02-30", time.Time{}, invalid},
		{"29 February of a common year", "2025-02-29T00:00:00Z", time.Time{}, invalid},
		{"month 99", "2026-99-99x", time.Time{}, invalid},
		{"hour 25", "2026-01-12T25:00:00Z", time.Time{}, invalid},
		{"hour 24", "2026-01-11T24:00:00Z", time.Time{}, invalid},
		{"minute 60", "2026-01-11T10:60:00Z", time.Time{}, invalid},
		{"one-digit hour", "2026-01-11T1:00:00Z", time.Time{}, invalid},
		{"comma before the fraction", "2026-01-11T10:00:00,5Z", time.Time{}, invalid},
		{"impossible offset", "2026-01-11T10:00:00+25:00", time.Time{}, invalid},
		{"offset of 24 hours", "2026-01-11T10:00:00+24:00", time.Time{}, invalid},
		{"no offset", "2026-01-11T10:00:00", time.Time{}, invalid},
		{"no T", "2026-01-11 10:00:00Z", time.Time{}, invalid},
		{"two dates", "2026-01-11 2026-01-12", time.Time{}, invalid},
		{"date with an end", "2026-01-11Z", time.Time{}, invalid},
		{"other order", "11/01/2026", time.Time{}, invalid},
		{"compact", "20260111T100000Z", time.Time{}, invalid},
		{"two-digit year", "26-01-11", time.Time{}, invalid},
		{"five-digit year", "12026-01-11", time.Time{}, invalid},
		{"epoch seconds", "1768212000", time.Time{}, invalid},
		{"epoch milliseconds", "1768212000000", time.Time{}, invalid},
		{"zero", "0", time.Time{}, invalid},
		{"null", "null", time.Time{}, invalid},
		{"a word", "yesterday", time.Time{}, invalid},
		{"10 kB", strings.Repeat("2026-01-12", 1024), time.Time{}, invalid},
		{"a long fraction", "2026-01-12T10:00:00." + strings.Repeat("0", 64) + "Z", time.Time{}, invalid},
		{"NUL", "\x00", time.Time{}, invalid},
		{"a date and NUL", "2026-01-12\x00", time.Time{}, invalid},
		{"right-to-left mark", "\u200f2026-01-12", time.Time{}, invalid},
		{"right-to-left override", "\u202e2026-01-12", time.Time{}, invalid},
		{"no-break space", "\u00a02026-01-12", time.Time{}, invalid},
		{"byte order mark", "\ufeff2026-01-12", time.Time{}, invalid},
		{"Arabic digits", "٢٠٢٦-٠١-١٢", time.Time{}, invalid},
		{"full-width digits", "２０２６-01-12", time.Time{}, invalid},
		{"no UTF-8", "2026-01-12\xff", time.Time{}, invalid},

		{"UTC", "2026-01-12T10:00:00Z", ten, ""},
		{"small letters", "2026-01-12t10:00:00z", ten, ""},
		{"spaces around", " \t2026-01-12T10:00:00Z\r\n", ten, ""},
		{"offset", "2026-01-12T12:00:00+02:00", ten, ""},
		{"offset to the west", "2026-01-12T04:30:00-05:30", ten, ""},
		{"fraction", "2026-01-12T09:59:59.999999999Z", ten.Add(-1), ""},
		{"fraction of one digit", "2026-01-12T09:59:59.5Z", ten.Add(-500 * time.Millisecond), ""},
		{"date", "2026-01-12", at("2026-01-12T00:00:00Z"), ""},
		{"29 February", "2024-02-29", at("2024-02-29T00:00:00Z"), ""},

		{"4 minutes ahead", "2026-01-12T10:04:00Z", ten.Add(4 * time.Minute), ""},
		{"5 minutes ahead", "2026-01-12T10:05:00Z", ten.Add(5 * time.Minute), ""},
		{"6 minutes ahead", "2026-01-12T10:06:00Z", ten.Add(6 * time.Minute), future},
		{"tomorrow", "2026-01-13", at("2026-01-13T00:00:00Z"), future},
		{"year 9999", "9999-12-31T23:59:59Z", at("9999-12-31T23:59:59Z"), future},
		{"year 9999, to the west", "9999-12-31T23:59:59-12:00", time.Time{}, future},
		{"two years ago", "2024-01-12T10:00:00Z", oldest, ""},
		{"before two years", "2024-01-12T09:59:59Z", oldest.Add(-time.Second), stale},
		{"1970", "1970-01-01T00:00:00Z", at("1970-01-01T00:00:00Z"), stale},
		{"year 1", "0001-01-01", time.Time{}, stale},
		{"year 0", "0000-01-01T00:00:00Z", time.Time{}, stale},
	} {
		got, repair := ordersync.JudgeCursor([]byte(test.raw), start, oldest)
		if repair != test.repair {
			t.Errorf("%s: repair %q, want %q", test.name, repair, test.repair)
		}
		if !test.want.IsZero() && !got.Equal(test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if test.repair == "" && test.want.IsZero() && !got.IsZero() {
			t.Errorf("%s: %v, want no time", test.name, got)
		}
	}
}

// Japan, Australia and Singapore have their orders since 2016.
func TestJudgeCursorOfOldMarketplaces(t *testing.T) {
	for _, test := range []struct {
		name         string
		marketplaces []string
		raw          string
		repair       ordersync.RepairCode
	}{
		{"JP 2017", []string{"A1VC38T7YXB528"}, "2017-06-01", ""},
		{"AU 2017", []string{"A39IBJ37TRP1C6"}, "2017-06-01", ""},
		{"SG 2017", []string{"A19VAU5U5O7RUS"}, "2017-06-01", ""},
		{"JP 2015", []string{"A1VC38T7YXB528"}, "2015-12-31", stale},
		{"FR 2017", []string{"A13V1IB3VIYZZH"}, "2017-06-01", stale},
		{"none 2017", nil, "2017-06-01", stale},
		{"unknown 2017", []string{"AXXXXXXXXXXXXX"}, "2017-06-01", stale},
	} {
		_, repair := ordersync.JudgeCursor([]byte(test.raw), start, ordersync.OldestHistory(test.marketplaces, start))
		if repair != test.repair {
			t.Errorf("%s: repair %q, want %q", test.name, repair, test.repair)
		}
	}
}

func TestRepairedCursor(t *testing.T) {
	const fr, de, it = "A13V1IB3VIYZZH", "A1PA6795UKMFR9", "APJ6JRA9NG5V4"
	span := func(from, to time.Duration) ordersync.Window {
		return ordersync.Window{From: start.Add(from), To: start.Add(to)}
	}
	day := 24 * time.Hour
	fallback := start.Add(-7 * day)
	both := []string{fr, de}
	for _, test := range []struct {
		name         string
		coverage     map[string]ordersync.Spans
		marketplaces []string
		want         time.Time
	}{
		{"nothing known", nil, nil, fallback},
		{"no coverage", nil, both, fallback},
		{"one span", map[string]ordersync.Spans{fr: {span(-9*day, -2*day)}}, []string{fr}, start.Add(-2 * day)},
		{"the newest span", map[string]ordersync.Spans{fr: {span(-9*day, -8*day), span(-3*day, -day)}}, []string{fr}, start.Add(-day)},
		{"the least of both", map[string]ordersync.Spans{fr: {span(-9*day, -day)}, de: {span(-9*day, -3*day)}}, both, start.Add(-3 * day)},
		{"one without coverage", map[string]ordersync.Spans{fr: {span(-9*day, -day)}}, both, start.Add(-day)},
		{"coverage of another", map[string]ordersync.Spans{it: {span(-9*day, -day)}}, both, fallback},
		{"coverage in the future", map[string]ordersync.Spans{fr: {span(-9*day, day)}}, []string{fr}, fallback},
		{"coverage before history", map[string]ordersync.Spans{fr: {span(-900*day, -800*day)}}, []string{fr}, fallback},
		{"older than the fallback", map[string]ordersync.Spans{fr: {span(-90*day, -80*day)}}, []string{fr}, start.Add(-80 * day)},
	} {
		if got := ordersync.RepairedCursor(test.coverage, test.marketplaces, start); !got.Equal(test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	if got := ordersync.RepairedCursor(nil, nil, start.Add(time.Millisecond)); got.Nanosecond() != 0 {
		t.Errorf("%v is no whole second", got)
	}
}

// Whatever was covered: a repaired cursor can be used, is no later than where the
// newest coverage of any marketplace ends that has one, and what lies before it is
// covered or a gap, so that nothing is skipped.
func TestRepairedCursorSkipsNothing(t *testing.T) {
	ids := []string{"A13V1IB3VIYZZH", "A1PA6795UKMFR9", "A1VC38T7YXB528"}
	rapid.Check(t, func(t *rapid.T) {
		coverage, readings := map[string]ordersync.Spans{}, map[string]ordersync.Reading{}
		markets := ids[:rapid.IntRange(0, len(ids)).Draw(t, "marketplaces")]
		for _, id := range markets {
			var spans ordersync.Spans
			for range rapid.IntRange(0, 3).Draw(t, "spans") {
				from := start.Add(time.Duration(rapid.IntRange(-900*24, 3).Draw(t, "from")) * time.Hour)
				spans = spans.Add(ordersync.Window{From: from, To: from.Add(time.Duration(rapid.IntRange(1, 900).Draw(t, "hours")) * time.Hour)})
			}
			coverage[id], readings[id] = spans, ordersync.Reading{Walked: spans}
		}
		at := ordersync.RepairedCursor(coverage, markets, start)
		oldest := ordersync.OldestHistory(markets, start)
		if again, repair := ordersync.JudgeCursor([]byte(at.Format(time.RFC3339)), start, oldest); repair != "" || !again.Equal(at) {
			t.Fatalf("%v is repaired again: %v, %q", at, again, repair)
		}
		s := ordersync.BackState{Now: start, Cursor: at, Since: start.AddDate(0, 0, -rapid.IntRange(0, 400).Draw(t, "days")), Marketplaces: markets, Readings: readings}
		for _, id := range markets {
			if end, ok := coverage[id].End(); ok && ordersync.JudgeTime(end, start, oldest) == "" && at.After(end) {
				t.Fatalf("%s is covered up to %v, and the cursor is %v", id, end, at)
			}
			all := coverage[id]
			for _, gap := range s.Gaps(id) {
				all = all.Add(gap)
			}
			if until := start.Add(-ordersync.Delay); at.Before(until) && s.Since.Before(at) && !all.Covers(ordersync.Window{From: s.Since, To: at}) {
				t.Fatalf("%s: from %v to %v something is neither covered nor a gap: %v", id, s.Since, at, all)
			}
		}
	})
}

// A cursor that is usable lies within its bounds, and read again, as a text or as
// a time, it is the same; one that is not has its repair, whatever stands around
// it; and where it is repaired to is usable.
func FuzzJudgeCursor(f *testing.F) {
	for _, seed := range []string{
		"", " ", "0000-13-45", "2026-02-30", "2026-01-12", "2026-01-12T10:00:00Z", "2026-01-12t10:00:00.5+02:00",
		"9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59", strconv.FormatInt(start.Unix(), 10),
		"0f8fad5b-d9cb-469f-a165-70867728950e", "\u200f2026-01-12", "2026-01-12\x00", "2026-01-12T10:05:00Z", "2026-01-12T10:05:00.000000001Z",
		"2024-01-12T10:00:00Z", "2024-01-12T09:59:59.999999999Z", "2026-01-12T23:59:60Z", "2026-01-12T10:00:00.", "2026-01-12T10:00:00,5Z",
		"2026-01-12T10:00:00." + strings.Repeat("9", 43) + "Z", "2026-01-12T10:00:00." + strings.Repeat("9", 44) + "Z", "２０２６-01-12",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		at, repair := ordersync.JudgeCursor(raw, start, oldest)
		text := strings.Trim(string(raw), " \t\r\n")
		switch {
		case repair == "" && at.IsZero():
			if text != "" {
				t.Fatalf("%q has neither a time nor a repair", raw)
			}
		case repair == "":
			if at.Before(oldest) || at.After(start.Add(ordersync.FutureTolerance)) || at.Location() != time.UTC || len(text) > 64 {
				t.Fatalf("%q is usable as %v", raw, at)
			}
			again, repair := ordersync.JudgeCursor([]byte(at.Format(time.RFC3339Nano)), start, oldest)
			if repair != "" || !again.Equal(at) || ordersync.JudgeTime(at, start, oldest) != "" {
				t.Fatalf("%q reads as %v, and that as %v, %q", raw, at, again, repair)
			}
		case repair == invalid:
			if !at.IsZero() || text == "" {
				t.Fatalf("%q is no date and reads as %v", raw, at)
			}
		case repair != future && repair != stale, repair != ordersync.JudgeTime(at, start, oldest):
			t.Fatalf("%q reads as %v and is repaired as %q", raw, at, repair)
		}
		spaced, same := ordersync.JudgeCursor([]byte(" \t\r\n"+string(raw)+"\n "), start, oldest)
		if same != repair || !spaced.Equal(at) {
			t.Fatalf("with spaces around it %q reads as %v, %q instead of %v, %q", raw, spaced, same, at, repair)
		}
	})
}
