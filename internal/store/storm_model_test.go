package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// What a storm must have left, worked out from what its processes did.

// sight is what one page says of an order.
type sight struct {
	ordersync.Version
	status string
	sure   bool // its commit was answered; else nobody knows whether it counts
}

// seen is everything that pages said and read.
type seen struct {
	versions          map[string][]sight
	read, perhapsRead ordersync.Spans
}

// committed remembers a page, and whether its commit was answered.
func (w *storm) committed(c store.Commit, sure bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen.versions == nil {
		w.seen.versions = map[string][]sight{}
	}
	for _, o := range c.Page.Orders {
		v := ordersync.Version{LastUpdatedAt: o.LastUpdatedAt, Epoch: c.Page.Epoch, Step: c.Page.Step}
		w.seen.versions[o.ID] = append(w.seen.versions[o.ID], sight{v, o.Status, sure})
	}
	w.seen.perhapsRead = w.seen.perhapsRead.Add(c.Covered.Window)
	if sure {
		w.seen.read = w.seen.read.Add(c.Covered.Window)
	}
}

// check compares what is stored with what was seen: of every order the content of
// the greatest version whose commit was answered, or of a greater one whose commit
// was not; no page changed an order twice; and what was read is covered.
func (s seen) check(d *database, id ordersync.ConnectionID) {
	d.t.Helper()
	stored := map[string]string{}
	for _, o := range d.orders("acme") {
		stored[o.ID] = o.Status
	}
	for order, versions := range s.versions {
		slices.SortFunc(versions, func(a, b sight) int {
			if a.After(b.Version) {
				return -1
			}
			return 1
		})
		var allowed []string
		for _, v := range versions {
			allowed = append(allowed, v.status)
			if v.sure {
				break
			}
		}
		sure := versions[max(len(allowed)-1, 0)].sure
		if status, ok := stored[order]; !slices.Contains(allowed, status) && (ok || sure) {
			d.t.Errorf("order %s is %q, want one of %q", order, status, allowed)
		}
		delete(stored, order)
	}
	if len(stored) > 0 {
		d.t.Errorf("orders %v are stored and no page had them", stored)
	}
	once := map[string]bool{}
	for _, c := range d.changes(id) {
		what := c.OrderID + " " + c.StatusAfter
		if strings.Contains(what, "token") && once[what] {
			d.t.Errorf("change %d of order %s is there twice", c.Seq, what)
		}
		once[what] = true
	}
	s.checkCoverage(d, id)
}

func (s seen) checkCoverage(d *database, id ordersync.ConnectionID) {
	d.t.Helper()
	got, err := d.Reader().Tenant("acme").Coverage(d.ctx, id)
	d.must(err)
	walked := got.Walked[french]
	for _, w := range s.read {
		if !walked.Covers(w) {
			d.t.Errorf("%v was read and is not covered by %v", w, walked)
		}
	}
	for _, w := range walked {
		if !s.perhapsRead.Covers(w) {
			d.t.Errorf("%v is covered and was never read", w)
		}
	}
	equal(d.t, "confirmed", got.Confirmed[french], walked)
}

// grant is a token that was given some time between two moments.
type grant struct{ asked, got time.Time }

func (w *storm) granted(g grant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.grants = append(w.grants, g)
}

// checkGrants holds the tokens against Amazon's bucket: it is overdrawn when, in any
// span of time, more tokens were given than a full bucket holds and the span adds.
// Counted are those that were given within the span for certain.
func checkGrants(t *testing.T, grants []grant) {
	t.Helper()
	for _, from := range grants {
		var ends []time.Time
		for _, g := range grants {
			if !g.asked.Before(from.asked) {
				ends = append(ends, g.got)
			}
		}
		slices.SortFunc(ends, time.Time.Compare)
		for n, end := range ends {
			// The store's times are cut to milliseconds.
			if most := stormPlan.Burst + stormPlan.Rate*(end.Sub(from.asked)+2*time.Millisecond).Seconds(); float64(n+1) > most {
				t.Fatalf("%d tokens were given within %v, at most %.2f exist", n+1, end.Sub(from.asked), most)
			}
		}
	}
}
