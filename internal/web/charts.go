package web

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"time"

	"ordersync"
)

// chart is a figure: what a script draws, and the table that says the same.
type chart struct {
	ID, Title, Unit, Kind string // kind: bars or line
	// Story says what there is to see, for who does not see it.
	Story     string
	ShowTable string
	TimeHead  string
	JSON      string
	Series    []chartSeries
	Rows      []chartRow
}

// chartSeries is one row of numbers. Colour and pattern are of the style sheet.
type chartSeries struct {
	Name    string `json:"name"`
	Last    string `json:"-"`
	Colour  string `json:"colour"`
	Pattern string `json:"pattern,omitempty"` // of bars: hatch, dots
	Dashed  bool   `json:"dashed,omitempty"`  // a limit
}

type chartRow struct {
	Time   string
	Values []string
}

// chartJSON is what the script reads.
type chartJSON struct {
	Series []chartSeries `json:"series"`
	// Data are the times, in seconds, then the values of each series.
	Data [][]float64 `json:"data"`
	// Percent: values are shares of a hundred.
	Percent bool `json:"percent,omitempty"`
	Step    int  `json:"step"` // seconds between two points
}

// step is the time that a point of a chart stands for.
const step = 5 * time.Minute

// points are the beginnings of a chart's steps, the last one under way.
func points(now time.Time) (out []time.Time) {
	last := now.UTC().Truncate(step)
	for t := last.Add(step - chartTime); !t.After(last); t = t.Add(step) {
		out = append(out, t)
	}
	return out
}

// perStep adds up what each step holds.
func (f fleetNow) perStep(times []time.Time, of func(i int) float64) []float64 {
	out := make([]float64, len(times))
	for i, m := range f.traffic {
		if at := int(m.At.Sub(times[0]) / step); !m.At.Before(times[0]) && at < len(out) {
			out[at] += of(i)
		}
	}
	return out
}

// rates are the same a minute; the step under way is shorter than the others.
func (f fleetNow) rates(times []time.Time, of func(i int) float64) []float64 {
	out := f.perStep(times, of)
	for i := range out {
		length := min(step, max(f.at.Sub(times[i]), time.Minute))
		out[i] = math.Round(out[i]/length.Minutes()*100) / 100
	}
	return out
}

// charts are those of the fleet.
func (f fleetNow) charts(v *visit) []chart {
	times := points(f.at)
	orders := f.rates(times, func(i int) float64 { return float64(f.traffic[i].Created + f.traffic[i].Changed) })
	calls := f.rates(times, func(i int) float64 { return float64(f.traffic[i].Searches) })
	all := f.perStep(times, func(i int) float64 { return float64(f.traffic[i].Calls) })
	refused := f.perStep(times, func(i int) float64 { return float64(f.traffic[i].Throttled) })
	for i := range refused {
		if all[i] > 0 {
			refused[i] = math.Round(refused[i]/all[i]*10000) / 100
		}
	}
	perMinute := v.T("per minute")
	ceiling := slices.Repeat([]float64{math.Round(f.ceiling*100) / 100}, len(times))
	return []chart{
		f.outcomes(v, times),
		v.chart("orders", v.T("Orders stored"), perMinute, "line", false, times, []chartSeries{{Name: v.T("orders"), Colour: "ok"}}, [][]float64{orders}),
		v.chart("calls", v.T("Calls to Amazon"), v.T("searches per minute, and what the budgets refill"), "line", false, times,
			[]chartSeries{{Name: v.T("calls"), Colour: "1"}, {Name: v.T("budgets’ refill"), Colour: "ink", Dashed: true}}, [][]float64{calls, ceiling}),
		v.chart("throttled", v.T("Calls answered 429"), v.T("share of all calls"), "line", true, times,
			[]chartSeries{{Name: v.T("429 share"), Colour: "part"}, {Name: v.T("ordersync’s promise"), Colour: "ink", Dashed: true}}, [][]float64{refused, slices.Repeat([]float64{0.5}, len(times))}),
	}
}

// look is a colour and a pattern of the style sheet.
type look struct{ colour, pattern string }

// others is how all reasons look that are not told apart.
var others = look{"1", "dots"}

