package engine_test

import (
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// troubles are what Amazon does wrong, and what it is called.
var troubles = []struct {
	name   string
	fault  spapisim.Fault
	reason ordersync.Reason
}{
	{"time-out", spapisim.Fault{Kind: spapisim.FaultHang}, ordersync.AmazonUnavailable},
	{"slow", spapisim.Fault{Kind: spapisim.FaultSlow, Delay: spapisim.Duration(time.Minute)}, ordersync.AmazonUnavailable},
	{"dripping body", spapisim.Fault{Kind: spapisim.FaultDrip, Delay: spapisim.Duration(time.Minute)}, ordersync.AmazonUnavailable},
	{"reset", spapisim.Fault{Kind: spapisim.FaultReset}, ordersync.AmazonUnavailable},
	{"500", spapisim.Fault{Kind: spapisim.FaultInternal}, ordersync.AmazonUnavailable},
	{"502 with HTML", spapisim.Fault{Kind: spapisim.FaultBadGateway}, ordersync.AmazonUnavailable},
	{"503", spapisim.Fault{Kind: spapisim.FaultUnavailable}, ordersync.AmazonUnavailable},
	{"504 with HTML", spapisim.Fault{Kind: spapisim.FaultGatewayTimeout}, ordersync.AmazonUnavailable},
	{"400 with HTML", spapisim.Fault{Kind: spapisim.FaultHTML}, ordersync.RequestRejected},
	{"400", spapisim.Fault{Kind: spapisim.FaultInvalid}, ordersync.RequestRejected},
	{"400 with null", spapisim.Fault{Kind: spapisim.FaultNullMessage}, ordersync.RequestRejected},
	{"200 and nothing", spapisim.Fault{Kind: spapisim.FaultEmpty}, ordersync.AmazonBadResponse},
	{"200 and no JSON", spapisim.Fault{Kind: spapisim.FaultBadJSON}, ordersync.AmazonBadResponse},
	{"200 of another shape", spapisim.Fault{Kind: spapisim.FaultBadStructure}, ordersync.AmazonBadResponse},
	{"truncated", spapisim.Fault{Kind: spapisim.FaultTruncated}, ordersync.AmazonBadResponse},
	{"cut in mid-body", spapisim.Fault{Kind: spapisim.FaultCut}, ordersync.AmazonBadResponse},
	{"403", spapisim.Fault{Kind: spapisim.FaultForbidden}, ordersync.AccessDenied},
	{"403, access denied", spapisim.Fault{Kind: spapisim.FaultForbidden, Variant: "access-denied"}, ordersync.AccessDenied},
	{"wrong region", spapisim.Fault{Kind: spapisim.FaultWrongRegion}, ordersync.AccessDenied},
}

// Whatever Amazon does, it has its name, moves no cursor, touches no neighbour,
// and once it is over everything is stored.
func TestEveryTrouble(t *testing.T) {
	for _, trouble := range rows(troubles, 5) {
		t.Run(trouble.name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				w.orders(s, 7, 20*time.Hour, time.Hour)
				a := w.connect("acme", s, startAt(21*time.Hour))
				other := w.connect("other", w.seller(), startAt(time.Hour))
				cursor := time.Now().Add(-21 * time.Hour)
				fault := trouble.fault
				fault.Seller, fault.Operation = s.Key, spapisim.SearchOrders
				id := w.fault(fault)
				begun := time.Now()
				got := w.run(ordersync.GlobalRun, "")
				wantReason(t, got["acme"], trouble.reason)
				wantReason(t, got["other"], ordersync.Success)
				if took := got["other"].SettledAt.Sub(begun); took > time.Second {
					t.Errorf("the neighbour waited %s", took)
				}
				if got["acme"].Outcome.Status() != ordersync.StatusFailed || got["acme"].Outcome.Confirmed {
					t.Errorf("%+v", got["acme"].Outcome)
				}
				wantTold(t, got["acme"].Outcome)
				if c := w.connection(a); c.Cursor.After(cursor) || len(w.stored(a)) > 0 || c.Failures != 1 || c.State != ordersync.Connected {
					t.Errorf("the cursor is %s, %d orders are stored, %d failures, %s", c.Cursor, len(w.stored(a)), c.Failures, c.State)
				}
				w.sim.RemoveFault(id)
				w.serve(12 * time.Minute)
				if c := w.connection(a); c.LastReason != ordersync.Success || c.Failures != 0 {
					t.Errorf("afterwards it stands at %s with %d failures", c.LastReason, c.Failures)
				}
				if n := w.wantAll(a, 21*time.Hour); n != 7 {
					t.Errorf("%d of 7 orders are stored", n)
				}
				if c := w.connection(other); c.LastReason != ordersync.Success || c.Failures != 0 {
					t.Errorf("the neighbour stands at %s", c.LastReason)
				}
			}, quick)
		})
	}
}

// wantTold wants that somebody who must look finds what was asked, what Amazon said,
// and the id by which Amazon knows it.
func wantTold(t *testing.T, o ordersync.Outcome) {
	t.Helper()
	looks := o.Reason == ordersync.AmazonBadResponse || o.Reason == ordersync.RequestRejected || o.Reason == ordersync.AccessDenied
	if told := strings.HasPrefix(o.Message, o.Reason.Info().English+": searchOrders: "); told != looks {
		t.Errorf("told %q", o.Message)
	}
	if looks && (!strings.Contains(o.Message, "(status ") || !strings.Contains(o.Message, "request ")) {
		t.Errorf("what Amazon said is missing: %q", o.Message)
	}
}

