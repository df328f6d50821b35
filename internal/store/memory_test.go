package store_test

import (
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// What a commit remembers of a connection is read again, by the lease and anew,
// and ends when it says so.
func TestMemoryOfAConnection(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		times := [5]time.Time{}
		for i := range times {
			times[i] = begin.Add(time.Duration(i+1) * time.Minute)
		}
		want := func(what string, times [5]time.Time) {
			t.Helper()
			for _, c := range []ordersync.Connection{l.Connection, d.connection("acme", l.Connection.ID)} {
				equal(t, what, [5]time.Time{c.StuckAt, c.StuckTo, c.PersonalDeniedAt, c.MarketplacesEmptyAt, c.MarketplacesAgainAt}, times)
			}
		}
		d.commit(l, store.Commit{
			Kind: ordersync.Live, Stuck: &store.Stuck{At: times[0], To: times[1]}, PersonalDeniedAt: &times[2],
			MarketplacesEmptyAt: &times[3], MarketplacesAgainAt: &times[4],
		})
		want("committed", times)
		d.commit(l, store.Commit{Kind: ordersync.Live})
		want("as before", times)
		d.commit(l, store.Commit{Kind: ordersync.Live, Marketplaces: []string{french}})
		times[3], times[4] = time.Time{}, time.Time{}
		want("discovered", times)
		d.commit(l, store.Commit{Kind: ordersync.Live, Stuck: &store.Stuck{}, PersonalDeniedAt: &time.Time{}})
		want("ended", [5]time.Time{})
	})
}

// failed makes a connection that Amazon has refused in every way.
func (d *database) failed() ordersync.ConnectionID {
	d.t.Helper()
	id := d.bring(line(seller("S1"), state(ordersync.Connected), selling(french), personal(true), bearing("t1"))).Connection
	d.exec(`UPDATE connections SET revoked_at = $1, denied_at = $1, personal_denied_at = $1, failures = 4, cursor_at = $1, back_due_at = $2`,
		begin.UnixMilli(), begin.Add(day).UnixMilli())
	return id
}

// What one authorisation may not see, the next one may.
func TestNewTokenForgetsTheDenialOfPersonalData(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.failed()
		d.bring(line(seller("S1"), bearing("t1")))
		if d.connection("acme", id).PersonalDeniedAt.IsZero() {
			t.Error("the same token ends it")
		}
		d.bring(line(seller("S1"), bearing("t2")))
		if at := d.connection("acme", id).PersonalDeniedAt; !at.IsZero() {
			t.Errorf("denied at %s still", at)
		}
	})
}

// Another word on personal data ends a denial of it, by import and by setting.
func TestPersonalDataAnewForgetsTheDenial(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.failed()
		denied := func() bool { return !d.connection("acme", id).PersonalDeniedAt.IsZero() }
		d.bring(line(seller("S1"), personal(true)))
		equal(t, "denied after nothing new", denied(), true)
		d.bring(line(seller("S1"), personal(false)))
		equal(t, "denied after an import", denied(), false)
		d.exec(`UPDATE connections SET personal_denied_at = $1`, begin.UnixMilli())
		on := true
		d.must(d.Set(d.ctx, "acme", id, store.Change{PersonalData: &on}))
		equal(t, "denied after a setting", denied(), false)
	})
}

// The history of a marketplace that an import adds is wanted at once; one that it
// takes away leaves nothing to do.
func TestImportedMarketplaceIsBackWorkAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.failed()
		due := func() int64 { return d.number(`SELECT back_due_at FROM connections`) }
		d.bring(line(seller("S1"), selling(french, german)))
		equal(t, "due after one was added", due(), begin.UnixMilli())
		d.exec(`UPDATE connections SET back_due_at = $1`, begin.Add(day).UnixMilli())
		d.bring(line(seller("S1"), selling(german)))
		equal(t, "due after one was taken away", due(), begin.Add(day).UnixMilli())
		d.exec(`UPDATE connections SET cursor_at = NULL`)
		d.bring(line(seller("S1"), selling(french, german)))
		equal(t, "due before anything was read", due(), begin.Add(day).UnixMilli())
	})
}
