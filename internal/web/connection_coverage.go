package web

import (
	"strings"
	"time"

	"ordersync"
)

// coverageData is what of the history has been read.
type coverageData struct {
	Known                       bool // there is something to draw
	Since                       time.Time
	Lanes                       []coverageLane
	Height                      int
	Story                       string
	FromText, ToText            string
	CompleteFrom, CompleteUntil time.Time
	ConfirmedFrom, Confirmed    time.Time
	Gaps                        []gapRow
	GapCount, MoreGaps          int
	LastSweep, NextSweep        time.Time
	SweepNow                    bool
	Next                        string // back work that is next
	NextFrom, NextTo, NextAt    time.Time
	BackDueAt                   time.Time
}

// coverageLane is a marketplace's coverage, in percent of what is wanted.
type coverageLane struct {
	Name            string
	TextY, BarY     int
	Confirmed, Once []span
	Percent         string // read at all
}

type span struct{ X, Width string }

type gapRow struct {
	Name     string
	From, To time.Time
}

const (
	// shownGaps is how many gaps are listed, drawnSpans how many spans of a
	// marketplace are drawn at most.
	shownGaps, drawnSpans = 10, 120
	laneHeight            = 38
)

// coverage shows what was read, what is missing, and what back work does next.
func (v *visit) coverage(c connectionNow) coverageData {
	confirmed := c.ConfirmedThrough()
	data := coverageData{
		Since: c.back.Since, CompleteFrom: c.complete.From, CompleteUntil: c.complete.Until, ConfirmedFrom: confirmed.From, Confirmed: confirmed.Until,
		LastSweep: c.Sweep.LastAt, SweepNow: !c.Sweep.BegunAt.IsZero(), BackDueAt: c.BackDueAt,
	}
	if c.back.Sweep.Every > 0 && !c.Sweep.LastAt.IsZero() {
		data.NextSweep = c.back.Sweep.DueAt()
	}
	if c.Paused || c.State == ordersync.Disabled || c.State == ordersync.Pending {
		data.BackDueAt = time.Time{}
	}
	work, ok, next := ordersync.NextBackWork(c.back)
	if data.NextAt = next; ok {
		data.Next, data.NextFrom, data.NextTo = v.T(purposeNames[work.Purpose]), work.Window.From, work.Window.To
		data.Next += ", " + strings.Join(tagsOf(work.Marketplaces), " ")
	}
	v.lanes(c, &data)
	for _, m := range c.Marketplaces {
		gaps := c.back.Gaps(m)
		data.GapCount += len(gaps)
		for i := len(gaps) - 1; i >= 0 && len(data.Gaps) < shownGaps; i-- { // the newest first
			data.Gaps = append(data.Gaps, gapRow{v.countryName(m), gaps[i].From, gaps[i].To})
		}
	}
	data.MoreGaps = data.GapCount - len(data.Gaps)
	return data
}

func tagsOf(marketplaces []string) (out []string) {
	for _, id := range marketplaces {
		out = append(out, marketplaceTag(id))
	}
	return out
}

// lanes draws each marketplace's coverage, from where orders are wanted to now.
func (v *visit) lanes(c connectionNow, data *coverageData) {
	whole := ordersync.Window{From: c.back.Since, To: v.Now}
	if !whole.From.Before(whole.To) || c.Cursor.IsZero() {
		return
	}
	for i, m := range c.Marketplaces {
		r := c.back.Readings[m]
		lane := coverageLane{Name: v.countryName(m), TextY: i*laneHeight + 12, BarY: i*laneHeight + 18}
		lane.Once, lane.Confirmed = drawn(r.Walked, whole), drawn(r.Confirmed, whole)
		read := time.Duration(0)
		for _, w := range r.Walked {
			from, to := maxOf(w.From, whole.From), minOf(w.To, whole.To)
			read += max(to.Sub(from), 0)
		}
		lane.Percent = v.T("%s %% read", v.words.decimal(100*float64(read)/float64(whole.Width()), 1))
		data.Known = true
		data.Lanes = append(data.Lanes, lane)
		data.Story += lane.Name + ": " + lane.Percent + ". "
	}
	data.Height = len(c.Marketplaces)*laneHeight + 18
	data.FromText, data.ToText = v.words.date(whole.From, v.Now), v.T("now")
}

func maxOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func minOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// drawn are spans in percent of a window; those too near to each other to be told apart
// are drawn as one, the newest of many only.
func drawn(spans ordersync.Spans, whole ordersync.Window) (out []span) {
	near := whole.Width() / 500
	var merged ordersync.Spans
	for _, s := range spans {
		s.From, s.To = maxOf(s.From, whole.From), minOf(s.To, whole.To)
		switch last := len(merged) - 1; {
		case !s.From.Before(s.To):
		case last >= 0 && s.From.Sub(merged[last].To) < near:
			merged[last].To = s.To
		default:
			merged = append(merged, s)
		}
	}
	for _, s := range merged[max(0, len(merged)-drawnSpans):] {
		x := 100 * float64(s.From.Sub(whole.From)) / float64(whole.Width())
		out = append(out, span{percent(x), percent(max(100*float64(s.Width())/float64(whole.Width()), .3))})
	}
	return out
}
