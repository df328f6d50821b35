package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

func (d *database) application() store.Application {
	d.t.Helper()
	a, err := d.Reader().Application(d.ctx, "client")
	d.must(err)
	return a
}

func TestStoppedApplicationProbesOnceAMinute(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		equal(t, "at first", d.application(), store.Application{})
		probe := func() ordersync.ConnectionID {
			id, ok, err := d.Probe(d.ctx, "client")
			d.must(err)
			equal(t, "found", ok, id != 0)
			return id
		}
		d.due("old", 3600, nil)
		best := d.due("best", 3600, nil)
		d.set(best, "last_success_at = history_ms", begin.UnixMilli())
		d.set(d.due("paused", 3600, nil), "paused = NOT paused, last_success_at = history_ms + 1", begin.UnixMilli())
		equal(t, "while it works", probe(), 0)

		d.must(d.StopApplication(d.ctx, "client", "invalid_client"))
		d.clock.add(30 * time.Second)
		d.must(d.StopApplication(d.ctx, "client", "said again"))
		equal(t, "stopped", d.application(), store.Application{StoppedAt: begin, Cause: "invalid_client"})
		equal(t, "before its time", probe(), 0)
		d.clock.add(30 * time.Second)
		equal(t, "after a minute", probe(), best)
		equal(t, "the probe", d.application().Probe, best)
		equal(t, "due now", d.number(`SELECT live_due_at FROM connections WHERE id = $1`, int64(best)), begin.Add(time.Minute).UnixMilli())
		equal(t, "at once again", probe(), 0)
		d.clock.add(time.Minute)
		l := d.claim(best)
		equal(t, "while the best is at work", probe() != best, true)
		d.page(l)

		d.must(d.ResumeApplication(d.ctx, "client", d.application()))
		d.clock.add(time.Hour)
		equal(t, "resumed", d.application(), store.Application{})
		equal(t, "after the end", probe(), 0)
	})
}

// Who is chosen is rung for, and tries once: neither a run nor a second doorbell
// lets it try again before it is chosen again.
func TestProbeIsRungForAndTriesOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		var rung []store.Rung
		d.OnDue(func(context.Context, *sql.Tx) (store.Doorbells, error) {
			return store.Doorbells{Ring: func(_ context.Context, r []store.Rung) error {
				rung = append(rung, r...)
				return nil
			}}, nil
		})
		id, other := d.due("acme", 3600, nil), d.due("other", 3600, nil)
		d.set(id, "last_success_at = history_ms, slow = NOT slow", begin.UnixMilli())
		take := func(id ordersync.ConnectionID) bool {
			t.Helper()
			ok, err := d.TakeProbe(d.ctx, "client", id)
			d.must(err)
			return ok
		}
		probe := func() {
			t.Helper()
			d.clock.add(time.Minute)
			got, _, err := d.Probe(d.ctx, "client")
			d.must(err)
			equal(t, "probe", got, id)
		}
		d.must(d.StopApplication(d.ctx, "client", "invalid_client"))
		equal(t, "before it is chosen", take(id), false)
		probe()
		equal(t, "rung", rung, []store.Rung{{Connection: id, Urgency: store.Due, Slow: true}})
		equal(t, "tries", []bool{take(other), take(id), take(id)}, []bool{false, true, false})
		d.set(other, "paused = NOT paused", 0)
		probe()
		equal(t, "chosen again", take(id), true)
		probe()
		d.must(d.ResumeApplication(d.ctx, "client", d.application()))
		equal(t, "when it works again", take(id), false)
	})
}

func TestSecondSuspicionStopsTheApplication(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		suspect := func(id ordersync.ConnectionID) bool {
			stopped, err := d.SuspectApplication(d.ctx, "client", id, "the secret is refused")
			d.must(err)
			return stopped
		}
		first, second := d.connect("acme", "S1"), d.connect("globex", "S1")
		equal(t, "one of two", suspect(first), false)
		equal(t, "the same again", suspect(first), false)
		equal(t, "the suspect", d.application(), store.Application{Suspect: first})
		d.must(d.ResumeApplication(d.ctx, "client", d.application()))
		equal(t, "after a success", suspect(second), false)
		equal(t, "another", suspect(first), true)
		equal(t, "stopped", d.application().Stopped(), true)
	})
}

// Two that saw the same on different days have not seen one trouble. One that
// goes on seeing it does not grow old.
func TestSuspicionGrowsOld(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		suspect := func(id ordersync.ConnectionID) bool {
			stopped, err := d.SuspectApplication(d.ctx, "client", id, "the secret is refused")
			d.must(err)
			return stopped
		}
		first, second := d.connect("acme", "S1"), d.connect("globex", "S1")
		equal(t, "the first", suspect(first), false)
		d.clock.add(time.Hour)
		equal(t, "another, an hour later", suspect(second), false)
		equal(t, "the suspect", d.application(), store.Application{Suspect: second})
		d.clock.add(50 * time.Minute)
		equal(t, "the same again", suspect(second), false)
		d.clock.add(59*time.Minute + 59*time.Second)
		equal(t, "another, within the hour", suspect(first), true)
	})
}

// Who saw the secret refused first was sent into a backoff; once the application
// works again, it goes on with all others.
func TestSuspectIsDueLikeAllOthers(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		first, second := d.due("acme", 0, nil), d.due("globex", 0, nil)
		for _, id := range []ordersync.ConnectionID{first, second} {
			_, err := d.SuspectApplication(d.ctx, "client", id, "the secret is refused")
			d.must(err)
		}
		later := d.clock.Now().Add(time.Hour)
		denied := settle(ordersync.Outcome{Reason: ordersync.AccessDenied})
		denied.LiveDueAt, denied.Release = &later, true
		d.commit(d.claim(first), denied)
		equal(t, "rung", d.ring(2, ""), []string{"globex"})
		d.must(d.ResumeApplication(d.ctx, "client", d.application()))
		equal(t, "rung", d.ring(2, ""), []string{"acme"})
	})
}

