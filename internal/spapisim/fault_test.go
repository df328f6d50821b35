package spapisim_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

func TestFaultAnswers(t *testing.T) {
	for _, c := range []struct {
		kind    spapisim.FaultKind
		variant string
		status  int
		body    string // part of it
		fits    bool   // the body is as the model says
	}{
		{spapisim.FaultInternal, "", 500, `"code":"InternalFailure","message":"We encountered an internal error. Please try again."`, true},
		{spapisim.FaultUnavailable, "", 503, `"errors"`, true},
		{spapisim.FaultBadGateway, "", 502, "<html>", false},
		{spapisim.FaultGatewayTimeout, "", 504, "<html>", false},
		{spapisim.FaultHTML, "", 400, "<html>", false},
		{spapisim.FaultEmpty, "", 200, "", false},
		{spapisim.FaultBadJSON, "", 200, `{"orders"`, false},
		{spapisim.FaultBadStructure, "", 200, `{"payload"`, false},
		{spapisim.FaultNullMessage, "", 400, `{"message":null}`, false},
		{spapisim.FaultInvalid, "", 400, generic, true},
		{spapisim.FaultTooLarge, "", 413, `"errors"`, true},
		{spapisim.FaultThrottle, "", 429, `"code":"QuotaExceeded"`, true},
		{spapisim.FaultForbidden, "", 403, `"details":""`, true},
		{spapisim.FaultForbidden, "denied", 403, `"details":""`, true},
		{spapisim.FaultForbidden, "expired", 403, "The access token you provided has expired.", true},
		{spapisim.FaultForbidden, "revoked", 403, "The access token you provided is revoked, malformed or invalid.", true},
		{spapisim.FaultForbidden, "no-token", 403, "Access token is missing in the request header.", true},
		{spapisim.FaultForbidden, "secret", 403, "The LWA secret token you provided has expired.", true},
		{spapisim.FaultForbidden, "gateway", 403, "MissingAuthenticationToken", true},
		{spapisim.FaultForbidden, "access-denied", 403, "AccessDenied", true},
		{spapisim.FaultForbidden, "resource-forbidden", 403, "Access to the resource is forbidden", true},
		{spapisim.FaultForbidden, "hammered", 403, "Access to requested resource is forbidden", true},
	} {
		t.Run(string(c.kind)+" "+c.variant, func(t *testing.T) {
			b := setup(t)
			b.fault(spapisim.Fault{Kind: c.kind, Variant: c.variant})
			for _, path := range []string{searchPath, searchPath + "/1", participationPath} {
				r := b.get(path, "createdAfter", at(start))
				if r.status != c.status || !strings.Contains(string(r.body), c.body) || json.Valid(r.body) != (c.fits || strings.HasPrefix(c.body, `{"payload"`) || strings.HasPrefix(c.body, `{"message"`)) {
					t.Errorf("%s: %d %s", path, r.status, r.body)
				}
				if c.fits {
					checkAnswer(t, "orders_2026-01-01.json", searchPath, r.status, r.body)
				}
			}
			if b.login(b.refresh) == "" {
				t.Error("an API fault met the token endpoint")
			}
		})
	}
}

