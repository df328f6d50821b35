package httpapi

import (
	"strconv"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Run is a run as users see it.
type Run struct {
	Mode          ordersync.RunMode  `json:"mode"`
	TenantID      ordersync.TenantID `json:"tenantId,omitempty"`
	Success       bool               `json:"success" doc:"Every connection is accounted for."` // the seed: no tenant breaks the run
	Finished      bool               `json:"finished"`
	RunID         ordersync.RunID    `json:"runId"`
	StartedAt     *string            `json:"startedAt"`
	FinishedAt    *string            `json:"finishedAt"`
	Summary       Summary            `json:"summary"`
	TotalDuration int64              `json:"totalDuration" doc:"Milliseconds."`
	Results       []Result           `json:"results" nullable:"false"`
	// ResultsTruncated says that there are too many results: only what is no
	// success is listed, and ResultsLink has all.
	ResultsTruncated bool   `json:"resultsTruncated,omitempty"`
	ResultsLink      string `json:"resultsLink,omitempty"`
	// ReasonCodes is the closed list of reasons and repairs.
	ReasonCodes []string `json:"reasonCodes" nullable:"false"`
}

// Summary counts results: success + partial + skipped + failed = total once the
// run has finished.
type Summary struct {
	Total   int `json:"total"`
	Success int `json:"success"`
	Partial int `json:"partial"`
	Skipped int `json:"skipped"`
	Failed  int `json:"failed"`
}

// Result is what happened to one connection. One that is still open has no
// status.
type Result struct {
	TenantID        ordersync.TenantID `json:"tenantId"`
	ConnectionID    string             `json:"connectionId"`
	Region          ordersync.Region   `json:"region"`
	Status          ordersync.Status   `json:"status,omitempty"`
	ReasonCode      ordersync.Reason   `json:"reasonCode,omitempty"`
	Message         string             `json:"message,omitempty"`
	WhoActs         ordersync.Actor    `json:"whoActs,omitempty" doc:"Who must act; absent: nobody."`
	Confirmed       bool               `json:"confirmed"`
	OrdersProcessed int64              `json:"ordersProcessed" doc:"Received; a second reading counts again."`
	ItemsProcessed  int64              `json:"itemsProcessed"`
	OrdersCreated   int64              `json:"ordersCreated"`
	OrdersChanged   int64              `json:"ordersChanged"`
	SetAside        int64              `json:"setAside"`
	ResumesAt       *string            `json:"resumesAt,omitempty"`
	ErrorID         string             `json:"errorId,omitempty"`
	Repairs         []Repair           `json:"repairs,omitempty" nullable:"false"`
}

// Repair is one thing that was mended.
type Repair struct {
	Code ordersync.RepairCode `json:"code"`
	Old  string               `json:"old" doc:"As found, escaped, at most 64 characters."`
	New  string               `json:"new"`
	At   *string              `json:"at"`
}

// RunOf shows a run and its targets at now.
func RunOf(r ordersync.Run, targets []ordersync.Target, now time.Time) Run {
	finished := store.Settled(r)
	out := Run{
		Mode: r.Mode, TenantID: r.Tenant, RunID: r.ID, Success: finished, Finished: finished,
		StartedAt: when(r.OpenedAt), Summary: Summary{r.Summary.Total, r.Summary.Success, r.Summary.Partial, r.Summary.Skipped, r.Summary.Failed},
		Results: []Result{}, ReasonCodes: ordersync.ReasonCodes(),
	}
	end := r.FinishedAt
	for _, t := range targets {
		out.Results = append(out.Results, resultOf(t))
		if r.FinishedAt.IsZero() && t.SettledAt.After(end) {
			end = t.SettledAt
		}
	}
	switch {
	case !finished:
		end = now
	case end.IsZero():
		end = r.OpenedAt
	}
	if finished {
		out.FinishedAt = when(end)
	}
	out.TotalDuration = end.Sub(r.OpenedAt).Milliseconds()
	return out
}

func resultOf(t ordersync.Target) Result {
	out := Result{TenantID: t.Tenant, ConnectionID: strconv.FormatInt(int64(t.Connection), 10), Region: t.Region}
	if !t.Settled() {
		return out
	}
	info := t.Outcome.Reason.Info()
	out.Status, out.ReasonCode, out.Confirmed = info.Status, t.Outcome.Reason, t.Outcome.Confirmed
	if info.Status != ordersync.StatusSuccess {
		out.Message = t.Outcome.Text()
	}
	out.WhoActs = actor(t.Outcome.Actor())
	out.OrdersProcessed, out.ItemsProcessed = t.Counts.OrdersReceived, t.Counts.ItemsReceived
	out.OrdersCreated, out.OrdersChanged, out.SetAside = t.Counts.OrdersCreated, t.Counts.OrdersChanged, t.Counts.SetAside
	out.ResumesAt, out.ErrorID = when(t.Outcome.ResumesAt), t.Outcome.ErrorID
	for _, r := range t.Repairs {
		shown := ordersync.ShowBytes(r.Old)
		out.Repairs = append(out.Repairs, Repair{r.Code, shown[1 : len(shown)-1], r.New, when(r.At)})
	}
	return out
}