// A success says something of the stop that was seen before it, and nothing of
// one that came since.
func TestResumeEndsOnlyTheStopThatWasSeen(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.must(d.StopApplication(d.ctx, "client", "the first time"))
		seen := d.application()
		d.clock.add(time.Minute)
		d.must(d.ResumeApplication(d.ctx, "client", seen))
		equal(t, "resumed", d.application(), store.Application{})
		d.must(d.StopApplication(d.ctx, "client", "the second time"))
		again := d.application()
		d.must(d.ResumeApplication(d.ctx, "client", seen))
		equal(t, "stopped again", d.application(), again)
		d.must(d.ResumeApplication(d.ctx, "client", store.Application{Suspect: 1}))
		equal(t, "a suspicion dropped late", d.application(), again)
		d.must(d.ResumeApplication(d.ctx, "client", again))

		first, second := d.connect("acme", "S1"), d.connect("globex", "S1")
		for _, id := range []ordersync.ConnectionID{first, second} {
			_, err := d.SuspectApplication(d.ctx, "client", id, "refused")
			d.must(err)
			d.must(d.ResumeApplication(d.ctx, "client", store.Application{Suspect: second}))
		}
		equal(t, "stopped by two", d.application().Stopped(), true)
		d.must(d.ResumeApplication(d.ctx, "client", d.application()))
		_, err := d.SuspectApplication(d.ctx, "client", first, "refused")
		d.must(err)
		d.must(d.ResumeApplication(d.ctx, "client", store.Application{Suspect: second}))
		equal(t, "another's suspicion", d.application(), store.Application{Suspect: first})
		d.must(d.ResumeApplication(d.ctx, "client", store.Application{Suspect: first}))
		equal(t, "its own", d.application(), store.Application{})
	})
}

func TestOnlyConnectionStopsTheApplicationAlone(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		d.set(d.connect("paused", "S1"), "paused = NOT paused", 0)
		stopped, err := d.SuspectApplication(d.ctx, "client", id, "refused")
		d.must(err)
		equal(t, "stopped", stopped, true)
	})
}

func TestStoppedApplicationSettlesWhatIsOpen(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, done := d.connected("acme", "S1"), d.connected("globex", "S1")
		id := d.openRun(ordersync.GlobalRun, "")
		d.commit(done, settle(ordersync.Outcome{Reason: ordersync.Success}))
		d.page(l, order("1", 0))
		for range 2 {
			d.must(d.SettleStopped(d.ctx))
			d.clock.add(time.Second)
		}
		equal(t, "run", d.run(id).Summary, ordersync.Summary{Total: 2, Success: 1, Failed: 1})
		target := d.targets(id)[0]
		equal(t, "reason", target.Outcome.Reason, ordersync.AppCredentialsInvalid)
		equal(t, "settled at", target.SettledAt, begin)
		equal(t, "counts", target.Counts.OrdersReceived, int64(1))
	})
}

func TestOrdersSetAsideAreAskedForHourlyThenDaily(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := d.connected("acme", "S1"), d.connected("globex", "S1")
		for _, l := range []*store.Lease{l, other} {
			c := pageOf(l)
			c.Page.Unreadable = []ordersync.Unreadable{unreadable("", "digest", "cause"), unreadable("2", "2", "cause")}
			d.commit(l, c)
		}
		next := func() time.Duration {
			at, err := d.NextSetAside(d.ctx, l)
			d.must(err)
			return at.Sub(d.clock.Now())
		}
		due := func() []store.SetAside {
			all, err := d.DueSetAside(d.ctx, l, 30)
			d.must(err)
			return all
		}
		equal(t, "due at once, if it has an id", due(), []store.SetAside{{OrderID: "2"}})
		for try := range 25 {
			d.commit(l, store.Commit{SetAside: &store.SetAsideTry{OrderID: "2"}})
			want := time.Hour
			if try >= 24 {
				want = 24 * time.Hour
			}
			equal(t, "next try", next(), want)
			equal(t, "due", due(), nil)
			d.clock.add(want)
		}
		equal(t, "due", due(), []store.SetAside{{OrderID: "2", Tries: 25}})
		equal(t, "cause", d.text(`SELECT cause FROM set_aside WHERE connection_id = $1 AND entry = '2'`, int64(l.Connection.ID)), "cause")
		d.commit(l, store.Commit{SetAside: &store.SetAsideTry{OrderID: "2", Gone: true}})
		equal(t, "gone", due(), nil)
		at, err := d.NextSetAside(d.ctx, l)
		if err != nil || !at.IsZero() {
			t.Errorf("the next try is %v, %v", at, err)
		}
		entries, err := d.Reader().Tenant("acme").SetAside(d.ctx, l.Connection.ID, 10)
		d.must(err)
		equal(t, "kept", len(entries), 2)
		equal(t, "kept as gone", entries[0], store.SetAsideEntry{
			Entry: "2", OrderID: "2", Cause: "Amazon does not know the order any more (404)", FirstAt: begin, LastAt: d.clock.Now(), Tries: 26,
		})
		theirs, err := d.DueSetAside(d.ctx, other, 30)
		d.must(err)
		equal(t, "the other's", theirs, []store.SetAside{{OrderID: "2"}})
	})
}
