package ordersync

import (
	"fmt"
	"regexp"
	"time"
)

// RunID identifies a run.
type RunID string

// RunMode says what a run covers.
type RunMode string

// The modes of a run.
const (
	GlobalRun RunMode = "global" // every connection that is or was authorised
	SingleRun RunMode = "single" // the connections of one tenant
)

// RunState is where a run stands.
type RunState string

// The states of a run. Any process may finish what another began.
const (
	RunOpening  RunState = "opening" // its targets are still being written
	RunOpen     RunState = "open"
	RunFinished RunState = "finished" // every target is settled
)

// Run is one request to bring connections up to date. It belongs to no process.
type Run struct {
	ID          RunID
	Mode        RunMode
	Tenant      TenantID // of a single run
	State       RunState
	OpenedAt    time.Time
	DeadlineAt  time.Time // what is open then is settled INTERRUPTED
	CancelledAt time.Time
	FinishedAt  time.Time
	Summary     Summary
}

// RunDeadline is how long a run may take.
const RunDeadline = 15 * time.Minute

// Summary counts a run's targets: success + partial + skipped + failed = total
// once it has finished.
type Summary struct {
	Total, Success, Partial, Skipped, Failed int
}

// Open is how many targets are not yet settled.
func (s Summary) Open() int { return s.Total - s.Success - s.Partial - s.Skipped - s.Failed }

// Counts is what live work received for a target.
type Counts struct {
	OrdersReceived, ItemsReceived int64
	OrdersCreated, OrdersChanged  int64
	SetAside                      int64
}

// Plus adds two counts.
func (c Counts) Plus(o Counts) Counts {
	return Counts{
		c.OrdersReceived + o.OrdersReceived, c.ItemsReceived + o.ItemsReceived,
		c.OrdersCreated + o.OrdersCreated, c.OrdersChanged + o.OrdersChanged,
		c.SetAside + o.SetAside,
	}
}

// Outcome is the end of a target: what happened, in one word, and what a human
// must do.
type Outcome struct {
	Reason Reason
	// Message is for people; "" means the reason's own sentence.
	Message   string
	Confirmed bool // Amazon said it twice and apart: somebody is told to act
	ResumesAt time.Time
	ErrorID   string // of an UNKNOWN_ERROR: the same id is in the log
}

// Status is the reason's status.
func (o Outcome) Status() Status { return o.Reason.Info().Status }

// Text is the message, or the reason's own sentence.
func (o Outcome) Text() string {
	if o.Message != "" {
		return o.Message
	}
	return o.Reason.Info().English
}

// Target is one connection of a run.
type Target struct {
	Run        RunID
	Connection ConnectionID
	Tenant     TenantID
	Region     Region
	OpenedAt   time.Time
	SettledAt  time.Time // zero while open
	Outcome    Outcome
	Counts     Counts
	Repairs    []Repair
}

// Settled tells whether the target has its outcome.
func (t Target) Settled() bool { return !t.SettledAt.IsZero() }

var runID = regexp.MustCompile(`^[0-9A-Za-z]{26}$`)

// ParseRunID checks the shape of a run id from outside.
func ParseRunID(s string) (RunID, error) {
	if !runID.MatchString(s) {
		return "", fmt.Errorf("run id %s has a wrong shape: it has 26 letters and digits", ShowBytes([]byte(s)))
	}
	return RunID(s), nil
}
