package spapisim_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ordersync/internal/spapisim"
)

// drain calls until the first 429 and returns how many passed.
func (b *bench) drain(path string, query ...string) int {
	b.t.Helper()
	for n := 0; n < 1000; n++ {
		if r := b.get(path, query...); r.status == http.StatusTooManyRequests {
			return n
		}
	}
	b.t.Fatal("never throttled")
	return 0
}

func realRates(c *spapisim.Config) { c.RateScale = 1 }

func TestPublishedPlans(t *testing.T) {
	b := setup(t, realRates)
	ids := b.generate(1)
	for _, c := range []struct {
		path   string
		query  []string
		burst  int
		refill time.Duration // one token, rounded up
		header string
	}{
		{searchPath, []string{"createdAfter", at(start)}, 20, 178572 * time.Millisecond, "0.0056"},
		{searchPath + "/" + ids[0], nil, 30, 2 * time.Second, "0.5"},
		{participationPath, nil, 15, 62500 * time.Millisecond, "0.016"},
	} {
		r := b.get(c.path, c.query...)
		if got := r.header.Get("X-Amzn-Ratelimit-Limit"); got != c.header {
			t.Errorf("%s: rate %q", c.path, got)
		}
		if got := b.drain(c.path, c.query...); got != c.burst-1 {
			t.Errorf("%s: burst %d", c.path, got+1)
		}
		b.clock.Add(c.refill - time.Millisecond)
		if got := b.drain(c.path, c.query...); got != 0 {
			t.Errorf("%s: a token before its time", c.path)
		}
		b.clock.Add(time.Millisecond)
		if got := b.drain(c.path, c.query...); got != 1 {
			t.Errorf("%s: %d tokens", c.path, got)
		}
	}
	b.clock.Add(60 * time.Minute)
	b.access = b.login(b.refresh)
	if got := b.drain(searchPath, "createdAfter", at(start)); got != 20 {
		t.Errorf("after an hour %d of 20", got)
	}
}

func TestThrottledAnswer(t *testing.T) {
	b := setup(t, realRates)
	b.drain(searchPath, "createdAfter", at(start))
	r := b.get(searchPath, "createdAfter", at(start))
	wantAnswer(t, r, 429, searchPath)
	const body = `{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota for the requested resource.","details":""}]}`
	if string(r.body) != body || r.header.Get("Retry-After") != "" || r.header.Get("X-Amzn-Ratelimit-Limit") != "" {
		t.Errorf("%s %v", r.body, r.header)
	}
	b.switches(func(sw *spapisim.Switches) { sw.RetryAfter = "120" })
	if r := b.get(searchPath, "createdAfter", at(start)); r.header.Get("Retry-After") != "120" {
		t.Errorf("%v", r.header)
	}
}

func TestBucketsAreApart(t *testing.T) {
	b := setup(t, realRates)
	other, err := b.sim.AddApplication(spapisim.ApplicationSpec{})
	b.must(err)
	refresh, err := b.sim.Authorize(other.ClientID, b.seller.Key)
	b.must(err)
	_, neighbour := b.addSeller("eu")
	b.drain(searchPath, "createdAfter", at(start))
	if r := b.get(participationPath); r.status != 200 {
		t.Errorf("another operation: %d", r.status)
	}
	mine := b.access
	b.access = b.login(neighbour)
	if r := b.get(searchPath, "createdAfter", at(start)); r.status != 200 {
		t.Errorf("another seller: %d", r.status)
	}
	b.access = b.sim.MustAccessToken(refresh)
	if r := b.get(searchPath, "createdAfter", at(start)); r.status != 200 {
		t.Errorf("another application: %d", r.status)
	}
	b.access = mine
	second, err := b.sim.Authorize(b.app.ClientID, b.seller.Key)
	b.must(err)
	b.access = b.login(second)
	if r := b.get(searchPath, "createdAfter", at(start)); r.status != 429 {
		t.Errorf("another refresh token of the same pair: %d", r.status)
	}
}

func TestFailuresCostTokens(t *testing.T) {
	for _, free := range []bool{false, true} {
		b := setup(t, realRates)
		b.switches(func(sw *spapisim.Switches) { sw.FailuresFree = free })
		for range 30 {
			b.get(searchPath) // 400
		}
		r := b.get(searchPath, "createdAfter", at(start))
		if want := map[bool]int{false: 429, true: 200}[free]; r.status != want {
			t.Errorf("free %v: %d", free, r.status)
		}
	}
}

func TestPlanPerApplication(t *testing.T) {
	b := setup(t, realRates)
	b.switches(func(sw *spapisim.Switches) { sw.AppRate, sw.AppBurst = 1, 25 })
	first := b.access
	_, refresh := b.addSeller("na")
	b.access = b.login(refresh)
	if got := b.drain(searchPath, "createdAfter", at(start)); got != 20 {
		t.Errorf("%d", got)
	}
	b.access = first
	if got := b.drain(searchPath, "createdAfter", at(start)); got != 5 {
		t.Errorf("the application had 5 left, %d passed", got)
	}
	b.switches(func(sw *spapisim.Switches) { sw.AppRate, sw.AppBurst = 0, 0 })
	if got := b.drain(searchPath, "createdAfter", at(start)); got != 15 {
		t.Errorf("a call that the application's plan refused cost a token of the pair's: %d", got)
	}
}

func TestRateHeaderCanLie(t *testing.T) {
	b := setup(t, realRates)
	for _, lie := range []string{"0", "-1", "much", "0.02", "off"} {
		b.switches(func(sw *spapisim.Switches) { sw.RateHeader = lie })
		r := b.get(searchPath, "createdAfter", at(start))
		if got := r.header.Get("X-Amzn-Ratelimit-Limit"); got != lie && (lie != "off" || got != "") {
			t.Errorf("%q: %q", lie, got)
		}
	}
}