// The same troubles in the middle of a walk: what was read stays, what is
// missing comes later.
func TestTroubleInTheMiddleOfAWalk(t *testing.T) {
	for _, trouble := range rows(troubles, 6) {
		if trouble.reason == ordersync.RequestRejected {
			continue // a 400 to a token restarts the walk
		}
		t.Run(trouble.name, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				w.orders(s, 9, 20*time.Hour, time.Hour)
				a := w.connect("acme", s, startAt(21*time.Hour))
				cursor := time.Now().Add(-21 * time.Hour)
				fault := trouble.fault
				fault.Operation, fault.Page, fault.Count = spapisim.SearchOrders, 2, 4
				id := w.fault(fault)
				w.syncs(a, trouble.reason)
				if c := w.connection(a); c.Cursor.After(cursor) || len(w.stored(a)) != 4 {
					t.Errorf("the cursor is %s, %d orders are stored", c.Cursor, len(w.stored(a)))
				}
				w.sim.RemoveFault(id)
				w.serve(12 * time.Minute)
				if n := w.wantAll(a, 21*time.Hour); n != 9 {
					t.Errorf("%d of 9 orders are stored", n)
				}
			}, pagesOf(4), quick)
		})
	}
}

// Failures in a row are asked for less and less often: the interval, doubled
// with each, an hour at most.
func TestBackoffGrows(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		id := w.fault(spapisim.Fault{Kind: spapisim.FaultInvalid, Operation: spapisim.SearchOrders})
		begun := time.Now()
		w.serve(5 * time.Hour)
		var tries []time.Time
		for _, search := range w.asked(s) {
			if len(tries) == 0 || search.at.Sub(tries[len(tries)-1]) > time.Minute {
				tries = append(tries, search.at)
			}
		}
		for i, minutes := range []float64{5, 10, 20, 40, 60, 60} {
			if i+1 >= len(tries) {
				t.Fatalf("only %d tries in 5 hours", len(tries))
			}
			if gap := tries[i+1].Sub(tries[i]).Minutes(); gap > minutes+0.1 || gap < minutes*0.9-0.1 {
				t.Errorf("%.1f minutes after failure %d, want %.0f", gap, i+1, minutes)
			}
		}
		w.sim.RemoveFault(id)
		w.orders(s, 5, 4*time.Hour, time.Hour)
		w.syncs(a, ordersync.Success) // a run does not wait for the backoff
		if n := w.wantTruth(a, begun, time.Now()); n != 5 {
			t.Errorf("%d of 5 orders are stored", n)
		}
	})
}

// Login with Amazon has bad hours too.
func TestLoginTroubles(t *testing.T) {
	for variant, want := range map[string]ordersync.Reason{
		"server_error": ordersync.AmazonUnavailable, "temporarily_unavailable": ordersync.AmazonUnavailable,
		"unauthorized_client": ordersync.AccessDenied, "access_denied": ordersync.AccessDenied,
		"invalid_grant": ordersync.TokenRevoked, "invalid_client": ordersync.AppCredentialsInvalid,
		"invalid_request": ordersync.UnknownError,
	} {
		t.Run(variant, func(t *testing.T) {
			play(t, func(w *world) {
				s := w.seller()
				a := w.connect("acme", s, startAt(time.Hour))
				w.orders(s, 3, 50*time.Minute, 10*time.Minute)
				id := w.fault(spapisim.Fault{Kind: spapisim.FaultLWA, Variant: variant, Operation: spapisim.Token})
				got := w.syncs(a, want)
				if c := w.connection(a); c.State != ordersync.Connected || variant != "invalid_client" && got.Outcome.Confirmed {
					t.Errorf("one bad answer made it %s, confirmed %t", c.State, got.Outcome.Confirmed)
				}
				if n := w.calls(s, "searchOrders", -1); n != 0 {
					t.Errorf("%d searches without a token", n)
				}
				w.sim.RemoveFault(id)
				w.serve(20 * time.Minute)
				if n := w.wantAll(a, time.Hour); n != 3 {
					t.Errorf("%d of 3 orders are stored", n)
				}
				w.wantSealed(a)
			})
		})
	}
}

// Wrong credentials of the application are one trouble, not one of each tenant.
func TestWrongApplicationCredentials(t *testing.T) {
	secret := "wrong"
	play(t, func(w *world) {
		one, two := w.connect("one", w.seller(), startAt(time.Hour)), w.connect("two", w.seller(), startAt(time.Hour))
		got := w.run(ordersync.GlobalRun, "")
		wantReason(t, got["one"], ordersync.AppCredentialsInvalid)
		wantReason(t, got["two"], ordersync.AppCredentialsInvalid)
		if acts := got["one"].Outcome.Reason.Info().Acts; acts != ordersync.Operator {
			t.Errorf("%s must act", acts)
		}
		w.serve(4 * time.Minute)
		if n := w.counters().Total("", spapisim.Token, -1); n > 7 {
			t.Errorf("%d logins in 4 minutes", n)
		}
		secret = w.app.ClientSecret
		w.serve(2 * time.Minute)
		for _, a := range []account{one, two} {
			if c := w.connection(a); c.LastReason != ordersync.Success || c.State != ordersync.Connected {
				t.Errorf("%s stands at %s, %s", a.tenant, c.LastReason, c.State)
			}
		}
		if strings.Contains(w.log.String(), secret) {
			t.Error("the secret stands in the log")
		}
	}, func(s *setup) { s.amazon.ClientSecret = func() string { return secret } })
}
