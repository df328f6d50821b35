package main

import (
	"bufio"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"ordersync/internal/spapisim"
)

// traceCollector takes spans as a collector of OpenTelemetry's does: OTLP over HTTP.
type traceCollector struct {
	p     *program
	mu    sync.Mutex
	spans []*tracepb.Span
}

func (p *program) collector() (c *traceCollector, url string) {
	p.t.Helper()
	c = &traceCollector{p: p}
	server := httptest.NewServer(c)
	p.t.Cleanup(server.Close)
	return c, server.URL
}

func (c *traceCollector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request collector.ExportTraceServiceRequest
	body := io.Reader(r.Body)
	var err error
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, err = gzip.NewReader(r.Body)
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(body)
	}
	if err == nil {
		err = proto.Unmarshal(text, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		c.p.t.Errorf("%s: %v", r.URL, err)
	}
	c.p.watch.Say("a trace", request.String())
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// called are the spans of a name, or of those that begin so.
func (c *traceCollector) called(name string) (out []*tracepb.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if strings.HasPrefix(s.GetName(), name) {
			out = append(out, s)
		}
	}
	return out
}

// attributes are a span's, as text.
func attributes(s *tracepb.Span) map[string]string {
	out := map[string]string{}
	for _, a := range s.GetAttributes() {
		out[a.GetKey()] = a.GetValue().GetStringValue()
		if out[a.GetKey()] == "" {
			out[a.GetKey()] = fmt.Sprint(a.GetValue().GetIntValue())
		}
	}
	return out
}

// allowed is every attribute that a span may have.
var allowed = []string{
	"ordersync.tenant", "ordersync.connection", "ordersync.epoch", "ordersync.region", "ordersync.reason", "ordersync.operation", "ordersync.outcome",
	"ordersync.request_id", "amazon.request_id", "db.system.name", "db.operation.name", "http.request.method", "http.route", "http.response.status_code",
}

// One run is one trace: the run, its executions, their calls to Amazon and their
// transactions. No attribute holds more than it may.
func TestTracesOfASync(t *testing.T) {
	onBoth(t, func(p *program) {
		spans, url := p.collector()
		now := p.now()
		seller, token := p.seller("eu", spapisim.Generate{N: 150, From: now.AddDate(0, 0, -2), To: now.Add(-10 * time.Minute)})
		_, err := p.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultDeadToken, Seller: seller.Key, Count: 1}) // the log tells of it
		p.must(err)
		p.imports(line{"tenantId": "t", "region": "eu", "refreshToken": token, "cursor": now.AddDate(0, 0, -3).UTC().Format(time.RFC3339)})
		a := p.run("--traces-endpoint", url, "--log-format", "json", "--log-level", "debug", "sync", "--back-work", "0s")
		p.ok(a)
		runs := spans.called("run")
		if len(runs) != 1 || len(runs[0].GetParentSpanId()) != 0 {
			t.Fatalf("runs: %v", runs)
		}
		executions := spans.called("execution")
		if len(executions) == 0 {
			t.Fatal("no execution")
		}
		for _, s := range executions {
			if hex.EncodeToString(s.GetParentSpanId()) != hex.EncodeToString(runs[0].GetSpanId()) {
				t.Errorf("an execution is not the run's: %v", s)
			}
			if got := attributes(s); got["ordersync.tenant"] != "t" || got["ordersync.connection"] != "1" || got["ordersync.reason"] != "SUCCESS" {
				t.Errorf("attributes: %v", got)
			}
		}
		for _, name := range []string{"amazon searchOrders", "amazon token", "amazon getMarketplaceParticipations", "db commit", "db take token"} {
			found := spans.called(name)
			if len(found) == 0 {
				t.Errorf("no span %s", name)
			}
			for _, s := range found {
				if !slices.ContainsFunc(executions, func(e *tracepb.Span) bool { return string(e.GetSpanId()) == string(s.GetParentSpanId()) }) {
					t.Errorf("%s is no execution's", name)
				}
			}
		}
		spans.wantHarmless(p)
		p.wantJoinedLog(a.err, hex.EncodeToString(runs[0].GetTraceId()))
	})
}

