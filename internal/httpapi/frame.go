package httpapi

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"
)

// call is what is known of one request besides the request itself.
type call struct {
	id  string // in the answer's X-Request-Id and in the log
	who string // which key or proxy; "" before that is known
}

type callKey struct{}

// callOf is the call of a request's context.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// ServeHTTP frames every request: an id, headers that every answer has, a line
// in the log, problem documents for what no route serves and for panics.
func (s *server) ServeHTTP(plain http.ResponseWriter, r *http.Request) {
	c, whole := &call{id: rand.Text()}, r
	r = r.WithContext(s.Mark(context.WithValue(r.Context(), callKey{}, c), c.id))
	r.Header.Del("Accept") // there is one format, and an error is no reason to send another
	w := &answer{ResponseWriter: plain, control: http.NewResponseController(plain)}
	w.hurry()
	_ = w.control.SetReadDeadline(time.Now().Add(bodyTime)) // until the body was read, or for ever
	h := w.Header()
	h.Set("X-Request-Id", c.id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	begun := time.Now()
	defer func() { s.end(w, r, begun, recover()) }()
	defer func() { whole.Pattern = r.Pattern }() // for who stands before us
	if _, pattern := s.mux.Handler(r); pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
		s.unknown(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// end logs a request and answers one that panicked.
func (s *server) end(w *answer, r *http.Request, begun time.Time, panicked any) {
	c := callOf(r.Context())
	aborted := panicked != nil && w.status != 0
	if panicked != nil {
		if err, ok := panicked.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(panicked)
		}
		s.Log.ErrorContext(r.Context(), "panic", "requestId", c.id, "panic", panicked, "stack", string(debug.Stack()))
		if !aborted {
			problem(http.StatusInternalServerError, "an error of ordersync's own; the request id is in its log").write(w, r)
		}
	}
	s.logRequest(w, r, c, time.Since(begun))
	if aborted {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
}

// logRequest writes the line of a request. It names the route and not the path,
// and no values: orders, tenants and e-mails are nobody's who reads the log.
func (s *server) logRequest(w *answer, r *http.Request, c *call, took time.Duration) {
	_, route, _ := strings.Cut(r.Pattern, " ")
	if route == "" {
		route = "unknown"
	}
	level := slog.LevelInfo
	if route == "/livez" || route == "/readyz" || route == "/metrics" {
		level = slog.LevelDebug
	}
	method := r.Method
	if !knownMethod(method) {
		method = "unknown"
	}
	s.Log.Log(r.Context(), level, "request", "requestId", c.id, "method", method, "route", route,
		"status", w.status, "ms", took.Milliseconds(), "key", c.who)
}

func knownMethod(m string) bool {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return true
	}
	return false
}

// unknown answers what no route serves: 405 when another method would be served,
// else 404.
func (s *server) unknown(w http.ResponseWriter, r *http.Request) {
	hangUp(w, r)
	var allowed []string
	if path.Clean(r.URL.Path) == r.URL.Path {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := s.mux.Handler(other); pattern != "" {
				allowed = append(allowed, method)
			}
		}
	}
	if len(allowed) == 0 {
		problem(http.StatusNotFound, "there is nothing at this path: the paths are listed in /openapi.json").write(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	problem(http.StatusMethodNotAllowed, "this method is not served here: use %s", strings.Join(allowed, " or ")).write(w, r)
}

// hangUp ends the connection with the answer to a request whose body was not
// read: otherwise the server would wait for the body before it answers.
func hangUp(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
	}
}

const (
	// pieceSize is how many bytes are written at once, and pieceTime how long the
	// client may take to receive them: one that does not read is cut off, and one
	// that reads slowly is not.
	pieceSize = 64 << 10
	pieceTime = 30 * time.Second
)

// answer remembers the status that was sent, and gives every piece of the body a
// deadline. The last one stays on the connection for what the server sends when
// the request has ended; the next request sets its own.
type answer struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int // 0: nothing was sent yet
}

// hurry gives the client time for the next piece.
func (a *answer) hurry() { _ = a.control.SetWriteDeadline(time.Now().Add(pieceTime)) } // some writers have none

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.hurry()
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (written int, err error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	for {
		piece := b[written:min(len(b), written+pieceSize)]
		a.hurry()
		n, err := a.ResponseWriter.Write(piece)
		if written += n; err != nil || written == len(b) {
			return written, err
		}
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