// looks are how bars show reasons: always alike, whichever are the most frequent. One that
// is not here is a newer version's, and looks like the others.
var looks = map[ordersync.Reason]look{
	ordersync.AmazonRateLimit:        {"part", ""},
	ordersync.CatchingUp:             {"ok", ""},
	ordersync.Interrupted:            {"skip", ""},
	ordersync.LockUnavailable:        {"skip", "hatch"},
	ordersync.NotConnected:           {"1", "hatch"},
	ordersync.TokenMissing:           {"2", "hatch"},
	ordersync.TokenRevoked:           {"2", ""},
	ordersync.Paused:                 {"skip", "dots"},
	ordersync.AccessDenied:           {"fail", "hatch"},
	ordersync.PlatformDenied:         {"fail", "dots"},
	ordersync.AmazonUnavailable:      {"fail", ""},
	ordersync.AmazonBadResponse:      {"part", "hatch"},
	ordersync.RequestRejected:        {"1", ""},
	ordersync.ClockSkew:              {"ok", "hatch"},
	ordersync.AppCredentialsInvalid:  {"2", "dots"},
	ordersync.SecretStoreUnavailable: {"part", "dots"},
	ordersync.UnknownError:           {"ok", "dots"},
}

// mostReasons is how many reasons a chart tells apart.
const mostReasons = 4

// outcomes shows how live work ended where that was no success.
func (f fleetNow) outcomes(v *visit, times []time.Time) chart {
	totals := map[ordersync.Reason]int64{}
	for _, m := range f.traffic {
		for reason, n := range m.Outcomes {
			if reason != ordersync.Success {
				totals[reason] += n
			}
		}
	}
	reasons := slices.SortedFunc(maps.Keys(totals), func(a, b ordersync.Reason) int { return cmp.Or(cmp.Compare(totals[b], totals[a]), cmp.Compare(a, b)) })
	var series []chartSeries
	var data [][]float64
	for _, reason := range reasons[:min(len(reasons), mostReasons)] {
		shown, ok := looks[reason]
		if !ok {
			shown = others
		}
		series = append(series, chartSeries{Name: string(reason), Colour: shown.colour, Pattern: shown.pattern})
		data = append(data, f.perStep(times, func(i int) float64 { return float64(f.traffic[i].Outcomes[reason]) }))
	}
	if len(reasons) > mostReasons {
		series = append(series, chartSeries{Name: v.T("others"), Colour: others.colour, Pattern: others.pattern})
		data = append(data, f.perStep(times, func(i int) (n float64) {
			for _, reason := range reasons[mostReasons:] {
				n += float64(f.traffic[i].Outcomes[reason])
			}
			return n
		}))
	}
	return v.chart("outcomes", v.T("Outcomes that were not a success"), v.T("in 5 minutes, by reason"), "bars", false, times, series, data)
}

// tableRows is how many of the last points the table shows.
const tableRows = 12

// chart makes a chart of its numbers.
func (v *visit) chart(id, title, unit, kind string, percent bool, times []time.Time, series []chartSeries, data [][]float64) chart {
	c := chart{ID: id, Title: title, Unit: unit, Kind: kind, Series: series, ShowTable: v.T("Show as table"), TimeHead: v.T("Time")}
	show := func(f float64) string {
		if percent {
			return v.words.decimal(f, 2) + noBreak + "%"
		}
		return v.words.decimal(f, 1)
	}
	c.Story = title + ", " + unit
	plot := chartJSON{Series: series, Percent: percent, Step: int(step / time.Second), Data: [][]float64{{}}}
	for _, t := range times {
		plot.Data[0] = append(plot.Data[0], float64(t.Unix()))
	}
	for i, values := range data {
		plot.Data = append(plot.Data, values)
		series[i].Last = show(values[len(values)-1])
		c.Story += "; " + v.T("%s now %s, at most %s", series[i].Name, series[i].Last, show(slices.Max(values)))
	}
	if len(data) == 0 {
		c.Story += "; " + v.T("there were none")
	}
	for i := len(times) - 1; i >= max(0, len(times)-tableRows); i-- {
		row := chartRow{Time: times[i].Format("15:04")}
		for _, values := range data {
			row.Values = append(row.Values, show(values[i]))
		}
		c.Rows = append(c.Rows, row)
	}
	text, err := json.Marshal(plot)
	if err != nil {
		text = []byte("{}") // numbers that are none are not drawn; the table has them
	}
	c.JSON = string(text)
	return c
}
