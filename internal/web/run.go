package web

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// runScreen shows a run: how far it is, how it ended, for whom, and how that compares
// with the run before.
func runScreen() screen {
	return screen{
		name: "run", path: "/runs/{id}", nav: "runs", operator: true,
		live: []string{"head", "progress", "reasons", "outcomes", "recent"},
		load: (*dashboard).loadRun,
		acts: map[string]func(*dashboard, context.Context, *visit) (string, error){"cancel": (*dashboard).cancelRun},
	}
}

// outcomesPage is how many outcomes a page lists.
const outcomesPage = 25

// runData fills the page.
type runData struct {
	Name, Head, Sub   string
	Run               ordersync.Run
	Going, Cancelling bool
	Took              string
	Split             split
	ProgressHead      string
	Counts            ordersync.Counts
	Counted           bool
	Waiting           int // go on by themselves
	ResumesAt         time.Time

	Reasons           []reasonRow
	Before            *runLink
	SumBefore         int
	Recent            []runRow
	Outcomes          []settledRow
	Older, Newest     string // addresses
	Filter            outcomesFilter
	Gone              bool // the outcomes are kept no longer
	Statuses, Choices []choice
}

// Settled is how many targets have their outcome.
func (data *runData) Settled() int { return data.Run.Summary.Total - data.Run.Summary.Open() }

// PageSize is how many outcomes a page lists.
func (*runData) PageSize() int { return outcomesPage }

// runLink is a run that a sentence names.
type runLink struct{ Name, Href string }

// outcomesFilter is which outcomes the page lists.
type outcomesFilter struct {
	Status ordersync.Status
	Reason ordersync.Reason
	Before store.SettledMark
}

func (v *visit) runID() (ordersync.RunID, error) {
	id, err := ordersync.ParseRunID(v.param("id"))
	if err != nil {
		return "", store.ErrNotFound
	}
	return id, nil
}

func (d *dashboard) loadRun(ctx context.Context, v *visit) (any, error) {
	id, err := v.runID()
	if err != nil {
		return nil, err
	}
	filter, err := v.outcomesFilter()
	if err != nil {
		return nil, err
	}
	now, err := d.runs.get(ctx, id)
	if err != nil {
		return nil, err
	}
	data := &runData{Run: now.Run, Name: v.runName(now.Run), Filter: filter, Going: now.State != ordersync.RunFinished}
	if !data.Going {
		v.live = nil // nothing changes any more
	}
	before, err := d.runBefore(ctx, v, now, data)
	if err != nil {
		return nil, err
	}
	v.verdict(now, data)
	v.compare(now, before, data)
	if err := d.recentRuns(ctx, v, data); err != nil {
		return nil, err
	}
	return data, d.outcomesOf(ctx, v, now, data)
}

// runBefore is what the run before came to; nothing when there was none.
func (d *dashboard) runBefore(ctx context.Context, v *visit, now store.RunTally, data *runData) (out store.RunTally, err error) {
	before, err := d.Reader.RunBefore(ctx, now.Run)
	if errors.Is(err, store.ErrNotFound) {
		return out, nil
	}
	if err == nil {
		out, err = d.runs.get(ctx, before.ID)
	}
	if errors.Is(err, store.ErrNotFound) {
		return store.RunTally{}, nil // purged just now
	}
	if len(out.Reasons) == 0 {
		return out, err // of one that is too old nothing is known but its totals
	}
	data.Before, data.SumBefore = &runLink{v.runName(before), runHref(before.ID)}, out.Summary.Total
	return out, err
}

func (d *dashboard) recentRuns(ctx context.Context, v *visit, data *runData) error {
	runs, err := d.runs.newest(ctx)
	for _, r := range runs[:min(len(runs), recentRuns)] {
		data.Recent = append(data.Recent, v.runRow(r))
	}
	return err
}

// cancelRun ends what is open of a run.
func (d *dashboard) cancelRun(ctx context.Context, v *visit) (string, error) {
	id, err := v.runID()
	if err != nil {
		return "", err
	}
	defer d.runs.forget(id)
	return "", d.Engine.CancelRun(ctx, id)
}

// outcomesFilter reads from the address which outcomes are asked for.
func (v *visit) outcomesFilter() (f outcomesFilter, err error) {
	f.Status, f.Reason = ordersync.Status(v.Query.Get("status")), ordersync.Reason(v.Query.Get("reason"))
	if _, known := statusWords[f.Status]; f.Status != "" && !known {
		return f, wrong("the address names a status that there is not: choose one from the list")
	}
	if _, known := sayings[f.Reason]; f.Reason != "" && !known {
		return f, wrong("the address names a reason that there is not: choose one from the list")
	}
	if text := v.Query.Get("before"); text != "" {
		if f.Before, err = parseOutcomeMark(text); err != nil {
			return f, wrong("the address names no outcome to go on from: open the run again")
		}
	}
	return f, nil
}

