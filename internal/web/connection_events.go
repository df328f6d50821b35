package web

import (
	"slices"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// outcomeRow is what a run came to for the connection.
type outcomeRow struct {
	At                        time.Time
	Href                      string
	Class, Icon, Word, Text   string
	Open                      bool
	Received, Created, Change int64
	Took                      string
}

// outcomeRows lists the last outcomes.
func (v *visit) outcomeRows(targets []ordersync.Target) (out []outcomeRow) {
	for _, t := range targets[:min(len(targets), shownOutcomes)] {
		row := outcomeRow{At: t.OpenedAt, Href: "/runs/" + string(t.Run), Open: true, Class: "partial", Icon: "clock", Word: v.T("Under way")}
		if t.Settled() {
			status := t.Outcome.Status()
			row.At, row.Open, row.Class, row.Icon, row.Word = t.SettledAt, false, string(status), string(status), v.T(statusWords[status])
			row.Text = v.T(sayingOf(t.Outcome.Reason, t.Outcome.Confirmed).head)
			row.Received, row.Created, row.Change = t.Counts.OrdersReceived, t.Counts.OrdersCreated, t.Counts.OrdersChanged
			row.Took = v.seconds(max(t.SettledAt.Sub(t.OpenedAt), 0))
		}
		out = append(out, row)
	}
	return out
}

// eventRow is something that happened to the connection.
type eventRow struct {
	At     time.Time
	Text   string
	Detail string // values before and after, escaped
}

// events lists what happened, the newest first.
func (v *visit) events(c connectionNow) (out []eventRow) {
	for _, s := range c.past.states {
		out = append(out, eventRow{At: s.At, Text: v.stateText(s)})
	}
	for _, r := range c.past.repairs {
		row := eventRow{At: r.At, Text: v.T("Repaired: %s", v.T(repairNames[r.Code]))}
		if len(r.Old) > 0 || r.New != "" {
			row.Detail = ordersync.ShowBytes(r.Old) + " → " + r.New
		}
		out = append(out, row)
	}
	for i, t := range c.past.outcomes {
		// The first of a row of the same outcomes; the newest come first.
		next := ordersync.Reason("")
		if i+1 < len(c.past.outcomes) {
			next = c.past.outcomes[i+1].Outcome.Reason
		}
		if t.Settled() && t.Outcome.Reason != next {
			out = append(out, eventRow{At: t.SettledAt, Text: v.T("A run ended with: %s", v.T(sayingOf(t.Outcome.Reason, t.Outcome.Confirmed).head)), Detail: string(t.Outcome.Reason)})
		}
	}
	if !c.AuthorizedAt.IsZero() {
		out = append(out, eventRow{At: c.AuthorizedAt, Text: v.T("The seller agreed at Amazon")})
	}
	slices.SortStableFunc(out, func(a, b eventRow) int { return b.At.Compare(a.At) })
	return out[:min(len(out), shownEvents)]
}

// repairNames are the repairs in few words.
var repairNames = map[ordersync.RepairCode]string{
	ordersync.InvalidDateFixed:   "a cursor that was no date",
	ordersync.FutureCursorFixed:  "a cursor in the future, put back",
	ordersync.StaleCursorClamped: "a cursor before Amazon’s history, moved up",
	ordersync.WalkRestarted:      "a page token that Amazon had forgotten; the window was begun again",
}

// stateNames are the states in a sentence.
var stateNames = map[ordersync.State]string{
	ordersync.Pending: "not connected yet", ordersync.Connected: "connected", ordersync.NeedsReconnect: "must connect again", ordersync.Disabled: "switched off",
}

// stateText says what a change of state was.
func (v *visit) stateText(s store.StateChange) string {
	switch {
	case s.Cause == "paused" && s.From == s.To:
		return v.T("Paused by an operator")
	case s.Cause == "resumed" && s.From == s.To:
		return v.T("Resumed by an operator")
	case s.Cause == "disconnected":
		return v.T("Disconnected: the refresh token was deleted")
	case s.From == "":
		return v.T("First known as: %s", v.T(stateNames[s.To]))
	}
	return v.T("From “%s” to “%s” (%s)", v.T(stateNames[s.From]), v.T(stateNames[s.To]), s.Cause)
}

// stateLook is the colour and the icon of a change of state.
func stateLook(s store.StateChange) (class, icon string) {
	switch {
	case s.Cause == "paused":
		return "c-skip", "pause"
	case s.Cause == "resumed":
		return "c-ok", "play"
	case s.To == ordersync.Connected:
		return "c-ok", "success"
	}
	return "c-skip", "skipped"
}
