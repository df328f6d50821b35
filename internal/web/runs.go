package web

import (
	"context"
	"strings"
	"time"

	"ordersync"
)

// runsScreen lists what was asked for: the newest run first.
func runsScreen() screen {
	return screen{
		name: "runs", path: "/runs", nav: "runs", entry: "Runs", icon: "runs", operator: true,
		live: []string{"list"},
		load: (*dashboard).loadRuns,
		acts: map[string]func(*dashboard, context.Context, *visit) (string, error){"run": (*dashboard).startRun},
	}
}

const (
	// runsPage is how many runs a page lists, recentRuns how many stand beside one.
	runsPage, recentRuns = 25, 6
)

// runsData fills the page.
type runsData struct {
	Head  string
	Rows  []runRow
	Older string // the address of the next page
	Paged bool   // it is not the first page
	Going int
}

// runRow is a run in a list.
type runRow struct {
	Name, Href, Tenant string
	OpenedAt           time.Time
	Ago                string
	Split              split
	Text               string // what of it is not well
	Took               string
	Going, Cancelled   bool
}

func (d *dashboard) loadRuns(ctx context.Context, v *visit) (any, error) {
	var data runsData
	runs, err := d.runsOf(ctx, v, &data)
	if err != nil {
		return nil, err
	}
	for _, r := range runs[:min(len(runs), runsPage)] {
		data.Rows = append(data.Rows, v.runRow(r))
		if r.State != ordersync.RunFinished {
			data.Going++
		}
	}
	if len(runs) > runsPage {
		data.Older = v.With("before", string(runs[runsPage-1].ID))
	}
	switch {
	case data.Paged:
		data.Head = v.T("Earlier runs")
	case data.Going > 0:
		data.Head = v.TN(data.Going, "%s run is in progress", "%s runs are in progress")
	case len(runs) == 0:
		data.Head = v.T("There was no run yet")
	default:
		data.Head = v.T("No run is in progress")
	}
	return data, nil
}

// runsOf reads the runs of a page, and one more where there is one.
func (d *dashboard) runsOf(ctx context.Context, v *visit, data *runsData) ([]ordersync.Run, error) {
	text := v.Query.Get("before")
	if text == "" {
		return d.runs.newest(ctx)
	}
	before, err := ordersync.ParseRunID(text)
	if err != nil {
		return nil, wrong("the address names no run to go on from: open the list of runs again")
	}
	v.live, data.Paged = nil, true
	return d.runs.page(ctx, before)
}

// startRun asks for all connections to be brought up to date.
func (d *dashboard) startRun(ctx context.Context, _ *visit) (string, error) {
	id, err := d.Engine.StartRun(ctx, ordersync.GlobalRun, "")
	if err != nil {
		return "", err
	}
	d.runs.forget(id)
	return runHref(id), nil
}

func runHref(id ordersync.RunID) string { return "/runs/" + string(id) }

// runName is what a run is called: by when it was asked for.
func (v *visit) runName(r ordersync.Run) string {
	if day := v.words.clock(r.OpenedAt, v.Now); !strings.Contains(day, ":") {
		return v.T("Run on %s", day+", "+r.OpenedAt.UTC().Format("15:04"))
	}
	return v.T("Run at %s", r.OpenedAt.UTC().Format("15:04:05"))
}

func (v *visit) runRow(r ordersync.Run) runRow {
	row := runRow{
		Name: v.runName(r), Href: runHref(r.ID), Tenant: string(r.Tenant), OpenedAt: r.OpenedAt,
		Ago:   v.T("%s ago", v.words.span(v.Now.Sub(r.OpenedAt))),
		Split: v.splitOf(r.Summary, "thin"), Going: r.State != ordersync.RunFinished, Cancelled: !r.CancelledAt.IsZero(),
		Took: v.words.length(lasted(r, v.Now)),
	}
	s := r.Summary
	switch bad := s.Total - s.Success - s.Open(); {
	case row.Going:
		row.Text = v.T("%s of %s", s.Total-s.Open(), s.Total)
	case s.Total == 0:
		row.Text = v.T("no connection")
	case bad == 0:
		row.Text = v.TN(s.Total, "%s connection, up to date", "%s connections, all up to date")
	default:
		row.Text = v.T("%s of %s without success", bad, s.Total)
	}
	return row
}

// lasted is how long a run took, or has taken.
func lasted(r ordersync.Run, now time.Time) time.Duration {
	if r.FinishedAt.IsZero() {
		return max(now.Sub(r.OpenedAt), 0)
	}
	return r.FinishedAt.Sub(r.OpenedAt)
}

// length is how long something took: 0.4 s, 12 s, 2 min 8 s, 3 h.
func (w words) length(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return w.decimal(max(d, 0).Seconds(), 1) + noBreak + "s"
	case d < time.Minute || d >= time.Hour:
		return w.span(d)
	}
	d = d.Round(time.Second)
	if d%time.Minute == 0 {
		return w.span(d)
	}
	return w.span(d) + noBreak + w.span(d%time.Minute)
}

// split is a bar that shows how the targets of a run ended.
type split struct {
	Size  string // thin, big or ""
	Story string
	Parts []splitPart
}

type splitPart struct{ Class, Pattern, X, Width string }

// splitOf makes the bar of a run's totals. What there is of is seen, however little.
func (v *visit) splitOf(s ordersync.Summary, size string) split {
	const gap, least = 0.3, 0.7 // percent
	out := split{Size: size}
	kinds := []struct {
		n                    int
		class, pattern, word string
	}{
		{s.Success, "fl-ok", "", v.T("Success")},
		{s.Partial, "fl-part", "hatch", v.T("Partial")},
		{s.Skipped, "fl-skip", "dots", v.T("Skipped")},
		{s.Failed, "fl-fail", "", v.T("Failed")},
		{s.Open(), "fl-line", "", v.T("Still to come")},
	}
	small, rest, some := 0, s.Total, 0
	for _, k := range kinds {
		if k.n > 0 {
			some++
		}
		if k.n > 0 && float64(k.n)*100 < least*float64(s.Total) {
			small++
			rest -= k.n
		}
	}
	room := 100 - gap*float64(max(some-1, 0)) - least*float64(small)
	var stories []string
	x := 0.0
	for _, k := range kinds {
		if k.n == 0 {
			continue
		}
		width := least
		if float64(k.n)*100 >= least*float64(s.Total) {
			width = room * float64(k.n) / float64(rest)
		}
		out.Parts = append(out.Parts, splitPart{k.class, k.pattern, percent(x), percent(width)})
		stories = append(stories, k.word+" "+v.words.number(int64(k.n)))
		x += width + gap
	}
	if len(stories) == 0 {
		stories = append(stories, v.T("no connection"))
	}
	out.Story = strings.Join(stories, ", ")
	return out
}
