package engine_test

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// Live windows that Amazon never answers, beside others that it does.

// bounds are those of a search's window.
func bounds(r *http.Request) ordersync.Window {
	q := r.URL.Query()
	from, _ := time.Parse(time.RFC3339, q.Get("lastUpdatedAfter"))
	to, _ := time.Parse(time.RFC3339, q.Get("lastUpdatedBefore"))
	return ordersync.Window{From: from, To: to}
}

// reply is an answer of a status with a body.
func reply(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}
}

// refusals are what Amazon may say to a window for ever.
var refusals = []struct {
	name   string
	refuse func(r *http.Request) (*http.Response, error)
}{
	{"500", says(500, `{"errors":[{"code":"InternalFailure","message":"We encountered an internal error."}]}`)},
	{"400", says(400, `{"errors":[{"code":"InvalidInput","message":"Invalid Input"}]}`)},
	{"413", says(413, `{"errors":[{"code":"RequestTooLarge","message":"too large"}]}`)},
	{"no structure", says(200, `<html></html>`)},
	{"a circle", says(200, `{"orders":[],"pagination":{"nextToken":"x"}}`)},
	{"a body over the limit", says(200, `{"orders":[],"x":"`+strings.Repeat("x", 200<<10)+`"}`)},
	{"no answer", func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}},
}

func says(status int, body string) func(r *http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) { return reply(r, status, body), nil }
}

// refuse lets every search fail for which a condition holds.
func refuse(how func(*http.Request) (*http.Response, error), when func(ordersync.Window) bool) func(*setup) {
	return along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if isSearch(r) && when(bounds(r)) {
			return how(r)
		}
		return next.RoundTrip(r)
	})
}

// holds tells whether a window holds an instant.
func holds(w ordersync.Window, at time.Time) bool { return !at.Before(w.From) && !at.After(w.To) }

func limited(s *setup) { s.amazon.BodyLimit = 100 << 10 }

// living grows orders beside the story, on every day of it.
func (w *world) living(s spapisim.Seller, n int, d time.Duration) {
	w.t.Helper()
	w.orders(s, n, 50*time.Minute, -d)
}

// wantAllBut checks that every order up to the cursor is stored but those that
// changed within a window.
func (w *world) wantAllBut(a account, gap ordersync.Window) {
	w.t.Helper()
	truths, err := w.sim.Orders(a.seller.Key)
	w.must(err)
	have, cursor := w.stored(a), w.connection(a).Cursor
	for _, truth := range truths {
		o := truth.Order
		if _, ok := have[o.OrderID]; !ok && o.LastUpdatedTime.Before(cursor) && !holds(gap, o.LastUpdatedTime) {
			w.t.Errorf("order %s of %s is not stored", o.OrderID, o.LastUpdatedTime)
		}
	}
}

// liveGaps are what of a marketplace was not read between a time and the cursor.
func (w *world) liveGaps(a account, from time.Time) ordersync.Spans {
	w.t.Helper()
	m := a.seller.MarketplaceIDs()[0]
	return w.coverage(a).Walked[m].Missing(ordersync.Window{From: from, To: w.connection(a).Cursor})
}

func (w *world) shunned(a account) []ordersync.Shunned {
	w.t.Helper()
	list, err := w.store.Shunned(w.ctx, w.lease(a))
	w.must(err)
	return list
}

