package spapi

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whatever the headers of an answer hold: what is kept of them is short, visible
// and usable, and a clock that is told by them stays within what was told.
func FuzzHeaders(f *testing.F) {
	for _, seed := range [][3]string{
		{"Mon, 23 Nov 2026 10:00:00 GMT", "0.0056", "abc-1"}, {"Monday, 23-Nov-26 10:00:00 GMT", "0", ""}, {"Mon Nov 23 10:00:00 2026", "-1", " x "},
		{"Fri, 31 Dec 9999 23:59:59 GMT", "NaN", "\x00\xff"}, {"Sat, 01 Jan 0000 00:00:00 GMT", "1e-400", strings.Repeat("é", 70)}, {"23.11.2026", "0x1p-2", "a\tb"},
		{"", "+Inf", ""}, {"Mon, 23 Nov 2026 10:00:60 GMT", "1e308", ""}, {"0", "1,5", ""}, {"Mon, 23 Nov 2026 10:00:00 CET", " 2", ""}, {"", "1_0", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, date, rate, id string) {
		got := readMeta(http.Header{"Date": {date}, "X-Amzn-Ratelimit-Limit": {rate}, "X-Amzn-Requestid": {id}})
		for _, text := range []string{got.RequestID, got.BadRate} {
			if len(text) > maxHeader || visible(text) != strings.TrimSpace(text) {
				t.Fatalf("%q is kept", text)
			}
		}
		switch {
		case got.Rate < 0, math.IsNaN(got.Rate), math.IsInf(got.Rate, 0):
			t.Fatalf("the rate %q is %v", rate, got.Rate)
		case got.Rate > 0 && got.BadRate != "", got.Rate == 0 && got.BadRate == "" && visible(rate) != "":
			t.Fatalf("the rate %q is %v, bad as %q", rate, got.Rate, got.BadRate)
		}
		if got.Date.IsZero() {
			return
		}
		if got.Date.Nanosecond() != 0 || got.Date.Location() != time.UTC {
			t.Fatalf("the date %q is %v", date, got.Date)
		}
		checkClock(t, got.Date)
	})
}

// checkClock tells a new clock a date: it agrees with it, as far as the length of
// a request lets it know.
func checkClock(t *testing.T, date time.Time) {
	t.Helper()
	const host = "https://example.com"
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	end := start.Add(300 * time.Millisecond)
	var clock amazonClock
	clock.saw(host, date, start, end)
	ahead := clock.ahead(host)
	if least, most := date.Sub(end), date.Add(time.Second).Sub(start); ahead != 0 && (ahead < least || ahead > most) || ahead == 0 && (least > minOffset || most < -minOffset) {
		t.Fatalf("told %v between %v and %v, Amazon is %v ahead", date, start, end, ahead)
	}
	if clock.saw(host, date, end, start); clock.ahead(host) != ahead {
		t.Fatal("a request that ended before it began was believed")
	}
}
