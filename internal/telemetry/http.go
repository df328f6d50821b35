package telemetry

import (
	"net/http"
	"strings"
	"time"
)

// noted remembers the status of an answer.
type noted struct {
	http.ResponseWriter
	status int // 0: nothing was sent
}

func (n *noted) WriteHeader(status int) {
	if n.status == 0 && status >= http.StatusOK {
		n.status = status
	}
	n.ResponseWriter.WriteHeader(status)
}

func (n *noted) Write(b []byte) (int, error) {
	if n.status == 0 {
		n.status = http.StatusOK
	}
	return n.ResponseWriter.Write(b)
}

// Flush sends what was written, for who asks without a ResponseController.
func (n *noted) Flush() { _ = http.NewResponseController(n.ResponseWriter).Flush() } // some writers cannot

// Unwrap lets http.ResponseController reach the connection.
func (n *noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// routeOf is the pattern that served a request, without its method: never the path,
// which may name a tenant or an order.
func routeOf(r *http.Request) string {
	_, route, found := strings.Cut(r.Pattern, " ")
	switch {
	case r.Pattern == "":
		return "unknown"
	case !found:
		return r.Pattern
	}
	return route
}

// methodOf is a request's method, of a closed list.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "unknown"
}

// streams tells whether an answer lasts as long as somebody looks.
func streams(answer http.Header) bool {
	return strings.HasPrefix(answer.Get("Content-Type"), "text/event-stream")
}

// HTTP counts and traces the requests that next answers. next must set the Pattern of
// the request it is given, as http.ServeMux does.
func (t *Telemetry) HTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun, answer := time.Now(), &noted{ResponseWriter: w}
		ctx, span := t.Tracer.request(r)
		r = r.WithContext(ctx) //nolint:contextcheck // it is the request's own, with a span
		defer func() {
			// Nothing was sent: it panicked, or its client has gone.
			if answer.status == 0 {
				answer.status = http.StatusInternalServerError
			}
			answered(span, r, answer)
			t.Metrics.Served(methodOf(r), routeOf(r), answer.status, time.Since(begun), streams(answer.Header()))
		}()
		next.ServeHTTP(answer, r)
	})
}
