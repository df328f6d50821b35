package engine_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

const days = 24 * time.Hour

// A tenant asks for more history than the service reads: it becomes a gap and is
// read, once.
func TestBackfill(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 30, 60*days, 4*days) // further back than the first sweep reaches
		a := w.connect("acme", s, startAt(time.Hour))
		w.serve(time.Hour)
		if n := len(w.stored(a)); n > 0 {
			t.Fatalf("%d orders were read before anybody asked", n)
		}
		since := time.Now().Add(-61 * days)
		plans, err := w.engine.Backfill(w.ctx, "acme", since)
		w.must(err)
		if len(plans) != 1 || plans[0].Connection != a.connection || plans[0].Clamped {
			t.Fatalf("plans: %+v", plans)
		}
		for _, m := range s.MarketplaceIDs() {
			gaps := plans[0].Gaps[m]
			if len(gaps) == 0 || !gaps[0].From.Equal(since.UTC().Truncate(time.Second)) {
				t.Errorf("gaps of %s: %v", m, gaps)
			}
		}
		w.serve(time.Hour)
		if n := len(w.stored(a)); n != 30 {
			t.Errorf("%d of 30 orders are stored", n)
		}
		w.countAnew()
		plans, err = w.engine.Backfill(w.ctx, "acme", since.Add(days)) // less: what is wanted stays wanted
		w.must(err)
		if got := w.connection(a).WantedSince; !got.Equal(since.UTC().Truncate(time.Millisecond)) {
			t.Errorf("wanted since %s, want %s", got, since)
		}
		if gaps := plans[0].Gaps[s.MarketplaceIDs()[0]]; len(gaps) > 0 {
			t.Errorf("gaps that are left: %v", gaps)
		}
	}, quick)
}

func TestBackfillThatIsRefused(t *testing.T) {
	play(t, func(w *world) {
		a := w.connect("acme", w.seller())
		_, err := w.engine.Backfill(w.ctx, "acme", time.Now().Add(-101*days))
		var kept *engine.RetentionError
		if !errors.As(err, &kept) || kept.Setting != engine.RetentionSetting || kept.Keep != 100*days {
			t.Fatalf("before what is kept: %v", err)
		}
		wantText(t, err.Error(), engine.RetentionSetting)
		wantText(t, err.Error(), "100 days")
		long, early := 101*days, time.Now().Add(-101*days)
		for _, v := range []store.Change{{History: &long}, {WantedSince: &early}} {
			if err := w.engine.Set(w.ctx, "acme", a.connection, v); !errors.As(err, &kept) {
				t.Errorf("set %+v: %v", v, err)
			}
		}
		var future *engine.FutureError
		if _, err := w.engine.Backfill(w.ctx, "acme", time.Now().Add(time.Minute)); !errors.As(err, &future) {
			t.Errorf("from the future: %v", err)
		}
		if _, err := w.engine.Backfill(w.ctx, "nobody", time.Now()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown tenant: %v", err)
		}
	}, func(s *setup) { s.settings.Retention.Orders = 100 * days })
}

// Amazon keeps two years of most marketplaces: more is not refused, only not to
// be had.
func TestBackfillBeforeAmazonsHistory(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.connect("acme", s)
		plans, err := w.engine.Backfill(w.ctx, "acme", time.Now().Add(-3*365*days))
		w.must(err)
		if !plans[0].Clamped || !plans[0].Since[s.MarketplaceIDs()[0]].Equal(time.Now().UTC().AddDate(-2, 0, 0)) {
			t.Errorf("plan: %+v", plans[0])
		}
	}, func(s *setup) { s.settings.Retention.Orders = 4 * 365 * days })
}

// History that is wanted for longer than orders are kept would be read and deleted
// for ever.
func TestHistoryEndsWhereOrdersAreDeleted(t *testing.T) {
	play(t, func(w *world) {
		a := w.connect("acme", w.seller())
		for _, c := range []ordersync.Connection{
			{}, {History: 200 * days}, {WantedSince: time.Now().Add(-200 * days)},
		} {
			c.Marketplaces, c.Region, c.Cursor = w.connection(a).Marketplaces, "eu", time.Now()
			state := w.engine.StateOfBackWork(c, store.Coverage{}, nil)
			if oldest := state.Now.Add(-50 * days); !state.Since.Equal(oldest) {
				t.Errorf("history of %+v is wanted since %s, want %s", c, state.Since, oldest)
			}
		}
	}, func(s *setup) { s.settings.Retention.Orders, s.settings.History = 50*days, 100*days })
}

