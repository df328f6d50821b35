package main

import (
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// promtool is where scripts/tools puts it.
const promtool = "../../bin/tools/promtool"

// scrape reads a server's metrics with a key.
func (s *serving) scrape(key string) string {
	s.p.t.Helper()
	q, err := http.NewRequest(http.MethodGet, s.url+"/metrics", http.NoBody)
	s.p.must(err)
	q.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(q)
	s.p.must(err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	s.p.must(err)
	if answer.StatusCode != http.StatusOK {
		s.p.t.Fatalf("%d %s", answer.StatusCode, body)
	}
	s.p.watch.Say("the metrics", string(body))
	return string(body)
}

// worked is a server that has read a fleet with a few troubles, and what it measured.
func (p *program) worked() (s *serving, metrics string) {
	p.t.Helper()
	now := p.now()
	seller, token := p.seller("eu", spapisim.Generate{N: 120, From: now.AddDate(0, 0, -2), To: now.Add(-10 * time.Minute)})
	_, err := p.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultInternal, Seller: seller.Key, Operation: spapisim.SearchOrders, Count: 1})
	p.must(err)
	s = p.serve("--metrics-listen", "127.0.0.1:0")
	p.imports(
		line{"tenantId": "secret-tenant", "region": "eu", "refreshToken": token, "cursor": "no date", "authorizedAt": now.AddDate(0, 0, -361).UTC().Format(time.RFC3339)},
		line{"tenantId": "nameless-tenant", "region": "na"},
	)
	key := p.key("--name", "prometheus")
	p.until("the tenant is up to date", func() bool {
		return len(p.query(`SELECT id FROM connections WHERE last_reason = 'SUCCESS'`)) == 1
	})
	s.get("/api/v1/nothing/secret-tenant")
	s.get("/connect/none")
	s.get("/login")
	p.until("the metrics say so", func() bool {
		metrics = s.scrape(key)
		return strings.Contains(metrics, `ordersync_connections_by_reason{reason="SUCCESS"} 1`) && !strings.Contains(metrics, `ordersync_executions_total{result="ok"} 0`)
	})
	return s, metrics
}

// What a serving process measures follows Prometheus's conventions, names no tenant,
// and is what happened.
func TestMetrics(t *testing.T) {
	onBoth(t, func(p *program) {
		s, metrics := p.worked()
		for _, line := range []string{
			`ordersync_outcomes_total{reason="SUCCESS"} 1`,
			`ordersync_repairs_total{repair="INVALID_DATE_FIXED"} 1`,
			`ordersync_orders_set_aside_total{work="live"} 0`,
			`ordersync_amazon_requests_total{operation="searchOrders",outcome="failed",region="eu"} 1`,
			`ordersync_connections{paused="false",state="CONNECTED"} 1`,
			`ordersync_connections{paused="false",state="PENDING"} 1`,
			`ordersync_connections_by_freshness{band="under_10m"} 1`,
			`ordersync_connections_needing_human{actor="tenant",reason="NOT_CONNECTED"} 1`,
			`ordersync_authorizations_ending{within_days="5"} 1`,
			`ordersync_application_credentials_valid 1`,
			`ordersync_fleet_scrape_success 1`,
			`ordersync_incident_open{kind="denied",region="fe"} 0`,
			`ordersync_http_requests_total{code="404",method="GET",route="unknown"} 1`,
			`ordersync_http_requests_total{code="404",method="GET",route="/connect/{ticket}"} 1`,
			`ordersync_http_requests_total{code="200",method="GET",route="/login"} 1`,
			`ordersync_database_transactions_total{result="ok",transaction="commit"} `,
			`ordersync_ticks_total{result="error"} 0`,
			`ordersync_build_info{goversion="go`,
			`go_goroutines `, `process_start_time_seconds `, `go_sql_open_connections{db_name="writers"} `,
		} {
			if !strings.Contains(metrics, "\n"+line) {
				t.Errorf("it is not measured: %s", line)
			}
		}
		for _, name := range []string{"ordersync_orders_created_total", "ordersync_executions_total", "ordersync_amazon_tokens_total", "ordersync_amazon_search_ceiling_requests_per_second", "ordersync_client_secret_remaining_seconds", "ordersync_oldest_complete_until_age_seconds", "ordersync_last_success_age_seconds"} {
			if !regexp.MustCompile(`(?m)^` + name + `(\{.*\})? [0-9.e-]*[1-9]`).MatchString(metrics) {
				t.Errorf("%s has nothing", name)
			}
		}
		if strings.Contains(metrics, "tenant-") || strings.Contains(metrics, "-tenant") {
			t.Error("the metrics name a tenant")
		}
		check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
		check.Stdin = strings.NewReader(metrics)
		if said, err := check.CombinedOutput(); err != nil || len(said) != 0 {
			t.Errorf("promtool check metrics: %v\n%s", err, said)
		}
		p.wantMetricsAccess(s)
	})
}

// wantMetricsAccess: a key of an operator's is needed but on the address that was set
// for it.
func (p *program) wantMetricsAccess(s *serving) {
	p.t.Helper()
	if code, _ := s.get("/metrics"); code != http.StatusUnauthorized {
		p.t.Errorf("without a key: %d", code)
	}
	found := regexp.MustCompile(`metrics are served without a key" address=(\S+)`).FindStringSubmatch(s.talk.String())
	if found == nil {
		p.t.Fatalf("the address is not said:\n%s", s.talk)
	}
	answer, err := http.Get("http://" + found[1] + "/metrics")
	p.must(err)
	defer func() { _ = answer.Body.Close() }()
	if body, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(body), "ordersync_build_info") {
		p.t.Errorf("%d %v", answer.StatusCode, err)
	}
}
