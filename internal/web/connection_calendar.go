package web

import (
	"strings"
	"time"

	"ordersync"
)

// calendarData is the year of an authorisation.
type calendarData struct {
	Known, Ended           bool
	From, Until            time.Time
	FromText, UntilText    string
	Left                   string
	Story, Warnings        string
	Past, Rest, Last       string // widths, and where the last month begins
	LastWidth, TodayAnchor string
	Months                 []monthMark
	Marks                  []string // where warnings stand
}

type monthMark struct{ Line, Letter, X string }

// calendar draws the year of a connection's authorisation.
func (v *visit) calendar(c ordersync.Connection) calendarData {
	from, until := c.AuthorizedAt, c.AuthorizedUntil()
	if from.IsZero() {
		return calendarData{}
	}
	data := calendarData{Known: true, Ended: !v.Now.Before(until), From: from, Until: until, FromText: v.fullDate(from), UntilText: v.fullDate(until)}
	x := func(t time.Time) float64 { return 100 * float64(t.Sub(from)) / float64(until.Sub(from)) }
	past := min(max(x(v.Now), 0), 100)
	data.Past, data.Rest, data.TodayAnchor = percent(past), percent(100-past), "middle"
	switch {
	case past > 85:
		data.TodayAnchor = "end"
	case past < 15:
		data.TodayAnchor = "start"
	}
	var days []string
	for i, d := range ordersync.AuthorizationWarnings {
		at := until.AddDate(0, 0, -d)
		if i == 0 {
			data.Last, data.LastWidth = percent(x(at)), percent(100-x(at))
		}
		data.Marks = append(data.Marks, percent(x(at)))
		days = append(days, v.words.date(at, v.Now))
	}
	data.Warnings = strings.Join(days, ", ")
	first := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, 1, 0)
	for m := first; m.Before(until); m = m.AddDate(0, 1, 0) {
		mark := monthMark{Line: percent(x(m))}
		if middle := m.AddDate(0, 0, 14); middle.Before(until) {
			mark.X, mark.Letter = percent(x(middle)), v.monthLetter(m.Month())
		}
		data.Months = append(data.Months, mark)
	}
	data.Left = v.T("it has ended")
	if !data.Ended {
		left := int64(until.Sub(v.Now) / (24 * time.Hour))
		data.Left = v.TN(left, "%s day left", "%s days left")
	}
	data.Story = v.T("Consent given %s; it ends %s: %s.", data.FromText, data.UntilText, data.Left)
	return data
}

// fullDate is a day with its year.
func (v *visit) fullDate(t time.Time) string { return v.words.date(t, time.Time{}) }

func (v *visit) monthLetter(m time.Month) string {
	if v.words.french {
		return strings.ToUpper(frenchMonths[m-1][:1])
	}
	return englishMonths[m-1][:1]
}
