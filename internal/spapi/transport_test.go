package spapi

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ordersync"
)

func TestMeta(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]Meta{
		"":                       {},
		"0.0056":                 {Rate: 0.0056},
		"0":                      {BadRate: "0"},
		"-1":                     {BadRate: "-1"},
		"NaN":                    {BadRate: "NaN"},
		"+Inf":                   {BadRate: "+Inf"},
		"1e999":                  {BadRate: "1e999"},
		"fast\x7f":               {BadRate: "fast"},
		strings.Repeat("9", 400): {BadRate: strings.Repeat("9", maxHeader)},
	} {
		got := readMeta(http.Header{"X-Amzn-Ratelimit-Limit": {raw}})
		if got != want {
			t.Errorf("%q: %+v", raw, got)
		}
	}
	got := readMeta(http.Header{"Date": {"Mon, 23 Nov 2026 10:00:00 GMT"}, "X-Amzn-Requestid": {" abc "}})
	if !got.Date.Equal(mustTime(t, "2026-11-23T10:00:00Z")) || got.RequestID != "abc" || math.IsNaN(got.Rate) {
		t.Errorf("%+v", got)
	}
}

func TestDroppedTokenOfAnotherCallStays(t *testing.T) {
	t.Parallel()
	var tokens tokenCache
	tokens.most = 1
	now := time.Now()
	tokens.keep(keptToken{identity{}, "new", "", now.Add(time.Hour)}, now)
	tokens.drop(identity{}, "old")
	if len(tokens.kept) != 1 {
		t.Error("a fresh token was dropped for an old one's failure")
	}
}

// stuckBody is a body that ends only when it is closed.
type stuckBody struct{ *io.PipeReader }

func newStuckBody() io.ReadCloser {
	r, w := io.Pipe()
	go func() { _, _ = w.Write([]byte(`{"orders":[`)) }()
	return stuckBody{r}
}

func TestSlowBodyTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &amazon{api: func(*http.Request) *http.Response {
			response := respond(200, "")
			response.Body, response.ContentLength = newStuckBody(), -1
			return response
		}}
		start := time.Now()
		page, err := search(t, newTestClient(t, fake, func(c *Config) { c.CallTimeout = 3 * time.Second }), seller("r"))
		if kindOf(err) != TimedOut || time.Since(start) != 3*time.Second || page.Calls != 1 || page.Latency != 3*time.Second {
			t.Errorf("error %v after %s, meta %+v", err, time.Since(start), page.Meta)
		}
	})
}

func TestSlowErrorBodyTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &amazon{api: func(*http.Request) *http.Response {
			response := respond(503, "")
			response.Body, response.ContentLength = newStuckBody(), -1
			return response
		}}
		if _, err := search(t, newTestClient(t, fake), seller("r")); kindOf(err) != TimedOut {
			t.Errorf("error %v", err)
		}
	})
}

func TestSlowHeadersTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &amazon{}
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == "POST" {
				return inner.RoundTrip(r)
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		_, err := search(t, newTestClient(t, transport), seller("r"))
		var failed *Error
		if !errors.As(err, &failed) || failed.Kind != TimedOut || failed.Operation != ordersync.SearchOrders || failed.Calls != 1 {
			t.Errorf("error %+v", err)
		}
	})
}

func TestAMethodTakesAtMostTwoTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &amazon{api: func(*http.Request) *http.Response {
			time.Sleep(15 * time.Second)
			return respond(403, unauthorized("The access token you provided has expired."))
		}}
		fake.lwa = func(url.Values) *http.Response {
			time.Sleep(15 * time.Second)
			return respond(200, `{"access_token":"t","expires_in":3600}`)
		}
		start := time.Now()
		_, err := search(t, newTestClient(t, fake), seller("r"))
		if got := time.Since(start); kindOf(err) != TimedOut || got > 2*DefaultCallTimeout {
			t.Errorf("error %v after %s", err, got)
		}
		time.Sleep(time.Minute) // the token request ends by itself
	})
}

func TestCallerCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := errors.New("draining")
		for name, cancelled := range map[string]func() (context.Context, func()){
			"cancel": func() (context.Context, func()) {
				ctx, cancel := context.WithCancelCause(t.Context())
				go func() { time.Sleep(time.Second); cancel(stop) }()
				return ctx, func() {}
			},
			"deadline": func() (context.Context, func()) {
				return context.WithTimeoutCause(t.Context(), time.Second, stop)
			},
			"before": func() (context.Context, func()) {
				ctx, cancel := context.WithCancelCause(t.Context())
				cancel(stop)
				return ctx, func() {}
			},
		} {
			ctx, done := cancelled()
			fake := &amazon{api: func(*http.Request) *http.Response {
				response := respond(200, "")
				response.Body, response.ContentLength = newStuckBody(), -1
				return response
			}}
			_, err := newTestClient(t, fake).SearchOrders(ctx, seller("r"), allGroups, "a=b", "")
			var failed *Error
			if !errors.As(err, &failed) || failed.Kind != Cancelled || !errors.Is(err, stop) || failed.Reason() != ordersync.Interrupted {
				t.Errorf("%s: error %+v", name, err)
			}
			done()
		}
	})
}

func TestNetworkErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		kind Kind
		text string
	}{
		"reset":     {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, Unavailable, "searchOrders: Amazon is unavailable: connection reset by peer"},
		"refused":   {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, Unavailable, "searchOrders: Amazon is unavailable: connection refused"},
		"no host":   {&net.DNSError{Err: "no such host", Name: "x"}, Unavailable, "searchOrders: Amazon is unavailable: its host name was not resolved"},
		"closed":    {io.EOF, Unavailable, "searchOrders: Amazon is unavailable: the connection was closed"},
		"net slow":  {&net.DNSError{Err: "x", IsTimeout: true}, TimedOut, "searchOrders: Amazon did not answer in time"},
		"something": {errors.New("SECRET"), Unavailable, "searchOrders: Amazon is unavailable: the connection failed"},
	} {
		inner := &amazon{}
		client := newTestClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == "POST" {
				return inner.RoundTrip(r)
			}
			return nil, tt.err
		}))
		page, err := search(t, client, seller("r"))
		if kindOf(err) != tt.kind || err.Error() != tt.text || page.Calls != 1 || !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, %+v", name, err, page.Meta)
		}
	}
}

// brokenBody gives some bytes and then an error.
type brokenBody struct {
	io.Reader
	err error
}

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

func (b brokenBody) Close() error { return nil }

func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		err    error
		kind   Kind
	}{
		"reset":               {200, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, Unavailable},
		"broken off":          {200, io.ErrUnexpectedEOF, BadResponse},
		"error's body broken": {429, io.ErrUnexpectedEOF, Throttled},
	} {
		fake := &amazon{api: func(*http.Request) *http.Response {
			response := respond(tt.status, "")
			response.Body = brokenBody{strings.NewReader(`{"orders":[`), tt.err}
			return response
		}}
		if _, err := search(t, newTestClient(t, fake), seller("r")); kindOf(err) != tt.kind {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", `{"orders":null}`, `{"orders":[{`} {
		fake := &amazon{api: func(*http.Request) *http.Response { return respond(200, body) }}
		if _, err := search(t, newTestClient(t, fake), seller("r")); kindOf(err) != BadResponse {
			t.Errorf("%q: error %v", body, err)
		}
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]Kind{1000: "", 1001: TooLarge} {
		for _, declared := range []bool{true, false} {
			body := emptyPage + strings.Repeat(" ", size-len(emptyPage))
			fake := &amazon{api: func(*http.Request) *http.Response {
				response := respond(200, body)
				if !declared {
					response.ContentLength = -1
				}
				return response
			}}
			_, err := search(t, newTestClient(t, fake, func(c *Config) { c.BodyLimit = 1000 }), seller("r"))
			if kindOf(err) != want {
				t.Errorf("%d bytes, declared %v: error %v", size, declared, err)
			}
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	fake := &amazon{api: func(*http.Request) *http.Response { return respond(307, "", "Location", elsewhere.URL) }}
	if _, err := search(t, newTestClient(t, fake), seller("r")); kindOf(err) != BadResponse {
		t.Errorf("error %v", err)
	}
}

func TestDefaultTransport(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			_, _ = io.WriteString(w, `{"access_token":"t","expires_in":3600}`)
			return
		}
		w.Header().Set("Content-Length", "1000") // and then breaks off
		_, _ = io.WriteString(w, emptyPage)
	}))
	defer server.Close()
	client := newTestClient(t, nil, func(c *Config) { c.APIURL, c.LWAURL = server.URL, server.URL })
	if _, err := search(t, client, seller("r")); kindOf(err) != BadResponse {
		t.Errorf("error %v", err)
	}
}

// A call whose connection breaks before the answer is not made again by the
// transport: nobody has paid for it, and Amazon may have counted the first.
func TestBrokenConnectionIsNoSecondCall(t *testing.T) {
	t.Parallel()
	for name, breakOff := range map[string]func(*testing.T, net.Conn){
		"closed": func(*testing.T, net.Conn) {},
		"reset": func(t *testing.T, c net.Conn) {
			if err := c.(*net.TCPConn).SetLinger(0); err != nil {
				t.Error(err)
			}
		},
	} {
		var calls atomic.Int64
		var together sync.WaitGroup // the first leave connections behind that are used again
		together.Add(8)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPost:
				_, _ = io.WriteString(w, `{"access_token":"a","token_type":"bearer","expires_in":3600}`)
			case calls.Add(1) <= 8:
				together.Done()
				together.Wait()
				_, _ = io.WriteString(w, emptyPage)
			default:
				c, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				breakOff(t, c)
				_ = c.Close()
			}
		}))
		defer server.Close()
		client := newTestClient(t, nil, func(c *Config) { c.APIURL, c.LWAURL = server.URL, server.URL+"/auth/o2/token" })
		var first sync.WaitGroup
		for range 8 {
			first.Go(func() {
				if _, err := search(t, client, seller("r")); err != nil {
					t.Error(err)
				}
			})
		}
		first.Wait()
		before := calls.Load()
		_, err := search(t, client, seller("r"))
		var failed *Error
		if n := calls.Load() - before; !errors.As(err, &failed) || failed.Kind != Unavailable || failed.Calls != 1 || n != 1 {
			t.Errorf("%s: %d calls for one: %+v", name, n, err)
		}
	}
}
