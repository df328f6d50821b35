package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync/internal/telemetry"
)

// A stream lasts as long as somebody looks: it is counted, and is no answer that took
// long.
func TestStreamsAreCountedAndNotTimed(t *testing.T) {
	watch := telemetry.New("test", time.Now)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("live") {
			w.Header().Set("Content-Type", "text/event-stream")
		}
		_, _ = w.Write([]byte("x"))
	})
	served := watch.HTTP(mux)
	for _, path := range []string{"/page", "/page?live=1", "/page?live=1"} {
		served.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	scraped := httptest.NewRecorder()
	watch.Metrics.Handler().ServeHTTP(scraped, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`ordersync_http_requests_total{code="200",method="GET",route="/page"} 3`,
		`ordersync_http_request_duration_seconds_count{route="/page"} 1`,
	} {
		if !strings.Contains(scraped.Body.String(), want) {
			t.Errorf("no %s in\n%s", want, scraped.Body.String())
		}
	}
}
