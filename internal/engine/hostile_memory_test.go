package engine_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// What is remembered from one execution to the next.

// change changes the database past the store.
func (w *world) change(query string, args ...any) {
	w.t.Helper()
	db := storetest.SQL(w.t, w.url)
	defer func() { w.must(db.Close()) }()
	_, err := db.ExecContext(w.ctx, query, args...)
	w.must(err)
}

func personalData(s *engine.ConnectionSpec) {
	on := true
	s.PersonalData = &on
}

// refused counts the searches that were refused.
func (w *world) refused(s spapisim.Seller) int { return w.calls(s, spapisim.SearchOrders, 403) }

// Who is refused for asking for personal data asks without it for a day.
func TestPersonalDenialIsRemembered(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.living(s, 30, 60*time.Hour)
		a := w.connect("acme", s, startAt(time.Hour), personalData)
		w.serve(2 * time.Hour)
		time.Sleep(20 * time.Hour)
		w.serve(time.Hour)
		if n := w.refused(s); n != 1 {
			t.Errorf("refused %d times in a day", n)
		}
		w.serve(2 * time.Hour)
		if n := w.refused(s); n != 2 {
			t.Errorf("refused %d times in 25 hours", n)
		}
		off, on := false, true
		for _, personal := range []*bool{&off, &on} {
			_, err := w.engine.Import(w.ctx, engine.ConnectionSpec{Tenant: "acme", Region: "eu", SellerID: s.ID, PersonalData: personal})
			w.must(err)
		}
		w.serve(time.Minute)
		if n := w.refused(s); n != 3 {
			t.Errorf("refused %d times after an import that says it anew", n)
		}
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.PersonalRefused = false }))
		time.Sleep(24 * time.Hour)
		w.serve(time.Hour)
		if c := w.connection(a); w.refused(s) != 3 || !c.PersonalDeniedAt.IsZero() {
			t.Errorf("refused %d times, last %s", w.refused(s), c.PersonalDeniedAt)
		}
		if last := w.asked(s)[len(w.asked(s))-1]; !strings.Contains(last.groups, "BUYER") {
			t.Errorf("asked for %s", last.groups)
		}
		w.wantFresh([]account{a})
		w.wantAll(a, 60*time.Hour)
		w.wantSound(a)
	}, quick, func(s *setup) { s.sim.Switches.PersonalRefused = true })
}

// What was read of persons before the denial stays; a denial of everything is
// no word on personal data.
func TestPersonalDenialErasesNothing(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 10, 50*time.Minute, 10*time.Minute)
		a := w.connect("acme", s, startAt(time.Hour), personalData)
		w.syncs(a, ordersync.Success)
		held := w.number(`SELECT COUNT(*) FROM order_personal`)
		if held == 0 {
			t.Fatal("nothing personal is stored")
		}
		id := w.fault(spapisim.Fault{Kind: spapisim.FaultForbidden, Operation: spapisim.SearchOrders})
		w.serve(20 * time.Minute)
		if c := w.connection(a); !c.PersonalDeniedAt.IsZero() || c.LastReason != ordersync.AccessDenied {
			t.Errorf("%s, personal data denied at %s", c.LastReason, c.PersonalDeniedAt)
		}
		w.sim.RemoveFault(id)
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.PersonalRefused = true }))
		for _, id := range ids {
			w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: id}))
		}
		w.serve(time.Hour)
		if n := w.number(`SELECT COUNT(*) FROM order_personal`); n != held {
			t.Errorf("%d personal fields are held, %d were", n, held)
		}
		if w.connection(a).PersonalDeniedAt.IsZero() {
			t.Error("the denial was forgotten")
		}
		w.wantAll(a, 3*time.Hour)
		w.wantSound(a)
	}, quick, allRoles)
}