func TestFaultsMeetOnlyTheirs(t *testing.T) {
	b := setup(t)
	other, refresh := b.addSeller("fe")
	mine, others := b.access, b.login(refresh)
	search := []string{"createdAfter", at(start)}
	type who struct {
		access, path string
		query        []string
	}
	for _, c := range []struct {
		name  string
		fault spapisim.Fault
		hit   []who
		miss  []who
	}{
		{"seller", spapisim.Fault{Seller: other.Key}, []who{{others, searchPath, search}}, []who{{mine, searchPath, search}}},
		{"region", spapisim.Fault{Region: "fe"}, []who{{others, participationPath, nil}}, []who{{mine, participationPath, nil}}},
		{"operation", spapisim.Fault{Operation: spapisim.GetParticipations}, []who{{mine, participationPath, nil}}, []who{{mine, searchPath, search}}},
		{"client", spapisim.Fault{ClientID: b.app.ClientID}, []who{{mine, searchPath, search}}, nil},
		{"other client", spapisim.Fault{ClientID: "x"}, nil, []who{{mine, searchPath, search}}},
		{"the incident of one data set", spapisim.Fault{Region: "fe", IncludedData: "FULFILLMENT"},
			[]who{{others, searchPath, with(search, "includedData", "BUYER,FULFILLMENT")}},
			[]who{{others, searchPath, with(search, "includedData", "FULFILLMENT_ORDERS")}, {others, searchPath, search}, {mine, searchPath, with(search, "includedData", "FULFILLMENT")}}},
		{"large pages", spapisim.Fault{OverResults: 50},
			[]who{{mine, searchPath, search}, {mine, searchPath, with(search, "maxResultsPerPage", "51")}},
			[]who{{mine, searchPath, with(search, "maxResultsPerPage", "50")}, {mine, participationPath, nil}}},
		{"span over", spapisim.Fault{Until: start}, nil, []who{{mine, searchPath, search}}},
		{"span ahead", spapisim.Fault{From: start.Add(time.Second)}, nil, []who{{mine, searchPath, search}}},
		{"span", spapisim.Fault{From: start, Until: start.Add(time.Second)}, []who{{mine, searchPath, search}}, nil},
		{"page 2", spapisim.Fault{Page: 2}, nil, []who{{mine, searchPath, search}}},
	} {
		b.sim.ClearFaults()
		c.fault.Kind = spapisim.FaultInternal
		b.fault(c.fault)
		for i, w := range append(append([]who{}, c.hit...), c.miss...) {
			b.access = w.access
			if r := b.get(w.path, w.query...); (r.status == 500) != (i < len(c.hit)) {
				t.Errorf("%s: call %d: %d", c.name, i, r.status)
			}
		}
	}
}

func TestFaultCounts(t *testing.T) {
	b := setup(t)
	answers := func(n int) (s string) {
		for range n {
			s += map[int]string{200: ".", 500: "x"}[b.get(searchPath, "createdAfter", at(start)).status]
			b.clock.Add(time.Second)
		}
		return s
	}
	id, err := b.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultInternal, Skip: 2, Count: 3})
	b.must(err)
	if got := answers(8); got != "..xxx..." {
		t.Errorf("%s", got)
	}
	if got := b.sim.Faults(); len(got) != 1 || got[0].Hits != 3 || got[0].ID != id {
		t.Errorf("%+v", got)
	}
	if !b.sim.RemoveFault(id) || b.sim.RemoveFault(id) {
		t.Error("a fault ends once")
	}
	b.fault(spapisim.Fault{Kind: spapisim.FaultInternal, Probability: 0.3})
	if n := strings.Count(answers(400), "x"); n < 80 || n > 160 {
		t.Errorf("%d of 400 at 0.3", n)
	}
}

func TestFaultsAreChecked(t *testing.T) {
	b := setup(t)
	for _, f := range []spapisim.Fault{
		{}, {Kind: "flood"}, {Kind: spapisim.FaultForbidden, Variant: "x"}, {Kind: spapisim.FaultLWA}, {Kind: spapisim.FaultLWA, Operation: spapisim.Token, Variant: "x"},
		{Kind: spapisim.FaultInternal, Operation: "getOrders"}, {Kind: spapisim.FaultInternal, Region: "mars"}, {Kind: spapisim.FaultInternal, Seller: "eu/x"},
		{Kind: spapisim.FaultInternal, Probability: 1.1}, {Kind: spapisim.FaultInternal, Count: -1},
	} {
		if _, err := b.sim.AddFault(f); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
}

func TestSpoiltAnswers(t *testing.T) {
	b := setup(t)
	b.generate(20)
	query := []string{"createdAfter", ago(48 * time.Hour)}
	whole := b.get(searchPath, query...)
	b.fault(spapisim.Fault{Kind: spapisim.FaultTruncated, Count: 1})
	if r := b.get(searchPath, query...); len(r.body) != len(whole.body)/2 || json.Valid(r.body) {
		t.Errorf("truncated: %d of %d", len(r.body), len(whole.body))
	}
	b.fault(spapisim.Fault{Kind: spapisim.FaultContentType, Count: 1})
	if r := b.get(searchPath, query...); !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") || string(r.body) != string(whole.body) {
		t.Errorf("%v", r.header)
	}
	b.fault(spapisim.Fault{Kind: spapisim.FaultDate, Delay: spapisim.Duration(-3 * time.Hour), Count: 1})
	if r := b.get(searchPath, query...); r.header.Get("Date") != start.Add(-3*time.Hour).Format(http.TimeFormat) {
		t.Errorf("%v", r.header)
	}
	b.fault(spapisim.Fault{Kind: spapisim.FaultBigBody, Size: 1 << 20, Count: 1})
	if r := b.get(searchPath, query...); len(r.body) < 20<<20 || !json.Valid(r.body) {
		t.Errorf("%d bytes", len(r.body))
	}
	if r := b.get(searchPath, query...); r.header.Get("Content-Type") != "application/json" || len(r.body) != len(whole.body) {
		t.Errorf("afterwards: %v", r.header)
	}
}

