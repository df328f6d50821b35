package engine_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// A bug that panics in the middle of a tenant's work is that tenant's outcome,
// with an id that is in the log; everybody else goes on.
func TestPanicIsAnOutcome(t *testing.T) {
	for name, path := range map[string]string{"in a search": "/orders", "in a login": "/token"} {
		t.Run(name, func(t *testing.T) {
			var p panicker
			play(t, func(w *world) {
				bad, good := w.connect("bad", w.seller(), startAt(time.Hour)), w.connect("good", w.seller(), startAt(time.Hour))
				p.set(path, w.reauthorize(bad))
				got := w.run(ordersync.GlobalRun, "")
				wantReason(t, got["bad"], ordersync.UnknownError)
				wantReason(t, got["good"], ordersync.Success)
				id := got["bad"].Outcome.ErrorID
				if !regexp.MustCompile(`^[A-Z2-7]{12}$`).MatchString(id) {
					t.Fatalf("the error's id is %q: %+v", id, got["bad"].Outcome)
				}
				wantText(t, got["bad"].Outcome.Text(), id)
				wantText(t, w.log.String(), "errorId="+id)
				if strings.Contains(got["bad"].Outcome.Text(), "kaboom") {
					t.Errorf("the outcome shows the panic: %s", got["bad"].Outcome.Text())
				}
				p.set("", "")
				w.serve(12 * time.Minute)
				for _, a := range []account{bad, good} {
					if c := w.connection(a); c.LastReason != ordersync.Success || c.Failures != 0 {
						t.Errorf("%s stands at %s afterwards", a.tenant, c.LastReason)
					}
				}
			}, p.ride())
		})
	}
}

// panicker panics on the way of one tenant's requests, which its refresh token
// and the access tokens given for it tell.
type panicker struct {
	mu     sync.Mutex
	path   string // "": never
	token  string
	access string
}

func (p *panicker) set(path, token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.path, p.token = path, token
}

func (p *panicker) ride() func(*setup) {
	return along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		mine := r.Header.Get("X-Amz-Access-Token") == p.access && p.access != ""
		login := strings.HasSuffix(r.URL.Path, "/token")
		if login {
			body, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			form, err := io.ReadAll(body)
			if err != nil {
				return nil, err
			}
			mine = strings.Contains(string(form), url.QueryEscape(p.token))
		}
		if mine && p.path != "" && strings.HasSuffix(r.URL.Path, p.path) {
			panic("kaboom")
		}
		response, err := next.RoundTrip(r)
		if mine && login && err == nil {
			p.access, err = readAccess(response)
		}
		return response, err
	})
}

// readAccess reads the access token of a login and leaves the answer as it is.
func readAccess(response *http.Response) (string, error) {
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(text))
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	err = json.Unmarshal(text, &grant)
	return grant.AccessToken, err
}

// A tenant whose calls hang until they time out delays nobody.
func TestHangingTenantDelaysNobody(t *testing.T) {
	play(t, func(w *world) {
		slow := w.seller()
		w.connect("slow", slow, startAt(time.Hour))
		others := []ordersync.TenantID{"a", "b", "c"}
		for _, tenant := range others {
			w.connect(tenant, w.seller(), startAt(time.Hour))
		}
		w.fault(spapisim.Fault{Kind: spapisim.FaultHang, Seller: slow.Key, Operation: spapisim.SearchOrders})
		begun := time.Now()
		got := w.run(ordersync.GlobalRun, "")
		wantReason(t, got["slow"], ordersync.AmazonUnavailable)
		for _, tenant := range others {
			wantReason(t, got[tenant], ordersync.Success)
			if took := got[tenant].SettledAt.Sub(begun); took > time.Second {
				t.Errorf("%s waited %s", tenant, took)
			}
		}
		if took := got["slow"].SettledAt.Sub(begun); took < 20*time.Second || took > 25*time.Second {
			t.Errorf("slow was settled after %s; a call may take 20 s, and is not repeated", took)
		}
	})
}

// Two tenants may have connected one seller account: each has the orders, under
// the same ids.
func TestSameOrderUnderTwoTenants(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 6, 20*time.Hour, time.Hour)
		one, two := w.connect("one", s, startAt(21*time.Hour)), w.connect("two", s, startAt(21*time.Hour))
		w.syncs(one, ordersync.Success)
		if n := len(w.stored(two)); n != 0 {
			t.Errorf("two has %d orders of one's", n)
		}
		got := w.syncs(two, ordersync.Success)
		if got.Counts.OrdersCreated != 6 {
			t.Errorf("%+v", got.Counts)
		}
		w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: ids[0], Apply: func(o *spapisim.Order) { o.Fulfillment.FulfillmentStatus = "SHIPPED" }}))
		time.Sleep(4 * time.Minute)
		w.syncs(one, ordersync.Success)
		if a, b := w.stored(one)[ids[0]].Status, w.stored(two)[ids[0]].Status; a != "SHIPPED" {
			t.Errorf("one has %s, two %s", a, b)
		}
		w.syncs(two, ordersync.Success)
		for _, a := range []account{one, two} {
			if n := w.wantAll(a, 21*time.Hour); n != 6 {
				t.Errorf("%s: %d of 6 orders are stored", a.tenant, n)
			}
		}
	})
}

// Many tenants: every one is accounted for in every run, whatever stands in the
// way of some.
func TestEveryTenantIsAccountedFor(t *testing.T) {
	play(t, func(w *world) {
		want := map[ordersync.TenantID]ordersync.Reason{}
		for i, reason := range []ordersync.Reason{
			ordersync.Success, ordersync.TokenMissing, ordersync.TokenRevoked, ordersync.AmazonUnavailable, ordersync.Success,
			ordersync.AccessDenied, ordersync.AmazonBadResponse, ordersync.RequestRejected, ordersync.Success, ordersync.TokenRevoked,
		} {
			tenant := ordersync.TenantID("tenant-" + string(rune('a'+i)))
			want[tenant] = reason
			w.accountWith(tenant, reason)
		}
		for range 3 { // no tenant's turn depends on another's luck
			got := w.run(ordersync.GlobalRun, "")
			if len(got) != len(want) {
				t.Fatalf("%d targets for %d tenants", len(got), len(want))
			}
			for tenant, reason := range want {
				wantReason(t, got[tenant], reason)
			}
			time.Sleep(3 * time.Minute)
		}
	}, quick)
}

// accountWith connects a tenant whose runs end with a reason.
func (w *world) accountWith(tenant ordersync.TenantID, reason ordersync.Reason) {
	w.t.Helper()
	s := w.seller()
	kinds := map[ordersync.Reason]spapisim.FaultKind{
		ordersync.AmazonUnavailable: spapisim.FaultInternal, ordersync.AccessDenied: spapisim.FaultForbidden,
		ordersync.AmazonBadResponse: spapisim.FaultEmpty, ordersync.RequestRejected: spapisim.FaultInvalid,
	}
	if kind, ok := kinds[reason]; ok {
		w.fault(spapisim.Fault{Kind: kind, Seller: s.Key, Operation: spapisim.SearchOrders})
	}
	if reason == ordersync.TokenMissing {
		w.connect(tenant, s, startAt(time.Hour), noToken)
		return
	}
	w.connect(tenant, s, startAt(time.Hour))
	if reason == ordersync.TokenRevoked {
		w.must(w.sim.Revoke(w.app.ClientID, s.Key))
	}
}
