package ordersync

import "time"

// WalkKind tells live work from back work. A connection has at most one walk
// of each.
type WalkKind string

// The kinds of work.
const (
	Live WalkKind = "live" // moves the cursor
	Back WalkKind = "back" // everything that can wait
)

// Passing is the purpose of a live walk of a window behind one that cannot be
// read: the cursor passes that one with the walk's last page.
const Passing Purpose = "passing"

// Walk is the reading of a window's pages. Its query and token are stored and
// replayed verbatim: Amazon answers 400 to a token sent with other parameters.
type Walk struct {
	Kind    WalkKind
	Purpose Purpose // of back work: why it is read; of live work "" or [Passing]
	Window  Window
	// Cursor is where the connection's cursor stood when a live walk began.
	Cursor time.Time
	// Width is the width that the window was allowed.
	Width        time.Duration
	Marketplaces []string
	Groups       Groups
	PageSize     int
	Query        string // all parameters but the token, encoded
	Token        string // of the next page; "" before the first
	TokenAt      time.Time
	StartedAt    time.Time
	Pages        int
	Orders       int
	EmptyPages   int // in a row
	Timeouts     int
	Unkeyed      int // orders set aside without an id: the window stays a gap
}

// Asked is the window that Amazon is asked for. Back work asks a second more on
// both sides: Amazon says in one place that the upper bound is inclusive and in
// another that it is not. Live windows overlap anyway.
func (w Walk) Asked() Window {
	if w.Kind == Live {
		return w.Window
	}
	return Window{w.Window.From.Add(-time.Second), w.Window.To.Add(time.Second)}
}

// The limits of a walk. One that passes them goes in circles.
const (
	MaxPageSize      = 100
	MaxEmptyPages    = 50
	MaxWalkPages     = 20_000
	PagesPerExecute  = 20
	ExecutionTimeout = 30 * time.Second
)