// One minute that Amazon never answers stops a tenant for six hours and a
// backoff, and nothing else is lost by it.
func TestStuckMinute(t *testing.T) {
	for _, c := range rows(refusals, 3) {
		t.Run(c.name, func(t *testing.T) {
			bad := begin.Add(31*time.Minute + 20*time.Second)
			var mended atomic.Bool
			play(t, func(w *world) {
				s := w.seller()
				w.living(s, 60, 36*time.Hour)
				w.order(s, "900-0000000-0000001", func(p *spapisim.Placed) { p.Order.CreatedTime = bad })
				a := w.connect("acme", s, startAt(time.Hour))
				w.serve(6*time.Hour + 20*time.Minute)
				if c := w.connection(a); !c.Cursor.Before(bad) || c.Cursor.Before(bad.Add(-2*time.Minute)) {
					t.Errorf("after six hours the cursor is %s, the bad minute %s", c.Cursor, bad)
				}
				if list := w.shunned(a); len(list) != 0 {
					t.Errorf("it was passed too soon: %v", list)
				}
				wantText(t, w.connection(a).LastMessage, "is passed from 2026-02-03T16:")
				w.serve(3 * time.Hour)
				gap := w.wantPassed(a, bad)
				w.serve(2 * time.Hour)
				w.wantFresh([]account{a})
				w.wantAllBut(a, gap)
				w.wantSound(a)
				if c.name != "500" {
					return
				}
				mended.Store(true)
				w.serve(26 * time.Hour)
				w.wantHistory(a, begin.Add(-time.Hour))
				w.wantAllBut(a, ordersync.Window{})
				w.wantSound(a)
			}, quick, limited, history(3*day), refuse(c.refuse, func(w ordersync.Window) bool { return !mended.Load() && holds(w, bad) }))
		})
	}
}

// wantPassed checks that live work has passed one bad minute, which is the only
// gap, and is fresh again.
func (w *world) wantPassed(a account, bad time.Time) ordersync.Window {
	w.t.Helper()
	w.wantFresh([]account{a})
	gaps := w.liveGaps(a, begin.Add(-time.Hour))
	if len(gaps) != 1 || gaps[0].Width() > 2*time.Minute || !holds(gaps[0], bad) {
		w.t.Fatalf("gaps are %v, the bad minute is %s; it stands at %s\n%s", gaps, bad, w.connection(a).LastMessage, w.log)
	}
	if list := w.shunned(a); len(list) != 1 || !holds(list[0].Window, bad) {
		w.t.Errorf("shunned are %v", list)
	}
	if c := w.connection(a); c.LastReason != ordersync.Success || !c.StuckAt.IsZero() {
		w.t.Errorf("it stands at %s, stuck since %s", c.LastReason, c.StuckAt)
	}
	return gaps[0]
}

// The same at the rates that Amazon publishes, for the answer that costs the most
// calls.
func TestStuckMinuteAtPublishedRates(t *testing.T) {
	bad := begin.Add(31*time.Minute + 20*time.Second)
	play(t, func(w *world) {
		s := w.seller()
		w.living(s, 60, 12*time.Hour)
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(8*time.Hour + 30*time.Minute)
		w.wantAllBut(a, w.wantPassed(a, bad))
		w.wantSound(a)
	}, refuse(refusals[2].refuse, func(w ordersync.Window) bool { return holds(w, bad) }))
}

// What cannot be read may lie far ahead in a wide window: it is found quickly.
func TestStuckMinuteOfAWideWindow(t *testing.T) {
	bad := begin.Add(-7 * time.Hour)
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 40, 23*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(24*time.Hour))
		w.serve(40 * time.Minute)
		if c := w.connection(a); bad.Sub(c.Cursor) > time.Minute || c.Cursor.After(bad) {
			t.Errorf("soon the cursor is %s, the bad minute %s", c.Cursor, bad)
		}
		w.serve(7*time.Hour + 20*time.Minute)
		w.wantAllBut(a, w.liveGaps(a, begin.Add(-24*time.Hour))[0])
		w.wantFresh([]account{a})
		w.wantSound(a)
	}, quick, refuse(refusals[0].refuse, func(w ordersync.Window) bool { return holds(w, bad) }))
}

