package telemetry

import (
	"errors"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// namespace begins every name.
const namespace = "ordersync"

// Metrics counts what this process does. No label names a tenant, a connection, a
// seller or an order: every label is a closed list. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	requests  *prometheus.CounterVec   // to Amazon: operation, region, outcome
	latency   *prometheus.HistogramVec // operation
	tokens    *prometheus.CounterVec   // operation
	waits     *prometheus.HistogramVec // operation
	outcomes  *prometheus.CounterVec   // reason
	received  *prometheus.CounterVec   // work
	created   *prometheus.CounterVec   // work
	changed   *prometheus.CounterVec   // work
	setAside  *prometheus.CounterVec   // work
	repairs   *prometheus.CounterVec   // repair
	runs      *prometheus.CounterVec   // executions: result
	runTime   prometheus.Histogram
	ticks     *prometheus.CounterVec // result
	tickTime  prometheus.Histogram
	served    *prometheus.CounterVec   // method, route, code
	serveTime *prometheus.HistogramVec // route
	commits   *prometheus.CounterVec   // transaction, result
	commitT   *prometheus.HistogramVec // transaction
}

// The buckets, in seconds.
var (
	callBuckets   = []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20}
	waitBuckets   = []float64{.1, .5, 1, 2, 10, 60, 180, 600, 3600}
	workBuckets   = []float64{.05, .25, 1, 5, 15, 30, 60, 120}
	serveBuckets  = []float64{.005, .025, .1, .25, .5, 1, 5, 30, 120}
	commitBuckets = []float64{.001, .005, .025, .1, .5, 2, 10, 30}
)

// NewMetrics makes a process's metrics. Everything whose labels are known is there from
// the beginning, at zero, so that a rate sees the first event.
func NewMetrics(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = m.counter("amazon_requests_total", "Requests to Amazon, by how they ended; operation token is Login with Amazon and costs no budget.", "operation", "region", "outcome")
	m.latency = m.histogram("amazon_request_duration_seconds", "How long Amazon took to answer, headers and body.", callBuckets, "operation")
	m.tokens = m.counter("amazon_tokens_total", "Tokens taken of Amazon's budgets.", "operation")
	m.waits = m.histogram("amazon_token_wait_seconds", "How long until a budget has its next token, each time that there was none. Waits over 2 s end the execution and hold no worker.", waitBuckets, "operation")
	m.outcomes = m.counter("outcomes_total", "How live work ended, by reason.", "reason")
	m.received = m.counter("orders_received_total", "Orders that Amazon sent, also those that were known.", "work")
	m.created = m.counter("orders_created_total", "Orders that were stored for the first time.", "work")
	m.changed = m.counter("orders_changed_total", "Orders of which a newer version was stored.", "work")
	m.setAside = m.counter("orders_set_aside_total", "Orders that could not be read or stored and were set aside.", "work")
	m.repairs = m.counter("repairs_total", "Cursors and walks that were mended on the way.", "repair")
	m.runs = m.counter("executions_total", "Claims of a connection by a worker; broken ones are claimed again.", "result")
	m.runTime = m.histogram("execution_duration_seconds", "How long a worker held a connection.", workBuckets).With(nil).(prometheus.Histogram) //nolint:forcetypeassert // it is one
	m.ticks = m.counter("ticks_total", "Ticks of this process; any process of an installation may tick.", "result")
	m.tickTime = m.histogram("tick_duration_seconds", "How long a tick took.", commitBuckets).With(nil).(prometheus.Histogram) //nolint:forcetypeassert // it is one
	m.served = m.counter("http_requests_total", "Requests that were answered, by route pattern.", "method", "route", "code")
	m.serveTime = m.histogram("http_request_duration_seconds", "How long answers took; requests may wait for a run, and event streams last.", serveBuckets, "route")
	m.commits = m.counter("database_transactions_total", "Transactions of the database that write, by what they are for.", "transaction", "result")
	m.commitT = m.histogram("database_transaction_duration_seconds", "How long transactions took, waits and repetitions included.", commitBuckets, "transaction")
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info", Help: "The version that runs; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.zero()
	return m
}

