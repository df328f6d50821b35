package engine_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
)

// crasher ends the execution under way at its nth search: before Amazon is
// asked, or when the answer is there and not yet stored.
type crasher struct {
	die      context.CancelCauseFunc
	searches int
	at       int // 0: never
	answered bool
}

var errKilled = errors.New("killed")

func (c *crasher) ride() func(*setup) {
	return along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if !isSearch(r) {
			return next.RoundTrip(r)
		}
		c.searches++
		if c.searches != c.at {
			return next.RoundTrip(r)
		}
		if c.answered {
			if response, err := next.RoundTrip(r); err == nil {
				_ = response.Body.Close()
			}
		}
		c.die(errKilled)
		if r.Context().Err() == nil {
			return next.RoundTrip(r) // only asked to end: what is under way goes on
		}
		return nil, r.Context().Err()
	})
}

// execute is one execution of a process of its own, which may be killed.
func (w *world) execute(a account, c *crasher, at int) error {
	w.t.Helper()
	ctx, die := context.WithCancelCause(w.ctx)
	defer die(nil)
	c.die, c.searches, c.at = die, 0, at
	return w.newEngine(w.store).Work(ctx, a.connection)
}

// A process that dies between two pages loses nothing: the cursor stands, and
// the next one goes on with the stored token and the same query.
func TestCursorMovesOnlyWithTheLastPage(t *testing.T) {
	for name, answered := range map[string]bool{"before the answer": false, "before the commit": true} {
		t.Run(name, func(t *testing.T) {
			c := &crasher{answered: answered}
			play(t, func(w *world) {
				s := w.seller()
				w.orders(s, 23, 20*time.Hour, time.Hour)
				a := w.connect("acme", s, startAt(21*time.Hour))
				start, begun := time.Now().Add(-21*time.Hour), time.Now()
				for page := 1; page < 6; page++ {
					if err := w.execute(a, c, 2); !errors.Is(err, errKilled) {
						t.Fatalf("execution %d ended with %v", page, err)
					}
					walk := w.walk(a)
					if walk == nil || walk.Pages != page {
						t.Fatalf("after page %d the walk stands at %+v", page, walk)
					}
					if got := w.connection(a).Cursor; got.After(start) {
						t.Fatalf("after page %d of 6 the cursor is %s", page, got)
					}
					if n := len(w.stored(a)); n != 4*page {
						t.Errorf("after page %d there are %d orders", page, n)
					}
					time.Sleep(61 * time.Second)
				}
				w.must(w.execute(a, c, 0))
				if n := w.wantTruth(a, start, begun.Add(-150*time.Second)); n != 23 {
					t.Errorf("%d of 23 orders are stored", n)
				}
				wantReplayed(t, live(w.asked(s), start))
			}, pagesOf(4), quick, c.ride())
		})
	}
}

// wantReplayed checks that all searches of the first window had its query.
func wantReplayed(t *testing.T, searches []asked) {
	t.Helper()
	pages := map[int]bool{}
	for _, search := range searches {
		if search.to.Equal(searches[0].to) && search.query != searches[0].query {
			t.Errorf("page %d was asked for with %s, the first with %s", search.page, search.query, searches[0].query)
		}
		if search.status != http.StatusOK {
			t.Errorf("page %d was answered %d", search.page, search.status)
		}
		pages[search.page] = true
	}
	if len(pages) != 6 {
		t.Errorf("pages %v were read", pages)
	}
}

// Nobody else may take the connection before the dead process's lease ends.
func TestLeaseOutlivesItsHolder(t *testing.T) {
	c := &crasher{}
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		if err := w.execute(a, c, 1); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		w.must(w.execute(a, c, 0))
		if n := w.calls(s, "searchOrders", -1); n != 0 {
			t.Errorf("%d searches while another process may be at work", n)
		}
		w.serve(70 * time.Second)
		if got := w.connection(a).LastReason; got != ordersync.Success {
			t.Errorf("after the lease the connection stands at %q", got)
		}
	}, c.ride())
}

