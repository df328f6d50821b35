package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// live brings a connection up to date: window after window until Amazon has no
// more to show, something must wait, or the execution is spent.
func (x *execution) live(ctx context.Context) error {
	for {
		walk, err := x.store.Walk(ctx, x.lease, ordersync.Live)
		if err != nil {
			return err
		}
		if walk == nil {
			if walk, err = x.newLiveWalk(ctx); err != nil {
				return err
			}
		}
		more, err := x.walk(ctx, walk)
		if err != nil || !more {
			return err
		}
	}
}

// newLiveWalk begins the next live window, mending the cursor first when it
// cannot be used.
func (x *execution) newLiveWalk(ctx context.Context) (*ordersync.Walk, error) {
	cursor, err := x.cursor(ctx)
	if err != nil {
		return nil, err
	}
	c := x.lease.Connection
	w, _ := ordersync.LiveWindow(cursor, x.amazon.AmazonNow(c.Region), x.set.Overlap, c.LiveWidth)
	if w.From, err = x.reach(ctx, cursor, w); err != nil {
		return nil, err
	}
	return x.begin(ordersync.Walk{Kind: ordersync.Live, Window: w, Cursor: cursor, Width: c.LiveWidth, Marketplaces: c.Marketplaces}), nil
}

// begin fills in what every walk begins with.
func (x *execution) begin(w ordersync.Walk) *ordersync.Walk {
	now := x.store.Now()
	w.Groups, w.PageSize, w.StartedAt = x.lease.Connection.GroupsAt(now), ordersync.MaxPageSize, now
	setQuery(&w)
	return &w
}

// setQuery makes the walk's exact query.
func setQuery(w *ordersync.Walk) {
	w.Query = spapi.SearchQuery(w.Asked(), w.Marketplaces, w.Groups, w.PageSize)
}

// cursor is where live work goes on. One that is no date, lies in the future or
// before Amazon's history is repaired, and the repair is reported beside the
// outcome: nothing is skipped by it, since what lies before is a gap.
func (x *execution) cursor(ctx context.Context) (time.Time, error) {
	c := x.lease.Connection
	now := x.amazon.AmazonNow(c.Region)
	oldest := ordersync.OldestHistory(c.Marketplaces, now)
	at, old, repair := c.Cursor, []byte(nil), ordersync.RepairCode("")
	switch {
	case len(c.GivenCursor) > 0:
		old = c.GivenCursor
		at, repair = ordersync.JudgeCursor(old, now, oldest)
	case !at.IsZero():
		old = []byte(at.Format(timeLayout))
		repair = ordersync.JudgeTime(at, now, oldest)
		if repair == ordersync.FutureCursorFixed && !x.amazon.KnowsClock(c.Region) {
			// Who wrote it knew how far Amazon's clock is ahead; this process will
			// after its first answer, and judges then.
			repair = ""
		}
	}
	if !at.IsZero() && repair == "" {
		return at, nil
	}
	have, err := x.store.Coverage(ctx, x.lease)
	if err != nil {
		return time.Time{}, err
	}
	mended := ordersync.RepairedCursor(have.Walked, c.Marketplaces, now)
	commit := store.Commit{Kind: ordersync.Live, Cursor: mended, Stuck: &store.Stuck{}}
	if repair != "" {
		commit.Repairs = []ordersync.Repair{{Code: repair, Old: old, New: mended.Format(timeLayout)}}
		x.log.InfoContext(ctx, "cursor repaired", "connection", c.ID, "repair", repair, "from", ordersync.ShowBytes(old), "to", mended)
	}
	if _, err := x.store.Commit(ctx, x.lease, commit); err != nil {
		return time.Time{}, fmt.Errorf("repair cursor: %w", err)
	}
	return mended, nil
}

// timeLayout is how times are shown: RFC 3339, UTC, milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

// completeLive commits the last page of a live window: coverage and cursor move
// in the same transaction, and the outcome is settled when nothing more is to
// be read.
func (x *execution) completeLive(ctx context.Context, w *ordersync.Walk, c store.Commit) (more bool, err error) {
	connection := x.lease.Connection
	c.EndWalk = true
	c.Cursor = w.Window.MoveCursor(w.Cursor)
	c.LiveWidth = ordersync.NextWidth(w.Width, w.Window.To.Sub(w.Cursor), w.Pages)
	x.unstuck(w, &c)
	x.windows++
	behind := x.amazon.AmazonNow(connection.Region).Sub(c.Cursor)
	if behind > freshEnough || behind < -ordersync.FutureTolerance {
		// More is to be read, or the cursor to be repaired.
		x.answered = x.cut
		if x.skips(w) {
			now := x.store.Now()
			c.BackDueAt = &now
		}
		_, err := x.store.Commit(ctx, x.lease, c)
		return err == nil, err
	}
	next, err := x.nextPoll(ctx, w)
	if err != nil {
		return false, err
	}
	c.LiveDueAt = &next
	c.Settle = &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.Success}, BegunAt: w.StartedAt, Pages: w.Pages}
	backDue, err := x.backDue(ctx, w, c)
	if err != nil {
		return false, err
	}
	c.BackDueAt = &backDue
	if due(backDue, x.store.Now()) && !x.spent() {
		_, err := x.store.Commit(ctx, x.lease, c)
		return false, err // run goes on with back work
	}
	return false, x.end(ctx, c)
}

// shownLate ends live work where Amazon has answered a window that ended ten
// minutes ago and refuses the one behind it: it shows orders later than it says,
// and all there is was read.
func (x *execution) shownLate(ctx context.Context, w *ordersync.Walk, c store.Commit) error {
	next, err := x.nextPoll(ctx, w)
	if err != nil {
		return err
	}
	c.LiveDueAt, c.Settle = &next, &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.CatchingUp, ResumesAt: next}}
	if x.lease.BackDueAt.IsZero() {
		now := x.store.Now()
		c.BackDueAt = &now // history need not wait for a success
	}
	return x.end(ctx, c)
}

// freshEnough is how far the cursor may be behind Amazon's clock for a success.
const freshEnough = 5 * time.Minute

// skips tells whether a walk leaves out a marketplace that was added since it began:
// its window is a gap there.
func (x *execution) skips(w *ordersync.Walk) bool {
	return slices.ContainsFunc(x.lease.Connection.Marketplaces, func(m string) bool { return !slices.Contains(w.Marketplaces, m) })
}

// backDue is when back work is due after a live window: as before, or sooner
// when the window leaves some behind, or a marketplace out, or is the first of a
// marketplace, whose history is a gap.
func (x *execution) backDue(ctx context.Context, w *ordersync.Walk, c store.Commit) (time.Time, error) {
	now := x.store.Now()
	at := x.lease.BackDueAt
	if at.IsZero() || len(c.Page.Unreadable) > 0 || w.Purpose == ordersync.Passing || x.skips(w) {
		return now, nil
	}
	have, err := x.store.Coverage(ctx, x.lease)
	if err != nil {
		return now, err
	}
	for _, m := range w.Marketplaces {
		if len(have.Walked[m]) == 0 {
			return now, nil
		}
	}
	if again := w.StartedAt.Add(ordersync.DoubtPeriod); w.Pages > 1 && again.Before(at) {
		at = again
	}
	return at, nil
}
