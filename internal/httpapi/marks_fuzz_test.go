package httpapi

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// What clients hand back, and what they write as times and settings: what is taken
// is within its bounds and said again it is the same; a refusal is a problem
// document that repeats nothing.
func FuzzMarks(f *testing.F) {
	for _, seed := range []string{
		"", "1-2", "-1-1", "0-0-", "1-2-028-1234567-1234567", "9223372036854775807-9223372036854775807-x", "99999999999999999999-1", "007-1", "1-2-\x00", "2026-01-12", "2026-01-12T02:54:23Z",
		"2026-01-12T02:54:23 02:00", "0000-01-01", "9999-12-31", "0001-01-01T00:00:00+23:59", "90s", "30d", "1h30m", "-1h", "175200h", "9223372036854775807ns", "32768d", "1", "0", "-0", "+1", "application/json; charset=utf-8", "a/b+json;", "osk_canary",
		"all-", "all-WyJhIiwiMSIsIjAyOCIsIiIsIiJd", "all-WyJhIiwiMSIsIjAyOCIsInNrdSIsIjEiXQ", "all-W10", "all-bnVsbA", "all-WyIAIiwiMSIsIiIsIiIsIiJd", "PREPARING", "PREPARING, LOST", "DELAYED,x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := parseMark(s); err == nil && s != "" {
			if again, err := parseMark(markText(m)); err != nil || again != m || m.At.UnixMilli() < 0 || m.Connection < 0 {
				t.Fatalf("%q is %+v, and that %+v, %v", s, m, again, err)
			}
		}
		if m, err := parseOrderMark(s); err == nil {
			if again, err := parseOrderMark(orderMarkText(m)); err != nil || again != m || !strings.HasSuffix(s, m.OrderID) {
				t.Fatalf("%q is %+v, and that %+v, %v", s, m, again, err)
			}
		}
		if m, err := parseFindMark(s); err == nil {
			if again, err := parseFindMark(findMarkText(m)); err != nil || again != m || m.Connection < 0 || m.Tenant == "" {
				t.Fatalf("%q is %+v, and that %+v, %v", s, m, again, err)
			}
			if _, err := parseOrderMark(s); err == nil {
				t.Fatalf("%q is a place in two lists", s)
			}
		}
		checkWords(t, s)
		if tenant, id, err := (ConnectionInput{Tenant: s, ID: s}).ids(); err == nil && (string(tenant) != s || connectionText(id) != s || id <= 0) {
			t.Fatalf("%q is connection %d of %s", s, id, tenant)
		}
		checkDay(t, s)
		checkSetting(t, s)
		for _, text := range []string{shown(s), fieldShown("query." + s)} {
			for _, r := range text {
				if !strconv.IsPrint(r) {
					t.Fatalf("%q is shown as %q", s, text)
				}
			}
		}
		if shownAs := fieldShown("query." + s); len(s) > 40 && !strings.ContainsAny(s, ".[") && strings.Contains(shownAs, s) {
			t.Fatalf("%q is shown as %q", s, shownAs)
		}
		_ = isJSON(s)
	})
}

func checkWords(t *testing.T, s string) {
	t.Helper()
	in := &OrdersInput{DeliveryStatus: strings.Split(s, ","), FulfillmentChannel: []string{s}, Status: []string{s}, ConnectionID: s}
	q, err := in.query()
	if err != nil {
		if len(s) > 40 && strings.Contains(err.Error(), s) || !strings.HasPrefix(err.Error(), "query.") {
			t.Fatalf("%q is refused with %v", s, err)
		}
		return
	}
	for _, d := range q.Delivery {
		if d == "" || d.Info().Code != d || !strings.Contains(s, string(d)) {
			t.Fatalf("%q asks for %q", s, d)
		}
	}
}

func checkDay(t *testing.T, s string) {
	t.Helper()
	at, day, err := parseDay("query.dateFrom", s)
	switch {
	case err != nil:
		if len(s) > 40 && strings.Contains(err.Error(), s) || !strings.HasPrefix(err.Error(), "query.dateFrom: ") {
			t.Fatalf("%q is refused with %v", s, err)
		}
		return
	case s == "":
		return
	}
	if y := at.Year(); y < 0 || y > 9999 || day && at.Truncate(24*time.Hour) != at {
		t.Fatalf("%q is %v, %v", s, at, day)
	}
	if again, _, err := parseDay("x", at.Format(time.RFC3339Nano)); at.Year() >= 1 && at.Year() <= 9998 && (err != nil || !again.Equal(at)) {
		t.Fatalf("%q is %v, and that %v, %v", s, at, again, err)
	}
	q, err := (&OrdersInput{DateTo: s, DateFrom: s, Limit: 1}).query()
	if err != nil || q.To.Before(q.From) || day && q.To.Sub(q.From) >= 24*time.Hour {
		t.Fatalf("%q as both dates is %+v, %v", s, q, err)
	}
}

func checkSetting(t *testing.T, s string) {
	t.Helper()
	d, err := parseSetting("body.interval", &s, minInterval, maxInterval)
	if err != nil {
		if len(s) > 40 && strings.Contains(err.Error(), s) {
			t.Fatalf("%q is refused with %v", s, err)
		}
		return
	}
	if d == nil || *d != 0 && (*d < minInterval || *d > maxInterval) {
		t.Fatalf("%q is %v", s, d)
	}
	said := d.String()
	if again, err := parseSetting("x", &said, minInterval, maxInterval); err != nil || *again != *d {
		t.Fatalf("%q is %v, and that %v, %v", s, d, again, err)
	}
}