// A stop settles nothing: the run goes on wherever anybody works.
func TestStopSettlesNothing(t *testing.T) {
	c := &crasher{}
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 11, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		ctx, die := context.WithCancelCause(w.ctx)
		c.die, c.at = die, 2
		if err := w.engine.Drive(ctx, run); !errors.Is(err, errKilled) {
			t.Fatalf("the run ended with %v", err)
		}
		r, err := w.store.Reader().Run(w.ctx, run)
		w.must(err)
		if r.Summary.Open() != 1 || w.connection(a).LastReason != "" {
			t.Errorf("a stop settled %+v, %q", r.Summary, w.connection(a).LastReason)
		}
		if walk := w.walk(a); walk == nil || walk.Pages != 2 {
			t.Errorf("the page under way was not kept: %+v", walk)
		}
		w.serve(time.Second) // the lease was given back: nobody waits for its end
		got := w.targets(run)["acme"]
		wantReason(t, got, ordersync.Success)
		if got.Counts.OrdersCreated != 11 {
			t.Errorf("both halves together count %+v", got.Counts)
		}
	}, pagesOf(4), c.ride())
}

// What nobody works on is settled at the run's deadline, once, by any tick.
func TestRunEndsAtItsDeadline(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.connect("acme", s, startAt(time.Hour))
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		time.Sleep(ordersync.RunDeadline)
		_, err = w.engine.Tick(w.ctx, 0, "")
		w.must(err)
		got := w.targets(run)["acme"]
		wantReason(t, got, ordersync.Interrupted)
		w.serve(time.Minute)
		if again := w.targets(run)["acme"]; !again.SettledAt.Equal(got.SettledAt) || again.Outcome.Reason != ordersync.Interrupted {
			t.Errorf("it was settled again: %+v", again.Outcome)
		}
	})
}

// An operator's new token is a claim: the execution under way can write nothing
// more, and the next one begins at once.
func TestImportTakesTheConnectionOver(t *testing.T) {
	var w *world
	var a account
	imported := 0
	between := along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if isSearch(r) {
			if imported++; imported == 2 {
				w.reauthorize(a)
			}
		}
		return response, err
	})
	play(t, func(world *world) {
		w = world
		s := w.seller()
		w.orders(s, 12, 20*time.Hour, time.Hour)
		a = w.connect("acme", s, startAt(21*time.Hour))
		w.work(a)
		if n := len(w.stored(a)); n != 4 {
			t.Errorf("%d orders are stored: the old holder had committed one page of 4", n)
		}
		if got := w.connection(a).LastReason; got != "" {
			t.Errorf("the old holder settled %s", got)
		}
		w.syncs(a, ordersync.Success)
		if n := w.wantAll(a, 21*time.Hour); n != 12 {
			t.Errorf("%d of 12 orders are stored", n)
		}
		wantText(t, w.log.String(), "taken over")
	}, pagesOf(4), between)
}

// reauthorize imports a fresh token for an account.
func (w *world) reauthorize(a account) (token string) {
	w.t.Helper()
	token, err := w.sim.Authorize(w.app.ClientID, a.seller.Key)
	w.must(err)
	_, err = w.engine.Import(w.ctx, engine.ConnectionSpec{
		Tenant: a.tenant, Region: ordersync.Region(a.seller.Region), SellerID: a.seller.ID, RefreshToken: secret.New(token),
	})
	w.must(err)
	return token
}

// Two processes on one database never do the same work twice.
func TestTwoProcessesShareTheWork(t *testing.T) {
	play(t, func(w *world) {
		var accounts []account
		for _, tenant := range []ordersync.TenantID{"a", "b", "c", "d"} {
			s := w.seller()
			w.orders(s, 6, 20*time.Hour, -time.Hour, func(g *spapisim.Generate) { g.Living = true })
			accounts = append(accounts, w.connect(tenant, s, startAt(21*time.Hour)))
		}
		other := w.newEngine(w.openStore())
		done := make(chan struct{})
		go func() {
			w.serveWith(other, 45*time.Minute)
			close(done)
		}()
		w.serve(45 * time.Minute)
		<-done
		for _, a := range accounts {
			w.wantAll(a, 21*time.Hour)
			if n := w.calls(a.seller, "searchOrders", -1); n > 16 {
				t.Errorf("%s: %d searches in 45 minutes", a.tenant, n)
			}
		}
		if n := w.counters().MaxPerSeller; n > 1 {
			t.Errorf("%d calls of one seller at once", n)
		}
	}, func(s *setup) { s.sim.Switches.MaxLatency = spapisim.Duration(2 * time.Second) })
}
