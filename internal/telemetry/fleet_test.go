package telemetry_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
	"ordersync/internal/telemetry"
)

// scrape reads metrics as Prometheus does.
func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	return "\n" + w.Body.String()
}

func want(t *testing.T, metrics string, is bool, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if strings.Contains(metrics, "\n"+line) != is {
			t.Errorf("%q: want %t", line, is)
		}
	}
}

// What nobody knows is absent and not nought, and what never happened is infinitely
// long ago. A database that is away is said to be.
func TestFleetThatNobodyCanCount(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		s, err := store.Open(t.Context(), store.Options{URL: storetest.New(t, kind), Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		var told []error
		m := telemetry.NewMetrics("test")
		m.Add(telemetry.NewFleet(telemetry.FleetSource{
			Reader: s.Doors(), ClientID: "app", Tell: func(err error) { told = append(told, err) },
			SecretEnds: func(context.Context) (time.Time, error) { return time.Time{}, nil },
		}))
		empty := scrape(t, m)
		want(t, empty, true, "ordersync_fleet_scrape_success 1", "ordersync_application_credentials_valid 1", `ordersync_connections{paused="false",state="CONNECTED"} 0`)
		want(t, empty, false, "ordersync_last_success_age_seconds", "ordersync_client_secret_remaining_seconds", "ordersync_oldest_complete_until_age_seconds")
		if _, err := s.ImportConnection(t.Context(), store.Import{Tenant: "acme", Region: ordersync.RegionEU, SellerID: "S1", State: ordersync.Connected}); err != nil {
			t.Fatal(err)
		}
		if err := s.StopApplication(t.Context(), "app", "refused"); err != nil {
			t.Fatal(err)
		}
		want(t, scrape(t, m), true, `ordersync_connections{paused="false",state="CONNECTED"} 0`) // within ten seconds it is not counted again
		now = now.Add(11 * time.Second)
		one := scrape(t, m)
		want(t, one, true, "ordersync_last_success_age_seconds +Inf", "ordersync_application_credentials_valid 0", `ordersync_connections_by_freshness{band="unread"} 1`)
		if len(told) != 0 {
			t.Errorf("told: %v", told)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		away := scrape(t, m)
		want(t, away, true, "ordersync_fleet_scrape_success 0", "ordersync_build_info{")
		want(t, away, false, "ordersync_connections{", "ordersync_application_credentials_valid")
		if len(told) != 1 {
			t.Errorf("told: %v", told)
		}
	})
}