// parseOutcomeMark reads a place in a list of outcomes: when, in milliseconds, and whose.
func parseOutcomeMark(text string) (m store.SettledMark, err error) {
	when, whose, _ := strings.Cut(text, "-")
	at, err := strconv.ParseUint(when, 10, 52)
	if err != nil {
		return m, fmt.Errorf("read a mark: %w", err)
	}
	id, err := strconv.ParseUint(whose, 10, 63)
	if err != nil {
		return m, fmt.Errorf("read a mark: %w", err)
	}
	return store.SettledMark{At: time.UnixMilli(int64(at)), Connection: ordersync.ConnectionID(id)}, nil //nolint:gosec // 52 and 63 bits
}

func outcomeMark(m store.SettledMark) string {
	return fmt.Sprintf("%d-%d", m.At.UnixMilli(), m.Connection)
}

// settledRow is how one target ended.
type settledRow struct {
	At                         time.Time
	Name, Tenant, Region, Href string // Href: "" of a connection that was removed
	Status, StatusWord         string
	Code, Head                 string
	Message                    string // what Amazon or the engine said besides, in English
	Repairs                    []string
	ResumesAt                  time.Time
	Orders, SetAside           int64
	ErrorID, Took              string
}

// outcomesOf reads the outcomes that the page lists.
func (d *dashboard) outcomesOf(ctx context.Context, v *visit, now store.RunTally, data *runData) error {
	f := data.Filter
	page, next, err := d.Reader.Outcomes(ctx, data.Run.ID, store.OutcomesPage{Reason: f.Reason, Status: f.Status, Before: f.Before, Limit: outcomesPage})
	if err != nil {
		return err
	}
	for _, t := range page {
		data.Outcomes = append(data.Outcomes, v.settledRow(t))
	}
	if next != (store.SettledMark{}) {
		data.Older = v.With("before", outcomeMark(next)) + "#outcomes-head"
	}
	if v.Query.Has("before") {
		data.Newest = v.With("before", "") + "#outcomes-head"
	}
	data.Gone = len(page) == 0 && !data.Going && data.Settled() > 0 && f == (outcomesFilter{})
	for _, s := range []ordersync.Status{ordersync.StatusSuccess, ordersync.StatusPartial, ordersync.StatusSkipped, ordersync.StatusFailed} {
		data.Statuses = append(data.Statuses, choice{string(s), v.T(statusWords[s]), s == f.Status})
	}
	data.Choices = v.reasonChoices(now, f.Reason)
	return nil
}

// reasonChoices are the reasons that a run has, and the one that is asked for.
func (v *visit) reasonChoices(now store.RunTally, chosen ordersync.Reason) (out []choice) {
	has := map[ordersync.Reason]bool{chosen: chosen != ""}
	for _, r := range now.Reasons {
		has[r.Reason] = true
	}
	for _, info := range ordersync.Reasons() {
		if has[info.Code] {
			out = append(out, choice{string(info.Code), string(info.Code), info.Code == chosen})
		}
	}
	return out
}

func (v *visit) settledRow(t store.NamedTarget) settledRow {
	o, info := t.Outcome, t.Outcome.Reason.Info()
	row := settledRow{
		At: t.SettledAt, Name: nameOf(t.DisplayName, t.Tenant), Region: regionTag(t.Region), Href: connectionHref(t.Tenant, t.Connection),
		Status: string(info.Status), StatusWord: v.T(statusWords[info.Status]), Code: string(o.Reason),
		Head:      v.T(sayingOf(o.Reason, actsOf(o.Actor()) != actsNobody).head),
		ResumesAt: o.ResumesAt, Orders: t.Counts.OrdersReceived, SetAside: t.Counts.SetAside, ErrorID: o.ErrorID,
		Took: v.words.length(t.SettledAt.Sub(t.OpenedAt)),
	}
	if t.Removed {
		row.Href = ""
	}
	if row.Name != string(t.Tenant) {
		row.Tenant = string(t.Tenant)
	}
	if o.Message != "" && o.Message != info.English {
		row.Message = o.Message
	}
	for _, r := range t.Repairs {
		row.Repairs = append(row.Repairs, v.repairText(r.Code))
	}
	return row
}

// repairText is a repair's sentence.
func (v *visit) repairText(code ordersync.RepairCode) string {
	for _, info := range ordersync.RepairTable() {
		if info.Code == code && v.Lang == "fr" {
			return info.French
		}
		if info.Code == code {
			return info.English
		}
	}
	return string(code)
}
