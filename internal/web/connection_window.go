package web

import (
	"time"

	"ordersync"
)

// windowData is the cursor, and the window that live work reads.
type windowData struct {
	Cursor, Given    time.Time
	CursorText       string // a cursor that was given and not yet judged
	Walk             *walkData
	Others           []walkData // walks of back work
	StoredFrom       time.Time  // all from here to the cursor is stored, but for what is set aside; zero: nothing is
	SetAside         int64
	LastPoll, LastOK time.Time
	Stuck            time.Time
	Picture          *windowPicture
}

// walkData is a walk that is under way.
type walkData struct {
	Name          string
	From, To      time.Time
	Pages, Orders int
	Started       time.Time
}

// windowPicture is the window to scale, in percent.
type windowPicture struct {
	Story                                     string
	From, Cursor, To                          string // where they stand
	Stored, Overlap, OverlapX, Asked, Rest    string // widths, and where the overlap begins
	FromText, CursorText, ToText, Middle, End string
	FromAnchor, CursorAnchor                  string
}

// walkName is what a walk is called.
func (v *visit) walkName(w ordersync.Walk) string {
	switch {
	case w.Kind == ordersync.Live && w.Purpose == ordersync.Passing:
		return v.T("live walk behind a window that cannot be read")
	case w.Kind == ordersync.Live:
		return v.T("live walk")
	}
	return v.T("back work: %s", v.T(purposeNames[w.Purpose]))
}

// purposeNames are what back work is for.
var purposeNames = map[ordersync.Purpose]string{
	ordersync.Gap: "a gap in the history", ordersync.SecondReading: "a second reading", ordersync.Sweep: "the daily sweep",
}

func (v *visit) walkData(w ordersync.Walk) walkData {
	return walkData{v.walkName(w), w.Window.From, w.Window.To, w.Pages, w.Orders, w.StartedAt}
}

// window shows how far live work is.
func (v *visit) window(c connectionNow) windowData {
	data := windowData{Cursor: c.Cursor, LastPoll: c.LastPolledAt, LastOK: c.LastSuccessAt, Stuck: c.StuckAt, SetAside: c.SetAside}
	if !c.complete.Until.IsZero() && !c.complete.Until.Before(c.Cursor) {
		data.StoredFrom = c.complete.From
	}
	if c.Cursor.IsZero() && len(c.GivenCursor) > 0 {
		data.CursorText = ordersync.ShowBytes(c.GivenCursor)
	}
	for _, w := range c.walks {
		one := v.walkData(w)
		if w.Kind == ordersync.Live {
			data.Walk = &one
			data.Picture = v.windowPicture(w)
			continue
		}
		data.Others = append(data.Others, one)
	}
	return data
}

// windowPicture draws a live walk's window around the cursor.
func (v *visit) windowPicture(w ordersync.Walk) *windowPicture {
	from, to, cursor := w.Window.From, w.Window.To, w.Cursor
	if !from.Before(to) {
		return nil
	}
	if cursor.Before(from) || cursor.After(to) {
		cursor = from // a window behind one that cannot be read
	}
	width := to.Sub(from)
	begin, end := from.Add(-width*35/100), to.Add(width*15/100)
	x := func(t time.Time) float64 { return 100 * float64(t.Sub(begin)) / float64(end.Sub(begin)) }
	clock := func(t time.Time) string { return v.words.clock(t, v.Now) }
	if width > 24*time.Hour {
		clock = func(t time.Time) string { return v.words.date(t, v.Now) }
	}
	p := &windowPicture{
		From: percent(x(from)), Cursor: percent(x(cursor)), To: percent(x(to)), Middle: percent((x(from) + x(to)) / 2),
		Stored: percent(x(cursor)), OverlapX: percent(x(from)), Overlap: percent(x(cursor) - x(from)), Asked: percent(x(to) - x(cursor)),
		Rest: percent(100 - x(to)), FromText: clock(from), CursorText: clock(cursor), ToText: clock(to), FromAnchor: "end", CursorAnchor: "start",
	}
	p.Story = v.T("Everything up to the cursor at %s is stored. The window reaches from %s to %s.", p.CursorText, p.FromText, p.ToText)
	return p
}
