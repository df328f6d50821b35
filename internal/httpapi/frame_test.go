package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func newServer(t *testing.T, log io.Writer) *server {
	t.Helper()
	s := storetest.Open(t, storetest.SQLite)
	h, err := New(Config{Reader: s.Reader(), Engine: engine.New(s, nil, nil, engine.Settings{}, slog.New(slog.DiscardHandler)), Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return h.(*server)
}

// A panic is answered with an id that is in the log, and with nothing else.
func TestPanic(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newServer(t, &log)
	s.mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("a secret") })
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/panic", nil))
	var p Problem
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if rec.Code != 500 || p.RequestID == "" || !strings.Contains(log.String(), p.RequestID) || !strings.Contains(log.String(), "a secret") || strings.Contains(rec.Body.String(), "secret") {
		t.Errorf("%d %s\n%s", rec.Code, rec.Body, &log)
	}
}

// A panic in the middle of an answer breaks the connection: half an answer must
// not look like a whole one.
func TestPanicInMidAnswer(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newServer(t, &log)
	s.mux.HandleFunc("GET /panic", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("oops")
	})
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("recovered %v", err)
		}
		if !strings.Contains(log.String(), "oops") {
			t.Errorf("the log says %s", &log)
		}
	}()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/panic", nil))
}

// A route that the table of scopes does not know stops the start.
func TestRouteWithoutScope(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	route(s, "GET /api/v1/new", "new", "New", "", listReasons)
	if err := s.checkScopes(); err == nil || !strings.Contains(err.Error(), "GET /api/v1/new") {
		t.Errorf("%v", err)
	}
	// And until then it is closed.
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/new", nil))
	if rec.Code != 401 {
		t.Errorf("%d", rec.Code)
	}
}

// Each error that the engine tells of has its status and says when to ask again.
func TestProblemOfError(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		err    error
		ctx    context.Context
		status int
		code   string
		reason ordersync.Reason
		after  string
	}{
		{&engine.ThrottledError{ResumesAt: time.Now().Add(90 * time.Second)}, nil, 429, "", ordersync.AmazonRateLimit, "90"},
		{&engine.ThrottledError{}, nil, 429, "", ordersync.AmazonRateLimit, "1"},
		{&engine.NotConnectedError{Reason: ordersync.Paused}, nil, 400, "NO_ACTIVE_CHANNEL", ordersync.Paused, ""},
		{&engine.RefusedError{Reason: ordersync.AccessDenied}, nil, 502, "", ordersync.AccessDenied, ""},
		{errors.Join(engine.ErrUnreadable), nil, 502, "", ordersync.AmazonBadResponse, ""},
		{engine.ErrBusy, nil, 409, "", "", "60"},
		{&engine.RetentionError{Setting: "X"}, nil, 422, "", "", ""},
		{&engine.FutureError{}, nil, 422, "", "", ""},
		{store.ErrNotFound, nil, 404, "", "", ""},
		{errors.New("the client's context is over"), gone, 499, "", "", ""},
		{errors.New("nobody foresaw this"), nil, 500, "", "", ""},
		{badField("query.x", "is wrong"), nil, 422, "", "", ""},
	} {
		ctx := c.ctx
		if ctx == nil {
			ctx = t.Context()
		}
		p := s.problemOf(ctx, c.err)
		if p.Status != c.status || p.Code != c.code || p.ReasonCode != c.reason || p.GetHeaders().Get("Retry-After") != c.after || p.Title == "" {
			t.Errorf("%v: %+v %v", c.err, p, p.GetHeaders())
		}
		if strings.Contains(p.Detail, "foresaw") {
			t.Errorf("it says %s", p.Detail)
		}
	}
}

// Marks come back as they were handed out, and nothing else passes for one.
func TestMarks(t *testing.T) {
	t.Parallel()
	m := store.SettledMark{At: time.UnixMilli(1736650463123), Connection: 42}
	if got, err := parseMark(markText(m)); err != nil || !got.At.Equal(m.At) || got.Connection != 42 {
		t.Errorf("%v %v", got, err)
	}
	o := store.OrderMark{At: time.UnixMilli(5), OrderID: "028-1234567-1234567", Connection: 7}
	if got, err := parseOrderMark(orderMarkText(o)); err != nil || !got.At.Equal(o.At) || got.OrderID != o.OrderID || got.Connection != 7 {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"x", "1", "1-", "-1", "1-2-3", "1--2", "+1-2", " 1-2", "9223372036854775808-1", "finished "} {
		if got, err := parseMark(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
	for _, bad := range []string{"1-2", "x-2-3", "1-x-3"} {
		if got, err := parseOrderMark(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

// Of one tenant only two searches run at once.
func TestMostSearches(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite)
	e := engine.New(s, nil, nil, engine.Settings{}, slog.New(slog.DiscardHandler))
	h, err := New(Config{Reader: s.Doors(), Engine: e})
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := e.NewKey(t.Context(), "test", "")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(query string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/orders?"+query, nil)
		r.Header.Set("Authorization", "Bearer "+key)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code
	}
	search := &h.(*server).searches
	first, err1 := search.take("acme", mostSearches, time.Second)
	_, err2 := search.take("acme", mostSearches, time.Second)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for query, want := range map[string]int{"tenantId=acme&q=1": 429, "tenantId=acme": 200, "tenantId=other&q=1": 200} {
		if got := ask(query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	first()
	for range 2 {
		if got := ask("tenantId=acme&q=1"); got != 200 {
			t.Errorf("afterwards: %d", got)
		}
	}
}