// Where several minutes side by side cannot be read, the next that can is found.
func TestStuckMinutes(t *testing.T) {
	bad := ordersync.Window{From: begin.Add(31 * time.Minute), To: begin.Add(36*time.Minute + 30*time.Second)}
	play(t, func(w *world) {
		s := w.seller()
		w.living(s, 60, 36*time.Hour)
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(14 * time.Hour)
		gaps := w.liveGaps(a, begin.Add(-time.Hour))
		if len(gaps) == 0 || gaps[0].From.After(bad.From) || gaps[len(gaps)-1].To.Before(bad.To) || gaps[len(gaps)-1].To.After(bad.To.Add(2*time.Minute)) {
			t.Fatalf("gaps are %v, bad is %v", gaps, bad)
		}
		w.wantAllBut(a, ordersync.Window{From: gaps[0].From, To: gaps[len(gaps)-1].To})
		w.wantFresh([]account{a})
		w.wantSound(a)
	}, quick, history(3*day), refuse(refusals[1].refuse, func(w ordersync.Window) bool { return !w.To.Before(bad.From) && !w.From.After(bad.To) }))
}

// An order that cannot be read and lies where windows overlap delays its tenant
// hardly: what is new is read without reaching back.
func TestStuckOverlap(t *testing.T) {
	var bad time.Time // set before it is broken
	var broken atomic.Bool
	play(t, func(w *world) {
		s := w.seller()
		w.living(s, 60, 6*time.Hour)
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(32 * time.Minute)
		bad = w.connection(a).Cursor.Add(-2 * time.Minute) // whenever that was read: the beginning of each interval is drawn
		broken.Store(true)
		w.serve(2 * time.Hour)
		w.wantFresh([]account{a})
		if gaps := w.liveGaps(a, begin.Add(-time.Hour)); len(gaps) != 0 {
			t.Errorf("gaps are %v", gaps)
		}
		w.wantAllBut(a, ordersync.Window{})
		w.wantSound(a)
	}, quick, refuse(refusals[0].refuse, func(w ordersync.Window) bool { return broken.Load() && holds(w, bad) }))
}

// While Amazon answers nothing, nothing becomes narrower and nothing is passed.
func TestOutageMakesNoGap(t *testing.T) {
	for _, c := range rows(refusals, 3) {
		if c.name == "a circle" {
			continue // says something of the window, whatever is asked for
		}
		t.Run(c.name, func(t *testing.T) {
			var out atomic.Bool
			play(t, func(w *world) {
				s := w.seller()
				w.living(s, 60, 20*time.Hour)
				a := w.connect("acme", s, startAt(time.Hour))
				w.serve(32 * time.Minute)
				width := w.connection(a).LiveWidth
				out.Store(true)
				w.serve(10 * time.Hour)
				if c := w.connection(a); c.LiveWidth != width || !c.StuckAt.IsZero() {
					t.Errorf("the width was %s and is %s, stuck since %s", width, c.LiveWidth, c.StuckAt)
				}
				out.Store(false)
				w.serve(2 * time.Hour)
				w.wantNoGap(a)
			}, quick, limited, refuse(c.refuse, func(ordersync.Window) bool { return out.Load() }))
		})
	}
}

// wantNoGap checks that nothing was passed and all is read.
func (w *world) wantNoGap(a account) {
	w.t.Helper()
	w.wantFresh([]account{a})
	if gaps := w.liveGaps(a, begin.Add(-time.Hour)); len(gaps) != 0 || len(w.shunned(a)) != 0 {
		w.t.Errorf("gaps are %v, shunned %v", gaps, w.shunned(a))
	}
	w.wantAllBut(a, ordersync.Window{})
	w.wantSound(a)
}

// A minute is passed only after Amazon did not answer it once more: being
// throttled then says nothing of it.
func TestNothingIsPassedThatWasNotAsked(t *testing.T) {
	bad := begin.Add(31*time.Minute + 20*time.Second)
	var last time.Time // answered by Amazon
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(10 * time.Hour)
		if c := w.connection(a); c.StuckAt.IsZero() || c.Cursor.After(bad) || len(w.shunned(a)) != 0 {
			t.Errorf("the cursor is %s, stuck since %s, shunned %v", c.Cursor, c.StuckAt, w.shunned(a))
		}
	}, quick, along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		switch {
		case !isSearch(r):
		case !holds(bounds(r), bad):
			last = time.Now()
		case time.Now().Equal(last):
			return reply(r, 429, `{"errors":[{"code":"QuotaExceeded","message":"x"}]}`), nil
		default:
			return refusals[0].refuse(r)
		}
		return next.RoundTrip(r)
	}))
}