// One empty list of marketplaces changes nothing; a second, an hour later, does.
func TestMarketplacesThatVanish(t *testing.T) {
	for name, back := range map[string]bool{"for a moment": true, "for good": false} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				ids := slices.Sorted(slices.Values(s.MarketplaceIDs()))
				all := []spapisim.Participation{{MarketplaceID: ids[0]}, {MarketplaceID: ids[1]}}
				none := []spapisim.Participation{{MarketplaceID: ids[0], NotActive: true}}
				a := w.connect("acme", s, startAt(time.Hour), discover)
				w.syncs(a, ordersync.Success)
				time.Sleep(23*time.Hour + 50*time.Minute)
				w.must(w.sim.SetParticipations(s.Key, none))
				w.countAnew()
				w.serve(70 * time.Minute) // it was asked once, and not again within the hour
				if n := w.calls(s, spapisim.GetParticipations, 200); n != 1 {
					t.Errorf("asked %d times", n)
				}
				if c := w.connection(a); c.LastReason != ordersync.Success || !slices.Equal(c.Marketplaces, ids) {
					t.Errorf("after one empty list: %s (%s), %v", c.LastReason, c.LastMessage, c.Marketplaces)
				}
				if back {
					w.must(w.sim.SetParticipations(s.Key, all))
				}
				w.serve(20 * time.Minute)
				c := w.connection(a)
				if n := w.calls(s, spapisim.GetParticipations, 200); n != 2 {
					t.Errorf("asked %d times", n)
				}
				if back {
					w.wantFresh([]account{a})
					w.serve(5 * time.Hour)
					if n := w.calls(s, spapisim.GetParticipations, 200); n != 2 || !w.connection(a).MarketplacesEmptyAt.IsZero() {
						t.Errorf("asked %d times", n)
					}
					return
				}
				if c.LastReason != ordersync.NotConnected || !slices.Equal(c.Marketplaces, ids) {
					t.Errorf("after two empty lists: %s, %v", c.LastReason, c.Marketplaces)
				}
				wantText(t, c.LastMessage, "marketplace")
				w.serve(22 * time.Hour)
				if n := w.calls(s, spapisim.GetParticipations, 200); n != 2 {
					t.Errorf("asked %d times in a day", n)
				}
				w.must(w.sim.SetParticipations(s.Key, all))
				w.syncs(a, ordersync.Success)
			}, quick)
		})
	}
}

// Discovery that fails while a list is known waits longer each time, and what it
// says of its budget is learned.
func TestDiscoveryThatFailsBacksOff(t *testing.T) {
	for name, fault := range map[string]spapisim.FaultKind{"503": spapisim.FaultUnavailable, "429": spapisim.FaultThrottle, "403": spapisim.FaultForbidden} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				a := w.connect("acme", s, startAt(time.Hour), discover)
				w.syncs(a, ordersync.Success)
				time.Sleep(23*time.Hour + 50*time.Minute)
				id := w.fault(spapisim.Fault{Kind: fault, Operation: spapisim.GetParticipations})
				w.countAnew()
				w.serve(6 * time.Hour)
				if n := w.calls(s, spapisim.GetParticipations, -1); n < 6 || n > 10 {
					t.Errorf("asked %d times in six hours", n)
				}
				key := w.budgetOf(a)
				key.Operation = ordersync.GetMarketplaces
				_, _, throttled, _, err := w.store.Reader().Budget(w.ctx, key)
				w.must(err)
				if (throttled > 0) != (fault == spapisim.FaultThrottle) {
					t.Errorf("the budget counts %d answers of 429", throttled)
				}
				w.wantFresh([]account{a})
				w.sim.RemoveFault(id)
				w.serve(70 * time.Minute)
				if c := w.connection(a); time.Since(c.MarketplacesAt) > 70*time.Minute || !c.MarketplacesAgainAt.IsZero() {
					t.Errorf("discovered at %s, again at %s", c.MarketplacesAt, c.MarketplacesAgainAt)
				}
			}, quick)
		})
	}
}