// zero makes what is known in advance.
func (m *Metrics) zero() {
	for _, info := range ordersync.Reasons() {
		m.outcomes.WithLabelValues(string(info.Code))
	}
	for _, info := range ordersync.RepairTable() {
		m.repairs.WithLabelValues(string(info.Code))
	}
	for _, work := range []ordersync.WalkKind{ordersync.Live, ordersync.Back} {
		for _, c := range []*prometheus.CounterVec{m.received, m.created, m.changed, m.setAside} {
			c.WithLabelValues(string(work))
		}
	}
	for _, result := range []string{resultOK, resultError} {
		m.runs.WithLabelValues(result)
		m.ticks.WithLabelValues(result)
	}
	for op := range ordersync.PublishedPlans {
		m.tokens.WithLabelValues(string(op))
		m.waits.WithLabelValues(string(op))
	}
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}

// Add adds what somebody else counts: the fleet, or a pool of connections.
func (m *Metrics) Add(c prometheus.Collector) { m.registry.MustRegister(c) }

// Handler answers a scrape.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second, ErrorHandling: promhttp.ContinueOnError})
}

// The values of the label result.
const (
	resultOK    = "ok"
	resultError = "error"
	resultLost  = "lost" // the lease was another's by then
)

func result(err error) string {
	switch {
	case err == nil:
		return resultOK
	case errors.Is(err, store.ErrLeaseLost):
		return resultLost
	}
	return resultError
}

// Sent counts a request to Amazon that has ended.
func (m *Metrics) Sent(op ordersync.Operation, region ordersync.Region, s spapi.Sent) {
	if region == "" {
		region = "none"
	}
	m.requests.WithLabelValues(string(op), string(region), outcomeOf(s)).Inc()
	m.latency.WithLabelValues(string(op)).Observe(s.Took.Seconds())
}

// outcomeOf puts the end of a request into one of a few classes.
func outcomeOf(s spapi.Sent) string {
	switch {
	case s.Kind == spapi.TimedOut:
		return "timed_out"
	case s.Kind == spapi.Cancelled:
		return "cancelled"
	case s.Kind == spapi.Unavailable && s.Status == 0:
		return "unreachable"
	case s.Kind != "":
		return "bad_response"
	case s.Status == http.StatusTooManyRequests:
		return "throttled"
	case s.Status >= http.StatusInternalServerError:
		return "failed"
	case s.Status >= http.StatusMultipleChoices:
		return "refused"
	}
	return resultOK
}

// Token counts that a token was asked for.
func (m *Metrics) Token(op ordersync.Operation, wait time.Duration) {
	if wait > 0 {
		m.waits.WithLabelValues(string(op)).Observe(wait.Seconds())
		return
	}
	m.tokens.WithLabelValues(string(op)).Inc()
}

// Committed counts a step of an execution that was stored.
func (m *Metrics) Committed(c store.Commit, counts ordersync.Counts) {
	if counts != (ordersync.Counts{}) {
		work := string(c.Kind)
		m.received.WithLabelValues(work).Add(float64(counts.OrdersReceived))
		m.created.WithLabelValues(work).Add(float64(counts.OrdersCreated))
		m.changed.WithLabelValues(work).Add(float64(counts.OrdersChanged))
		m.setAside.WithLabelValues(work).Add(float64(counts.SetAside))
	}
	for _, r := range c.Repairs {
		m.repairs.WithLabelValues(string(r.Code)).Inc()
	}
	if c.Settle != nil {
		m.outcomes.WithLabelValues(string(c.Settle.Outcome.Reason)).Inc()
	}
}

// Transaction counts a transaction that has ended.
func (m *Metrics) Transaction(what string, took time.Duration, err error) {
	m.commits.WithLabelValues(what, result(err)).Inc()
	m.commitT.WithLabelValues(what).Observe(took.Seconds())
}

// Executed counts an execution that has ended.
func (m *Metrics) Executed(took time.Duration, err error) {
	m.runs.WithLabelValues(result(err)).Inc()
	m.runTime.Observe(took.Seconds())
}

// Ticked counts a tick.
func (m *Metrics) Ticked(took time.Duration, err error) {
	m.ticks.WithLabelValues(result(err)).Inc()
	m.tickTime.Observe(took.Seconds())
}

// Served counts a request that was answered. How long a stream lasted says nothing of
// how long answers take: it is counted and not timed.
func (m *Metrics) Served(method, route string, code int, took time.Duration, stream bool) {
	m.served.WithLabelValues(method, route, strconv.Itoa(code)).Inc()
	if stream {
		return
	}
	m.serveTime.WithLabelValues(route).Observe(took.Seconds())
}