// An outage of all that is recent narrows windows and passes nothing, whichever
// call is the first that Amazon answers again.
func TestOutageOfRecentWindowsMakesNoGap(t *testing.T) {
	for _, more := range rows([]int32{1, 2, 3, 4, 5, 6, 7, 8}, 4) {
		var out, mending atomic.Bool
		var left atomic.Int32
		t.Run(strconv.Itoa(int(more)), func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				w.living(s, 60, 20*time.Hour)
				a := w.connect("acme", s, startAt(time.Hour))
				w.serve(32 * time.Minute)
				out.Store(true)
				w.serve(9 * time.Hour)
				if c := w.connection(a); c.StuckAt.IsZero() || c.LiveWidth != ordersync.MinWidth {
					t.Errorf("stuck since %s, the width is %s", c.StuckAt, c.LiveWidth)
				}
				left.Store(more)
				mending.Store(true)
				w.serve(3 * time.Hour)
				w.wantNoGap(a)
			}, quick, refuse(refusals[0].refuse, func(v ordersync.Window) bool {
				if !out.Load() || v.To.Before(begin) {
					return false
				}
				if mending.Load() && left.Add(-1) < 0 {
					out.Store(false)
				}
				return out.Load()
			}))
		})
	}
}

// The fleet keeps its windows in an outage, and calls hardly more for it.
func TestOutageOfAFleetCallsLittle(t *testing.T) {
	var out atomic.Bool
	play(t, func(w *world) {
		all := w.fleet("eu", 8)
		w.serve(time.Hour)
		out.Store(true)
		w.serve(3 * time.Hour)
		for _, a := range all {
			if c := w.connection(a); c.LiveWidth < ordersync.FirstWidth {
				t.Errorf("%s: the width is %s", a.tenant, c.LiveWidth)
			}
		}
		out.Store(false)
		w.serve(2 * time.Hour)
		w.wantFresh(all)
		w.wantSound(all...)
	}, quick, refuse(refusals[0].refuse, func(ordersync.Window) bool { return out.Load() }))
}

// A poisoned order is asked for alone: its neighbours in the minute are stored.
func TestStuckMinuteIsReadOrderByOrder(t *testing.T) {
	bad := begin.Add(31*time.Minute + 20*time.Second)
	play(t, func(w *world) {
		s := w.seller()
		for i, id := range []string{"900-0000000-0000001", "900-0000000-0000002", "900-0000000-0000003"} {
			w.order(s, id, func(p *spapisim.Placed) { p.Order.CreatedTime = bad.Add(time.Duration(i-1) * time.Second) })
		}
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(8 * time.Hour)
		if _, ok := w.stored(a)["900-0000000-0000001"]; !ok || len(w.stored(a)) != 1 {
			t.Errorf("%d orders are stored", len(w.stored(a)))
		}
		w.wantPassed(a, bad)
		sizes := []int{}
		for _, search := range w.asked(s) {
			if !slices.Contains(sizes, search.size) {
				sizes = append(sizes, search.size)
			}
		}
		if !slices.Contains(sizes, 1) {
			t.Errorf("pages of %v were asked for", sizes)
		}
		w.wantSound(a)
	}, quick, history(3*day), replaceStatus(func(body string) bool {
		return strings.Contains(body, "900-0000000-0000002")
	}))
}

// replaceStatus makes a failure of an answer whose body fulfils a condition.
func replaceStatus(bad func(body string) bool) func(*setup) {
	return along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if err != nil || !isSearch(r) || response.StatusCode != http.StatusOK {
			return response, err
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return nil, err
		}
		if bad(string(body)) {
			return reply(r, 500, `{"errors":[{"code":"InternalFailure","message":"x"}]}`), nil
		}
		response.Body = io.NopCloser(strings.NewReader(string(body)))
		return response, nil
	})
}