// TestSlowAnswers lets the simulator sleep on the test's clock.
func TestSlowAnswers(t *testing.T) {
	var mu sync.Mutex
	var slept time.Duration
	b := setup(t, func(c *spapisim.Config) {
		c.Sleep = func(_ context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			slept += d
			return nil
		}
	})
	b.generate(5)
	for _, c := range []struct {
		kind        spapisim.FaultKind
		least, most time.Duration
	}{{spapisim.FaultSlow, 7 * time.Second, 7 * time.Second}, {spapisim.FaultDrip, 7 * time.Second, 7 * time.Second}} {
		slept = 0
		b.fault(spapisim.Fault{Kind: c.kind, Delay: spapisim.Duration(7 * time.Second), Count: 1})
		r := b.get(searchPath, "createdAfter", ago(48*time.Hour))
		if r.status != 200 || slept < c.least || slept > c.most {
			t.Errorf("%s: %d after %s", c.kind, r.status, slept)
		}
		checkAnswer(t, "orders_2026-01-01.json", searchPath, r.status, r.body)
	}
	slept = 0
	b.switches(func(sw *spapisim.Switches) {
		sw.MinLatency, sw.MaxLatency = spapisim.Duration(time.Second), spapisim.Duration(2*time.Second)
	})
	b.get(searchPath)
	if slept < time.Second || slept > 2*time.Second {
		t.Errorf("latency %s", slept)
	}
}

// TestBrokenConnections uses real sockets.
func TestBrokenConnections(t *testing.T) {
	b := setup(t)
	b.generate(50)
	server := httptest.NewServer(b.handler)
	defer server.Close()
	get := func(ctx context.Context) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, "GET", server.URL+searchPath+"?createdAfter=2026-11-20T00:00:00Z", nil)
		b.must(err)
		r.Header.Set("X-Amz-Access-Token", b.access)
		answer, err := server.Client().Do(r)
		if err != nil {
			return nil, err
		}
		defer func() { _ = answer.Body.Close() }()
		return io.ReadAll(answer.Body)
	}
	b.fault(spapisim.Fault{Kind: spapisim.FaultReset, Count: 1})
	if _, err := get(t.Context()); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("reset: %v", err)
	}
	b.sim.ClearFaults()
	b.fault(spapisim.Fault{Kind: spapisim.FaultCut, Count: 1})
	if body, err := get(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) || len(body) == 0 {
		t.Errorf("cut: %d bytes, %v", len(body), err)
	}
	b.sim.ClearFaults()
	b.fault(spapisim.Fault{Kind: spapisim.FaultHang, Count: 1})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := get(ctx)
		done <- err
	}()
	for b.sim.Faults()[0].Hits == 0 { // until the call has come in
		select {
		case err := <-done:
			t.Fatalf("answered: %v", err)
		default:
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("hang: %v", err)
	}
	if body, err := get(t.Context()); err != nil || !json.Valid(body) {
		t.Errorf("afterwards: %v", err)
	}
	if got := b.sim.Counters().Total(b.seller.Key, spapisim.SearchOrders, 0); got < 1 {
		t.Errorf("%d calls without an answer", got)
	}
}

// TestHangInVirtualTime: a client's timeout ends a hanging call after exactly
// its time.
func TestHangInVirtualTime(t *testing.T) {
	bubble(t, spapisim.Config{Seed: 1}, func(t *testing.T, sim *spapisim.Simulator, client *http.Client) {
		app, err := sim.AddApplication(spapisim.ApplicationSpec{})
		if err != nil {
			t.Fatal(err)
		}
		members, err := sim.Fleet(spapisim.FleetSpec{ClientID: app.ClientID, Sellers: 1, Troubles: []spapisim.Trouble{spapisim.TroubleHangs}})
		if err != nil {
			t.Fatal(err)
		}
		client.Timeout = 20 * time.Second
		before := time.Now()
		r, _ := http.NewRequest("GET", "http://amazon.test"+searchPath, nil)
		r.Header.Set("x-amz-access-token", sim.MustAccessToken(members[0].RefreshToken))
		if _, err := client.Do(r); err == nil || time.Since(before) != 20*time.Second {
			t.Errorf("%v after %s", err, time.Since(before))
		}
	})
}