func TestRateChanges(t *testing.T) {
	b := setup(t, realRates)
	query := []string{"createdAfter", at(start)}
	b.drain(searchPath, query...)
	b.clock.Add(500 * time.Second) // 2.8 tokens at the old rate
	b.must(b.sim.SetRate(spapisim.SearchOrders, b.seller.Key, spapisim.Rate{PerSecond: 0.1, Burst: 10}))
	b.clock.Add(20 * time.Second) // 2 at the new one
	if got := b.drain(searchPath, query...); got != 4 {
		t.Errorf("%d passed", got)
	}
	if r := b.get(participationPath); r.header.Get("X-Amzn-Ratelimit-Limit") != "0.016" {
		t.Error("another operation's rate changed")
	}
	b.clock.Add(1000 * time.Second)
	r := b.get(searchPath, query...)
	if got := r.header.Get("X-Amzn-Ratelimit-Limit"); got != "0.1" {
		t.Errorf("rate %s", got)
	}
	if got := b.drain(searchPath, query...); got != 9 {
		t.Errorf("the burst is 10, %d more passed", got)
	}
	b.must(b.sim.SetRateScale(10))
	b.clock.Add(5 * time.Second)
	if got := b.drain(searchPath, query...); got != 5 {
		t.Errorf("at ten times the rate: %d", got)
	}
	for _, bad := range []spapisim.Rate{{-1, 10}, {1, 0}, {math.NaN(), 1}, {1, math.Inf(1)}} {
		if b.sim.SetRate(spapisim.SearchOrders, "", bad) == nil {
			t.Errorf("%v was taken", bad)
		}
	}
	if b.sim.SetRate(spapisim.Token, "", spapisim.Rate{PerSecond: 1, Burst: 1}) == nil {
		t.Error("a plan for an operation that has none")
	}
	b.clock.Add(-time.Hour)
	if got := b.drain(searchPath, query...); got != 0 {
		t.Errorf("a clock that went back gave %d tokens", got)
	}
}

// pipeListener is a listener whose connections are net.Pipe, so that a server
// and its clients live in one synctest bubble.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// bubble runs f with a simulator served over pipes, in virtual time.
func bubble(t *testing.T, cfg spapisim.Config, f func(t *testing.T, sim *spapisim.Simulator, client *http.Client)) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := spapisim.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		listener := newPipeListener()
		server := &http.Server{Handler: sim.Handler()}
		go func() { _ = server.Serve(listener) }()
		transport := &http.Transport{DialContext: listener.dial}
		f(t, sim, &http.Client{Transport: transport})
		transport.CloseIdleConnections()
		if err := server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestBucketOverVirtualHours hammers three sellers from several clients each
// and holds what passed against burst + rate*t, from every moment to every
// later one.
func TestBucketOverVirtualHours(t *testing.T) {
	cfg := spapisim.Config{Seed: 3, Switches: spapisim.Switches{MinLatency: spapisim.Duration(20 * time.Millisecond), MaxLatency: spapisim.Duration(900 * time.Millisecond)}}
	bubble(t, cfg, func(t *testing.T, sim *spapisim.Simulator, client *http.Client) {
		app, err := sim.AddApplication(spapisim.ApplicationSpec{})
		if err != nil {
			t.Fatal(err)
		}
		members, err := sim.Fleet(spapisim.FleetSpec{ClientID: app.ClientID, Sellers: 3, Orders: 5, From: time.Now().Add(-time.Hour), To: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		passed := make([][]time.Time, len(members))
		var mu sync.Mutex
		var wg sync.WaitGroup
		end := time.Now().Add(4 * time.Hour)
		for i, m := range members {
			for worker := range 4 {
				wg.Go(func() {
					token, issued := "", time.Time{}
					for pause := time.Duration(worker) * time.Second; time.Now().Before(end); pause = 17 * time.Second {
						<-time.After(pause) // virtual
						if time.Since(issued) > 50*time.Minute {
							token, issued = sim.MustAccessToken(m.RefreshToken), time.Now()
						}
						if call(t, client, token) == http.StatusOK {
							mu.Lock()
							passed[i] = append(passed[i], time.Now())
							mu.Unlock()
						}
					}
				})
			}
		}
		wg.Wait()
		const burst, slack = 20, 1.0 // an answer may be a second late
		rate := 0.0056
		for i, times := range passed {
			if want := burst + int(rate*4*3600); len(times) < want-1 {
				t.Errorf("seller %d: %d calls passed, %d were due", i, len(times), want)
			}
			for from := range times {
				for to := from; to < len(times); to++ {
					if most := burst + rate*(times[to].Sub(times[from]).Seconds()+slack); float64(to-from+1) > most+1e-9 {
						t.Fatalf("seller %d: %d calls in %s", i, to-from+1, times[to].Sub(times[from]))
					}
				}
			}
		}
		if got := sim.Counters(); got.MaxPerSeller < 2 || got.Total("", spapisim.SearchOrders, 429) == 0 {
			t.Errorf("the hammering was no hammering: %+v", got)
		}
	})
}

func call(t testing.TB, client *http.Client, token string) int {
	query := url.Values{"createdAfter": {time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}}
	request, err := http.NewRequest("GET", "http://amazon.test/orders/2026-01-01/orders?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("x-amz-access-token", token)
	request.Header.Set("user-agent", agent)
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return 0
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != 200 && response.StatusCode != 429 {
		t.Error(fmt.Sprint(response.StatusCode))
	}
	return response.StatusCode
}
