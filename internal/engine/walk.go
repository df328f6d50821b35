package engine

import (
	"context"
	"hash/fnv"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// walk reads a window's pages, committing each. more tells that the window is
// complete and this kind of work goes on with another; otherwise the lease was
// given back or other work comes first.
func (x *execution) walk(ctx context.Context, w *ordersync.Walk) (more bool, err error) {
	for {
		if x.spent() {
			return false, x.yield(ctx)
		}
		var open *ordersync.Walk
		if w.Pages == 0 {
			// A walk that waited for its first page begins only now.
			open, w.StartedAt = w, x.store.Now()
		}
		if goOn, err := x.token(ctx, ordersync.SearchOrders, open, false); err != nil || !goOn {
			return false, err
		}
		stamp := x.lease.Version(time.Time{})
		var page spapi.Page
		err := x.twice(ctx, func() (err error) {
			page, err = x.amazon.SearchOrders(ctx, x.account, w.Groups, w.Query, w.Token)
			return err
		})
		x.pages++
		if err != nil {
			if again, err := x.searchFailed(ctx, w, err); err != nil || !again {
				return false, err
			}
			continue
		}
		cause, err := x.unusable(ctx, w, page)
		if err != nil {
			return false, err
		}
		if cause != "" {
			if again, err := x.badWalk(ctx, w, page.Meta, cause); err != nil || !again {
				return false, err
			}
			continue
		}
		done, more, err := x.commitPage(ctx, w, page, stamp)
		if err != nil || done {
			return more, err
		}
		if first, err := x.liveFirst(ctx); err != nil || first {
			return false, err
		}
	}
}

// liveFirst tells whether back work must give way: live work has become due.
func (x *execution) liveFirst(ctx context.Context) (bool, error) {
	if x.kind == ordersync.Live {
		return false, nil
	}
	err := x.store.Dues(ctx, x.lease)
	return due(x.lease.LiveDueAt, x.store.Now()), err
}

// token takes a token before a call. Short waits are waited; a longer one ends
// the execution, so that who waits holds no worker, unless optional is set:
// then the call is just left out. Back work leaves half the burst to live work.
func (x *execution) token(ctx context.Context, op ordersync.Operation, open *ordersync.Walk, optional bool) (ok bool, err error) {
	for {
		wait, err := x.store.TakeToken(ctx, x.lease, store.TokenRequest{Key: x.budget(op), Plan: x.plan(op), Reserve: x.reserve(op), Open: open})
		switch {
		case err != nil:
			return false, err
		case wait == 0:
			return true, nil
		case optional:
			return false, nil
		case wait > maxWait:
			return false, x.rateLimited(ctx, x.store.Now().Add(wait))
		}
		if err := sleep(ctx, wait); err != nil {
			return false, err
		}
	}
}

// reserve is how many tokens of a budget this kind of work leaves to others.
func (x *execution) reserve(op ordersync.Operation) float64 {
	if x.kind == ordersync.Back {
		return x.plan(op).Burst / 2
	}
	return 0
}

// slowCall is how long a call may take before its connection counts as slow.
const slowCall = 10 * time.Second

// maxWait is the longest wait for a token that a worker waits out.
const maxWait = 2 * time.Second

func (x *execution) budget(op ordersync.Operation) store.BudgetKey {
	c := x.lease.Connection
	return store.BudgetKey{ClientID: x.set.ClientID, Region: c.Region, Seller: store.SellerKey(c), Operation: op}
}

func (x *execution) learned(op ordersync.Operation, m spapi.Meta) store.Learned {
	return store.Learned{Key: x.budget(op), Plan: x.plan(op), Rate: m.Rate, BadRate: m.BadRate, Calls: m.Calls}
}

// rateLimited ends the execution until the budget has its next token.
func (x *execution) rateLimited(ctx context.Context, resumes time.Time) error {
	return x.postpone(ctx, store.Commit{Polled: x.kind == ordersync.Live}, resumes,
		ordersync.Outcome{Reason: ordersync.AmazonRateLimit, ResumesAt: resumes})
}

// throttled stores what a 429 says of the budget and tells when the bucket has
// its next token above a reserve, at the rate that is in force now.
func (x *execution) throttled(ctx context.Context, op ordersync.Operation, learned store.Learned, reserve float64) (resumes time.Time, err error) {
	learned.Throttled = true
	if _, err := x.store.Commit(ctx, x.lease, store.Commit{Kind: x.kind, Learned: &learned}); err != nil {
		return resumes, err
	}
	now := x.store.Now()
	b, _, _, ok, err := x.store.Reader().Budget(ctx, x.budget(op))
	if err != nil || !ok {
		return now, err
	}
	_, wait := b.TakeAbove(now, reserve)
	return now.Add(wait), nil
}

// unusable says what is wrong with a page as a whole; "" when nothing is.
func (x *execution) unusable(ctx context.Context, w *ordersync.Walk, p spapi.Page) (cause string, err error) {
	total := len(p.Orders) + len(p.Unreadable)
	switch {
	case total >= 10 && len(p.Unreadable) > total/2:
		return "most orders of a page cannot be read", nil
	case p.NextToken == "":
		return "", nil
	case w.Pages+1 >= ordersync.MaxWalkPages:
		return "a walk has too many pages", nil
	case total == 0 && w.EmptyPages+1 >= ordersync.MaxEmptyPages:
		return "a walk has too many empty pages in a row", nil
	case p.NextToken == w.Token:
		return "a page names itself as the next", nil
	}
	met, err := x.store.Met(ctx, x.lease, w.Kind, seen(w, p))
	if met {
		cause = "a walk goes in circles"
	}
	return cause, err
}

// seen is what a page leaves behind to find circles. Pages of one order may be
// equal without one, when the order is met again after a change.
func seen(w *ordersync.Walk, p spapi.Page) store.Seen {
	var s store.Seen
	if p.NextToken != "" {
		h := fnv.New64a()
		_, _ = h.Write([]byte(p.NextToken))
		s.Token = max(h.Sum64(), 1)
	}
	if w.PageSize > 1 {
		s.Digest = p.Digest
	}
	return s
}

// badWalk gives a walk up whose answers make no sense; the next window is half
// as wide. again tells that it is tried by this execution.
func (x *execution) badWalk(ctx context.Context, w *ordersync.Walk, m spapi.Meta, cause string) (again bool, _ error) {
	learned := x.learned(ordersync.SearchOrders, m)
	x.log.WarnContext(ctx, "walk given up", "connection", x.lease.Connection.ID, "cause", cause, "amazonRequestId", m.RequestID)
	if again, err := x.stuck(ctx, w, learned, nil); again || err != nil {
		return again, err
	}
	c := store.Commit{Learned: &learned}
	if err := x.again(ctx, w, &c); err != nil {
		return false, err
	}
	return false, x.fail(ctx, c, ordersync.Outcome{
		Reason: ordersync.AmazonBadResponse, Message: ordersync.AmazonBadResponse.Info().English + ": " + cause,
	})
}

// again drops a walk; the next window of its kind is half as wide.
func (x *execution) again(ctx context.Context, w *ordersync.Walk, c *store.Commit) error {
	c.EndWalk = true
	if w.Kind == ordersync.Live {
		c.LiveWidth = ordersync.HalfWidth(w.Width)
		return nil
	}
	return x.narrow(ctx, w, c)
}

// commitPage stores a page and moves the walk on. done tells that it was the
// last of its window.
func (x *execution) commitPage(ctx context.Context, w *ordersync.Walk, p spapi.Page, stamp ordersync.Version) (done, more bool, err error) {
	learned := x.learned(ordersync.SearchOrders, p.Meta)
	c := store.Commit{Kind: w.Kind, Learned: &learned, Polled: w.Kind == ordersync.Live, Page: &store.Page{
		Unreadable: p.Unreadable, Epoch: stamp.Epoch, Step: stamp.Step,
	}}
	stored, err := x.storedPersonal(ctx, p.Orders...)
	if err != nil {
		return true, false, err
	}
	if err := x.addOrders(ctx, c.Page, stored, p.Orders...); err != nil {
		return true, false, x.unknown(ctx, err, nil)
	}
	x.trusted(&c)
	x.personal(w, &c)
	x.countBack(w, &c)
	slow := p.Latency > slowCall
	c.Slow = &slow
	next := turned(*w, p)
	if p.NextToken != "" {
		next.Token, next.TokenAt = p.NextToken, x.store.Now()
		if now := x.store.Now(); w.Kind == ordersync.Live && len(p.Unreadable) > 0 {
			c.BackDueAt = &now // they are asked for again at once
		}
		c.Walk, c.Seen = &next, seen(w, p)
		if _, err := x.store.Commit(ctx, x.lease, c); err != nil {
			return true, false, err
		}
		*w = next
		return false, false, nil
	}
	if next.Unkeyed == 0 {
		// An order without an id can never be asked for again: its window stays
		// a gap, to be read once more.
		c.Covered = &store.Covered{Window: next.Window, Marketplaces: next.Marketplaces, Begun: next.StartedAt, Confirmed: next.Pages == 1, Wanted: x.wanted()}
	}
	if w.Kind == ordersync.Live {
		more, err = x.completeLive(ctx, &next, c)
	} else {
		more, err = x.completeBack(ctx, &next, c)
	}
	return true, more, err
}

// turned is the walk after a page.
func turned(w ordersync.Walk, p spapi.Page) ordersync.Walk {
	w.Pages++
	w.Orders += len(p.Orders)
	w.EmptyPages++
	if len(p.Orders)+len(p.Unreadable) > 0 {
		w.EmptyPages = 0
	}
	for _, u := range p.Unreadable {
		if u.OrderID == "" {
			w.Unkeyed++
		}
	}
	return w
}

// personal notes what a page says of asking for personal data: it was answered,
// or only after the walk had stopped asking for it.
func (x *execution) personal(w *ordersync.Walk, c *store.Commit) {
	connection := x.lease.Connection
	switch asked := w.Groups&ordersync.PersonalGroups != 0; {
	case asked && !connection.PersonalDeniedAt.IsZero():
		c.PersonalDeniedAt = &time.Time{}
	case !asked && connection.GroupsAt(w.StartedAt)&ordersync.PersonalGroups != 0:
		now := x.store.Now()
		c.PersonalDeniedAt = &now
	}
}

// trusted notes what a page proves: the authorisation is good. What was
// suspected before is forgotten, with the failures that came of it, and a
// connection that had to reconnect is connected. Failures of other kinds say
// nothing of the authorisation, and their backoff goes on.
func (x *execution) trusted(c *store.Commit) {
	connection := x.lease.Connection
	if !connection.RevokedAt.IsZero() {
		c.RevokedAt = &time.Time{}
	}
	if !connection.DeniedAt.IsZero() {
		c.DeniedAt = &time.Time{}
	}
	c.NoFailures = c.RevokedAt != nil || c.DeniedAt != nil || connection.State == ordersync.NeedsReconnect
	if connection.State == ordersync.NeedsReconnect {
		c.State, c.Cause = ordersync.Connected, "Amazon accepts the authorisation again"
	}
}
