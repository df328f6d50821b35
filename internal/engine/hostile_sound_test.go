package engine_test

import (
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// What must hold after every story, whatever Amazon did in it.

// wantSound checks that coverage claims only what Amazon was asked for, that
// changes are dense, that nobody holds a lease, and that Amazon throttled
// nothing, unless a story made it.
func (w *world) wantSound(accounts ...account) {
	w.t.Helper()
	w.wantSoundBut(0, accounts...)
}

// wantSoundBut is wantSound where so many calls may have been throttled.
func (w *world) wantSoundBut(throttled int, accounts ...account) {
	w.t.Helper()
	for _, a := range accounts {
		w.wantDense(a)
		w.wantWalked(a)
		if n := w.calls(a.seller, "", 429); n > throttled {
			w.t.Errorf("%s: %d calls were throttled", a.tenant, n)
		}
	}
	if n := w.number(`SELECT COUNT(*) FROM connections WHERE lease_until > ?`, time.Now().UnixMilli()); n != 0 {
		w.t.Errorf("%d leases are left", n)
	}
	if n := w.number(`SELECT COUNT(*) FROM budgets WHERE tokens > plan_burst OR tokens < -1`); n != 0 {
		w.t.Errorf("%d budgets are out of bounds", n)
	}
}

// number reads one number from the world's SQLite file, past the store.
func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	if w.file == "" {
		return 0
	}
	db := storetest.SQL(w.t, w.url)
	defer func() { w.must(db.Close()) }()
	w.must(db.QueryRowContext(w.ctx, query, args...).Scan(&n))
	return n
}

// wantDense checks that the changes of a connection are numbered without a hole.
func (w *world) wantDense(a account) {
	w.t.Helper()
	seq := w.number(`SELECT change_seq FROM connections WHERE id = ?`, int64(a.connection))
	n := w.number(`SELECT COUNT(*) FROM changes WHERE connection_id = ? AND seq BETWEEN 1 AND ?`, int64(a.connection), seq)
	if all := w.number(`SELECT COUNT(*) FROM changes WHERE connection_id = ?`, int64(a.connection)); all != seq || n != seq {
		w.t.Errorf("%s: %d changes, %d of them in place, numbered up to %d", a.tenant, all, n, seq)
	}
}

// wantWalked checks that nothing counts as read that Amazon was not asked for.
func (w *world) wantWalked(a account) {
	w.t.Helper()
	if len(w.sim.Calls()) >= 1000 { // Amazon remembers no more
		return
	}
	asked := map[string]ordersync.Spans{}
	for _, search := range w.asked(a.seller) {
		for _, m := range strings.Split(search.markets, ",") {
			if search.status == 200 && search.from.Before(search.to) {
				asked[m] = asked[m].Add(ordersync.Window{From: search.from, To: search.to})
			}
		}
	}
	have := w.coverage(a)
	for m, walked := range have.Walked {
		for _, span := range walked {
			if !asked[m].Covers(span) {
				w.t.Errorf("%s: %v of %s counts as read; Amazon was asked for %v", a.tenant, span, m, asked[m])
			}
		}
		for _, span := range have.Confirmed[m] {
			if !walked.Covers(span) {
				w.t.Errorf("%s: %v of %s is confirmed and not read: %v", a.tenant, span, m, walked)
			}
		}
	}
}

// wantHistory checks that everything from a time up to the cursor was read, and
// read without doubt.
func (w *world) wantHistory(a account, from time.Time) {
	w.t.Helper()
	have, want := w.coverage(a), ordersync.Window{From: from, To: w.connection(a).Cursor.Truncate(time.Second)}
	for _, m := range w.connection(a).Marketplaces {
		if !have.Walked[m].Covers(want) {
			w.t.Errorf("%s: of %v of %s was read %v", a.tenant, want, m, have.Walked[m])
		}
		if late := have.Confirmed[m].Missing(want); len(late) > 0 && late[0].From.Before(time.Now().Add(-90*time.Minute)) {
			w.t.Errorf("%s: of %v of %s is in doubt %v", a.tenant, want, m, late)
		}
	}
}

// backSearches are the first pages that back work asked for, oldest first: those
// that do not end a live window's distance from Amazon's clock.
func (w *world) backSearches(s spapisim.Seller) []asked {
	w.t.Helper()
	return slices.DeleteFunc(w.asked(s), func(a asked) bool {
		return a.page != 1 || a.at.Sub(a.to) < 160*time.Second && a.to.Sub(a.from) < 45*time.Minute
	})
}

// budgetOf names the bucket of an account's searches.
func (w *world) budgetOf(a account) store.BudgetKey {
	return store.BudgetKey{ClientID: w.app.ClientID, Region: ordersync.Region(a.seller.Region), Seller: a.seller.ID, Operation: ordersync.SearchOrders}
}