// A collector that is away costs nothing but the traces.
func TestTracesWithoutACollector(t *testing.T) {
	onSQLite(t, func(p *program) {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		if a := p.run("--traces-endpoint", server.URL, "sync"); a.code != exitOK || !strings.Contains(a.err, "traces cannot be sent") {
			t.Errorf("%+v", a)
		}
		if a := p.run("--traces-endpoint", "http://secret:word@127.0.0.1", "sync"); a.code != exitUsage || !strings.Contains(a.err, "ORDERSYNC_TRACES_ENDPOINT") || strings.Contains(a.err, "word") {
			t.Errorf("%+v", a)
		}
	})
}

// wantHarmless: attributes are of a closed list, and no order's id is among them.
func (c *traceCollector) wantHarmless(p *program) {
	p.t.Helper()
	orders := p.query(`SELECT order_id FROM orders`)
	if len(orders) == 0 {
		p.t.Fatal("there are no orders")
	}
	for _, s := range c.called("") {
		for name, value := range attributes(s) {
			if !slices.Contains(allowed, name) {
				p.t.Errorf("span %s has the attribute %s=%s", s.GetName(), name, value)
			}
		}
		for _, order := range orders {
			if strings.Contains(s.String(), order[0]) {
				p.t.Fatalf("span %s names an order", s.GetName())
			}
		}
	}
}

// wantJoinedLog: a line from within an execution has the ids of the trace, the run and
// the execution.
func (p *program) wantJoinedLog(log, trace string) {
	p.t.Helper()
	lines := bufio.NewScanner(strings.NewReader(log))
	for lines.Scan() {
		var l map[string]any
		if !strings.HasPrefix(lines.Text(), "{") {
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			p.t.Errorf("no JSON: %s", lines.Text())
		}
		if l["execution"] == "1/1" && l["traceId"] == trace && l["runId"] != nil && l["spanId"] != nil {
			return
		}
	}
	p.t.Errorf("no line of an execution has its ids:\n%s", log)
}

// A request's span lies in its caller's trace, whatever it was answered; the executions
// that a run brings about are traces of their own and point to the request that asked for
// it.
func TestTracesOfRequests(t *testing.T) {
	onSQLite(t, func(p *program) {
		spans, url := p.collector()
		p.shops(2, 5)
		p.sync(exitOK)
		p.later(4 * time.Minute) // what was read lately would not be read again
		s := p.serve("--traces-endpoint", url)
		key := p.key("--name", "cron")
		const trace = "0af7651916cd43dd8448eb211c80319c"
		q, err := http.NewRequest(http.MethodPost, s.url+"/api/v1/orders/sync/run/global", http.NoBody)
		p.must(err)
		q.Header.Set("Traceparent", "00-"+trace+"-b7ad6b7169203331-01")
		q.Header.Set("Authorization", "Bearer "+key)
		answer, err := http.DefaultClient.Do(q)
		p.must(err)
		p.must(answer.Body.Close())
		s.get("/readyz")
		p.until("the run ends", func() bool { return len(p.query(`SELECT id FROM runs WHERE state = 'finished'`)) == 2 })
		s.stop()
		found := spans.called("POST /api/v1/orders/sync/run/global")
		if len(found) != 1 {
			t.Fatalf("%v", spans.called(""))
		}
		got := attributes(found[0])
		if hex.EncodeToString(found[0].GetTraceId()) != trace || got["http.response.status_code"] != fmt.Sprint(answer.StatusCode) || got["ordersync.request_id"] != answer.Header.Get("X-Request-Id") {
			t.Errorf("%v %v", found[0], got)
		}
		opened := spans.called("db open run")
		if len(opened) != 1 || string(opened[0].GetParentSpanId()) != string(found[0].GetSpanId()) {
			t.Errorf("opening the run: %v", opened)
		}
		linked := 0
		for _, one := range spans.called("execution") {
			if hex.EncodeToString(one.GetTraceId()) == trace {
				t.Errorf("an execution lies in the request's trace, which has ended: %v", one)
			}
			for _, link := range one.GetLinks() {
				if linked++; hex.EncodeToString(link.GetTraceId()) != trace || string(link.GetSpanId()) != string(found[0].GetSpanId()) {
					t.Errorf("an execution points elsewhere: %v", one)
				}
			}
		}
		if linked != 2 {
			t.Errorf("%d executions point to the request: %v", linked, spans.called("execution"))
		}
		if len(spans.called("GET /readyz")) != 0 {
			t.Error("probes are traced")
		}
		if log := s.talk.String(); !strings.Contains(log, "traceId="+trace) || !strings.Contains(log, `msg="run asked for" requestId=`) {
			t.Errorf("the log does not join:\n%s", log)
		}
	})
}