// The history of a marketplace that is discovered later is a gap, also where live
// work reads several windows before it is up to date.
func TestDiscoveredMarketplaceIsBackWorkAtOnce(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := s.MarketplaceIDs()
		w.must(w.sim.SetParticipations(s.Key, []spapisim.Participation{{MarketplaceID: ids[0]}}))
		a := w.connect("acme", s, startAt(time.Hour), discover)
		w.serve(2 * time.Hour)
		w.change(`UPDATE connections SET live_width_ms = 3600000, marketplaces_at = 0`)
		w.must(w.sim.SetParticipations(s.Key, []spapisim.Participation{{MarketplaceID: ids[0]}, {MarketplaceID: ids[1]}}))
		time.Sleep(10 * time.Hour)
		at := time.Now()
		w.serve(2 * time.Minute)
		if !slices.ContainsFunc(w.backSearches(s), func(search asked) bool { return !search.at.Before(at) && search.markets == ids[1] }) {
			t.Errorf("its history was not asked for; back work is due %s", time.UnixMilli(w.number(`SELECT back_due_at FROM connections`)))
		}
		w.wantSound(a)
	}, history(20*day), quick)
}

// After a 429 work goes on when the bucket has its next token at the rate that
// the answer named, not at the published one.
func TestThrottledAtALowerRate(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		got := w.syncs(a, ordersync.AmazonRateLimit)
		if wait := got.Outcome.ResumesAt.Sub(got.SettledAt); (wait - 500*time.Second).Abs() > 2*time.Second {
			t.Errorf("it resumes after %s", wait)
		}
		var throttled *engine.ThrottledError
		if _, err := w.engine.ImportOne(w.ctx, "acme", "900-0000000-0000001"); !errors.As(err, &throttled) {
			t.Fatalf("one order: %v", err)
		}
		if wait := time.Until(throttled.ResumesAt); (wait - 10*time.Second).Abs() > time.Second {
			t.Errorf("one order may be asked for after %s", wait)
		}
	}, along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if !strings.Contains(r.URL.Path, "/orders") {
			return next.RoundTrip(r)
		}
		response := reply(r, 429, `{"errors":[{"code":"QuotaExceeded","message":"x"}]}`)
		response.Header.Set("x-amzn-RateLimit-Limit", "0.1")
		if isSearch(r) {
			response.Header.Set("x-amzn-RateLimit-Limit", "0.002")
		}
		return response, nil
	}))
}

// An answer for one order proves the authorisation as well as a page does.
func TestSingleOrderProvesTheAuthorisation(t *testing.T) {
	for name, gone := range map[string]bool{"answered": false, "404": true} {
		t.Run(name, func(t *testing.T) {
			id := ""
			play(t, func(w *world) {
				s := w.seller()
				ids := w.orders(s, 5, 50*time.Minute, 10*time.Minute)
				a := w.connect("acme", s, startAt(time.Hour))
				w.damage(a, ids[2], "quantity-text")
				w.serve(2 * time.Minute)
				w.heal(a, ids[2], true)
				if gone {
					id = ids[2]
				}
				later := time.Now().Add(5 * time.Hour).UnixMilli()
				w.change(`UPDATE connections SET revoked_at = ?, denied_at = ?, failures = 3, back_due_at = ?, live_due_at = ?`,
					time.Now().UnixMilli(), time.Now().UnixMilli(), time.Now().Add(time.Hour).UnixMilli(), later)
				time.Sleep(time.Hour + time.Minute)
				w.work(a)
				if c := w.connection(a); !c.RevokedAt.IsZero() || !c.DeniedAt.IsZero() || c.Failures != 0 {
					t.Errorf("revoked at %s, denied at %s, %d failures; %+v", c.RevokedAt, c.DeniedAt, c.Failures, w.aside(a))
				}
			}, quick, func(s *setup) { s.settings.Sweep = 100 * day },
				answer(&id, http.StatusNotFound, `{"errors":[{"code":"NotFound","message":"x"}]}`))
		})
	}
}
