package ordersync

import (
	"bytes"
	"regexp"
	"strings"
	"time"
)

// The rules for a cursor that cannot be used.
const (
	// CursorFallback is where a cursor begins that nothing is known of: the
	// seven days of the system that this one replaces. What lies before is a
	// gap, so nothing is skipped by it.
	CursorFallback = 7 * 24 * time.Hour
	// FutureTolerance is how far a cursor may lie ahead of Amazon's clock.
	FutureTolerance = 5 * time.Minute
)

// JudgeCursor reads a cursor as it was given or stored. A usable one is returned
// with repair "". An empty one (nothing, or only ASCII spaces) has no time and
// no repair: it has just not begun. All others name their repair; replace them
// by [RepairedCursor].
//
// Usable are RFC 3339 times with any offset and fraction and plain dates
// (YYYY-MM-DD, read as UTC midnight), ASCII spaces around them allowed. Epoch
// numbers and impossible dates are no dates. oldest is [OldestHistory].
func JudgeCursor(raw []byte, amazonNow, oldest time.Time) (at time.Time, repair RepairCode) {
	text := bytes.Trim(raw, " \t\r\n")
	if len(text) == 0 {
		return time.Time{}, ""
	}
	at, ok := parseDate(text)
	if !ok {
		return time.Time{}, InvalidDateFixed
	}
	return at, JudgeTime(at, amazonNow, oldest)
}

// JudgeTime is the part of [JudgeCursor] that judges a cursor which is a time.
func JudgeTime(at, amazonNow, oldest time.Time) RepairCode {
	switch {
	case at.After(amazonNow.Add(FutureTolerance)):
		return FutureCursorFixed
	case at.Before(oldest):
		return StaleCursorClamped
	}
	return ""
}

// longestDate is the longest text that is tried as a date, in bytes.
const longestDate = 64

// dateShape is the shape of RFC 3339 section 5.6, after capitals, or of a plain
// date. time.Parse alone lets more pass: "1:00:00", a comma before the fraction,
// an offset of 24:60.
var dateShape = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d))?$`)

func parseDate(text []byte) (time.Time, bool) {
	if len(text) > longestDate {
		return time.Time{}, false
	}
	s := strings.ToUpper(string(text)) // RFC 3339 allows "t" and "z" in small letters
	if !dateShape.MatchString(s) {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// RepairedCursor is where a connection goes on whose cursor is unusable or has
// not begun: the end of the newest coverage, at the marketplace where that is
// least; without any coverage, now less seven days.
func RepairedCursor(coverage map[string]Spans, marketplaceIDs []string, amazonNow time.Time) time.Time {
	fallback := amazonNow.Add(-CursorFallback).Truncate(time.Second)
	var least time.Time
	for _, id := range marketplaceIDs {
		end, ok := coverage[id].End()
		if !ok || JudgeTime(end, amazonNow, OldestHistory(marketplaceIDs, amazonNow)) != "" {
			continue
		}
		if least.IsZero() || end.Before(least) {
			least = end
		}
	}
	if least.IsZero() {
		return fallback
	}
	return least
}
