package web

import (
	"cmp"
	"slices"

	"ordersync"
	"ordersync/internal/store"
)

// verdict writes what the page says first.
func (v *visit) verdict(now store.RunTally, data *runData) {
	s := now.Summary
	waits := [...]int{actsYou: 0, actsSeller: 0, actsNobody: 0}
	for _, r := range now.Reasons {
		if r.Reason != ordersync.Success {
			waits[reasonActs(r)] += r.N
		}
		if r.ResumesAt.After(data.ResumesAt) {
			data.ResumesAt = r.ResumesAt
		}
	}
	data.Waiting, data.Counts, data.Counted = waits[actsNobody], now.Counts(), now.Counted
	data.Split, data.Took = v.splitOf(s, "big"), v.words.length(lasted(now.Run, v.Now))
	data.Cancelling = data.Going && !now.CancelledAt.IsZero()
	data.ProgressHead = v.TN(s.Total, "%s connection has an outcome", "%s connections have an outcome")
	switch {
	case data.Going:
		data.Head = v.T("%s is in progress", data.Name)
		data.ProgressHead = v.T("%s of %s connections have an outcome", s.Total-s.Open(), s.Total)
	case s.Total == 0:
		data.Head = v.T("%s had no connection to read", data.Name)
		data.ProgressHead = v.T("No connection was to be read")
	case !now.CancelledAt.IsZero():
		data.Head = v.T("%s was cancelled", data.Name)
	case waits[actsYou] > 0:
		data.Head = v.TN(waits[actsYou], "%s connection needed you.", "%s connections needed you.")
	case waits[actsSeller] > 0:
		data.Head = v.TN(waits[actsSeller], "Nothing needs you. %s connection waits for its seller.", "Nothing needs you. %s connections wait for their seller.")
	case waits[actsNobody] > 0:
		data.Head = v.TN(waits[actsNobody], "Nobody has to act. %s connection goes on by itself.", "Nobody has to act. %s connections go on by themselves.")
	case s.Success < s.Total:
		data.Head = v.T("%s has ended", data.Name) // what it came to is kept in totals only
	default:
		data.Head = v.TN(s.Total, "The connection is up to date.", "All %s connections are up to date.")
	}
	data.Sub = v.T("All connections")
	if now.Mode == ordersync.SingleRun {
		data.Sub = v.T("Tenant %s", now.Tenant)
	}
}

// reasonActs is who must act on targets of a reason.
func reasonActs(r store.ReasonTally) acts {
	return actsOf(ordersync.Outcome{Reason: r.Reason, Confirmed: r.Confirmed}.Actor())
}

// reasonRow is a reason of a run beside the same of the run before.
type reasonRow struct {
	troubleKey
	Status, Head, Code, Href string
	N, Before                int
	Change, ChangeClass      string
	Who, WhoIcon             string
}

// compare lists the reasons of two runs: who must act first, most connections first.
func (v *visit) compare(now, before store.RunTally, data *runData) {
	rows := map[troubleKey]*reasonRow{}
	row := func(r store.ReasonTally) *reasonRow {
		k := troubleKey{reasonActs(r), r.Reason}
		if rows[k] == nil {
			rows[k] = v.reasonRow(k)
		}
		return rows[k]
	}
	for _, r := range now.Reasons {
		row(r).N += r.N
	}
	for _, r := range before.Reasons {
		row(r).Before += r.N
	}
	for _, r := range rows {
		v.change(r, data.Going)
		data.Reasons = append(data.Reasons, *r)
	}
	slices.SortFunc(data.Reasons, func(a, b reasonRow) int {
		return cmp.Or(last(a.reason == ordersync.Success, b.reason == ordersync.Success), cmp.Compare(a.acts, b.acts),
			cmp.Compare(max(b.N, b.Before), max(a.N, a.Before)), cmp.Compare(a.reason, b.reason))
	})
}

// last sorts what is true behind what is not.
func last(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (v *visit) reasonRow(k troubleKey) *reasonRow {
	who := [...]struct{ word, icon string }{actsYou: {"Operator", "you"}, actsSeller: {"Seller", "seller"}, actsNobody: {"Nobody", "nobody"}}[k.acts]
	return &reasonRow{
		troubleKey: k, Status: string(k.reason.Info().Status), Head: v.T(sayingOf(k.reason, k.acts != actsNobody).head), Code: string(k.reason),
		Href: v.Path + "?reason=" + string(k.reason) + "#outcomes-head", Who: v.T(who.word), WhoIcon: who.icon,
	}
}

// change says how a reason's number compares with the run before. While the run goes on
// fewer means nothing yet.
func (v *visit) change(r *reasonRow, going bool) {
	more := r.N - r.Before
	good := (r.reason == ordersync.Success) == (more > 0)
	switch {
	case more == 0:
		r.Change = v.T("same")
		return
	case more < 0 && going:
		r.Change = v.T("to come")
		return
	case more > 0:
		r.Change = v.T("%s more", more)
	default:
		r.Change = v.T("%s fewer", -more)
	}
	r.ChangeClass = "up"
	if good {
		r.ChangeClass = "down"
	}
}