// What is past its time goes by itself while the service runs.
func TestServiceDeletesWhatIsPastItsTime(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 5, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.syncs(a, ordersync.Success)
		if n := len(w.stored(a)); n != 5 {
			t.Fatalf("%d orders are stored", n)
		}
		for range 5 {
			w.serve(time.Minute)
			time.Sleep(13 * time.Hour)
		}
		w.serve(time.Minute)
		if n := len(w.stored(a)); n > 0 {
			t.Errorf("%d orders are left", n)
		}
		if runs, err := w.store.Reader().Runs(w.ctx, store.RunsPage{}); err != nil || len(runs) > 0 {
			t.Errorf("runs that are left: %v, %v", runs, err)
		}
		if c := w.connection(a); c.Orders != 0 || c.Items != 0 {
			t.Errorf("the connection counts %d orders, %d items", c.Orders, c.Items)
		}
	}, func(s *setup) { s.settings.Retention = store.Retention{Orders: 2 * days, Runs: 2 * days} })
}

// A cancelled run ends, and its work goes on.
func TestCancelledRun(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 5, 20*time.Hour, time.Hour)
		a := w.connect("acme", s, startAt(21*time.Hour))
		run, err := w.engine.StartRun(w.ctx, ordersync.GlobalRun, "")
		w.must(err)
		w.must(w.engine.CancelRun(w.ctx, run))
		wantReason(t, w.targets(run)["acme"], ordersync.Interrupted)
		w.must(w.engine.Drive(w.ctx, run))
		w.serve(time.Minute)
		if n := len(w.stored(a)); n != 5 {
			t.Errorf("%d of 5 orders are stored", n)
		}
		if err := w.engine.CancelRun(w.ctx, "no such run"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown run: %v", err)
		}
	})
}

// The single run of a tenant that is not connected says so.
func TestSingleRunOfWhoIsNotConnected(t *testing.T) {
	play(t, func(w *world) {
		for _, state := range []ordersync.State{ordersync.Pending, ordersync.Disabled} {
			a := w.connect(ordersync.TenantID(strings.ToLower(string(state))), w.seller(), func(s *engine.ConnectionSpec) { s.State = state })
			w.syncs(a, ordersync.NotConnected)
		}
	})
}

func TestPauseAndResume(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		w.must(w.engine.Pause(w.ctx, "acme", a.connection))
		w.serve(time.Hour)
		if n := w.counters().Total(s.Key, "", 0); n > 0 {
			t.Errorf("%d calls while it was paused", n)
		}
		w.syncs(a, ordersync.Paused)
		w.must(w.engine.Resume(w.ctx, "acme", a.connection))
		w.serve(2 * time.Second)
		if c := w.connection(a); c.LastReason != ordersync.Success {
			t.Errorf("after resuming: %s", c.LastReason)
		}
	})
}

func TestNewKey(t *testing.T) {
	play(t, func(w *world) {
		key, secret, err := w.engine.NewKey(w.ctx, " shop front ", "acme")
		w.must(err)
		if !regexp.MustCompile(`^osk_[A-Za-z0-9_-]{43}$`).MatchString(secret) {
			t.Errorf("the secret is %q", secret)
		}
		found, err := w.store.Reader().Key(w.ctx, secret)
		w.must(err)
		if found != key || key.Name != "shop front" || key.Tenant != "acme" {
			t.Errorf("made %+v, found %+v", key, found)
		}
		for _, name := range []string{"", "  ", "a\nb", strings.Repeat("x", 101)} {
			if _, _, err := w.engine.NewKey(w.ctx, name, ""); err == nil {
				t.Errorf("the name %q was taken", name)
			}
		}
	})
}

// Names that no key can have are told by type; a key that is revoked opens
// nothing, and one that is not there is said to be.
func TestKeys(t *testing.T) {
	play(t, func(w *world) {
		for _, name := range []string{"", " ", strings.Repeat("x", 101), "a\nb"} {
			var wrong *engine.KeyNameError
			if _, secret, err := w.engine.NewKey(w.ctx, name, ""); !errors.As(err, &wrong) || wrong.Wrong == "" || secret != "" {
				t.Errorf("%q: %v", name, err)
			}
		}
		key, secret, err := w.engine.NewKey(w.ctx, " cron ", "")
		w.must(err)
		if key.Name != "cron" {
			t.Errorf("the name is %q", key.Name)
		}
		if _, err := w.store.Reader().Key(w.ctx, secret); err != nil {
			t.Error(err)
		}
		w.must(w.engine.RevokeKey(w.ctx, key.ID))
		if _, err := w.store.Reader().Key(w.ctx, secret); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a revoked key: %v", err)
		}
		if err := w.engine.RevokeKey(w.ctx, "nothing"); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("no key: %v", err)
		}
	})
}
