package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// words are a language: its sentences, and how it writes numbers and times. The zero
// value is English.
type words struct {
	french bool
}

func wordsOf(lang string) words { return words{french: lang == "fr"} }

// say is an English sentence in this language; each %s in it is filled with the next
// of args, numbers written as the language writes them. A sentence that the tables
// of French lack stays English; a test finds it.
func (w words) say(english string, args ...any) string {
	text := english
	if w.french {
		if translated, ok := french(english); ok {
			text = translated
		}
	}
	if len(args) == 0 {
		return text
	}
	shown := make([]any, len(args))
	for i, a := range args {
		shown[i] = w.show(a)
	}
	return fmt.Sprintf(text, shown...)
}

// count says of n either the one sentence or the other. One without %s leaves the
// number out. French counts 0 as one.
func (w words) count(n any, one, many string, args ...any) string {
	k := int64Of(n)
	text := many
	if k == 1 || w.french && k == 0 {
		text = one
	}
	if !strings.Contains(text, "%s") {
		return w.say(text)
	}
	return w.say(text, append([]any{n}, args...)...)
}

// show is a value as text.
func (w words) show(a any) string {
	switch a := a.(type) {
	case int, int64, int32:
		return w.number(int64Of(a))
	case float64:
		return w.decimal(a, 2)
	default:
		return fmt.Sprint(a)
	}
}

func int64Of(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	case int32:
		return int64(n)
	}
	return 0
}

const (
	narrowSpace = "\u202f" // between the thousands of a French number
	noBreak     = "\u00a0"
)

// number writes 1,204 or, in French, 1 204.
func (w words) number(n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "−"
	}
	between := ","
	if w.french {
		between = narrowSpace
	}
	return sign + thousands(digits, between)
}

// decimal writes a number with at most so many decimals.
func (w words) decimal(f float64, decimals int) string {
	text := strconv.FormatFloat(f, 'f', decimals, 64)
	whole, part, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return text // too large to be written prettily
	}
	point := "."
	if w.french {
		point = ","
	}
	shown := w.number(n)
	if strings.HasPrefix(whole, "-") && n == 0 {
		shown = "−0"
	}
	if part = strings.TrimRight(part, "0"); part == "" {
		return shown
	}
	return shown + point + part
}

// span is a length of time in its largest unit: 40 s, 52 min, 3 h, 6 days.
func (w words) span(d time.Duration) string {
	unit := func(n int64, name string) string { return w.number(n) + noBreak + name }
	switch d = max(d, 0); {
	case d < time.Minute:
		return unit(int64(d/time.Second), "s")
	case d < time.Hour:
		return unit(int64(d/time.Minute), "min")
	case d < 48*time.Hour:
		return unit(int64(d/time.Hour), "h")
	case w.french:
		return unit(int64(d/(24*time.Hour)), "j")
	default:
		return unit(int64(d/(24*time.Hour)), "days")
	}
}

var (
	englishMonths = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	frenchMonths  = [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}
)

// date is a day: 17 Nov, with the year when it is not this one.
func (w words) date(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	month := englishMonths[t.Month()-1]
	if w.french {
		month = frenchMonths[t.Month()-1]
	}
	text := strconv.Itoa(t.Day()) + noBreak + month
	if t.Year() != now.Year() {
		text += noBreak + strconv.Itoa(t.Year())
	}
	return text
}

// clock is a time of day when it lies within a day of now, the day with its time within a
// week, else the day.
func (w words) clock(t, now time.Time) string {
	const day = 24 * time.Hour
	switch d := now.Sub(t).Abs(); {
	case d < day:
		return t.UTC().Format("15:04:05")
	case d < 7*day:
		return w.date(t, now) + " " + t.UTC().Format("15:04")
	}
	return w.date(t, now)
}
