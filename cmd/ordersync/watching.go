package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"

	"ordersync/internal/engine"
	"ordersync/internal/httpapi"
	"ordersync/internal/store"
	"ordersync/internal/telemetry"
)

// watching is what this process tells of its work.
type watching struct {
	*telemetry.Telemetry
	store *store.Store // once it is open
	end   func()       // ends the flushing of traffic, and waits for that
	tell  func(error)  // is told what traces could not be sent
}

func newWatching() *watching {
	w := &watching{end: func() {}, tell: func(error) {}}
	w.Telemetry = telemetry.New(version, func() time.Time { return w.store.Now() })
	return w
}

// traceVariables are the standard variables that turn traces on.
var traceVariables = []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}

// trace sends traces, where a setting or a standard variable says where to.
func (w *watching) trace(i *invocation) error {
	wanted := i.settings.TracesEndpoint != "" || slices.ContainsFunc(traceVariables, func(name string) bool { return os.Getenv(name) != "" })
	if !wanted || os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return nil
	}
	database := "postgresql"
	if _, local := store.SQLitePath(i.settings.DatabaseURL); local {
		database = "sqlite"
	}
	w.tell = func(err error) { i.log.Warn("traces cannot be sent", "error", err) }
	tracer, err := telemetry.NewTracer(i.ctx, telemetry.TraceSettings{
		Endpoint: i.settings.TracesEndpoint, Version: version, Instance: holder(), Database: database,
		Tell: w.tell,
	})
	if err != nil {
		return usageError{err}
	}
	w.Tracer = tracer
	return nil
}

// tracesEnd is how long the last traces may take to be sent.
const tracesEnd = 5 * time.Second

// close adds the last of the traffic, and sends the last of the traces. A collector
// that is away is no trouble of the work's.
func (w *watching) close() {
	w.end()
	ctx, cancel := context.WithTimeout(context.Background(), tracesEnd)
	defer cancel()
	if err := w.Tracer.Close(ctx); err != nil {
		w.tell(err)
	}
}

// engine is what the engine tells.
func (w *watching) engine() engine.Watch {
	return engine.Watch{Execution: w.Execution, Tick: w.Tick, Trace: w.Trace}
}

// begin adds this process's traffic to the database's, until end.
func (w *watching) begin(i *invocation, s *store.Store) {
	w.store = s
	ctx, stop := context.WithCancel(context.WithoutCancel(i.ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Traffic.Run(ctx, s.AddTraffic, func(err error) { i.log.Warn("traffic is not counted yet", "error", err) })
	}()
	w.end = func() { stop(); <-done }
}

// collect adds to the metrics what is read when they are scraped.
func (i *invocation) collect(w workplace) {
	w.watch.Metrics.Add(collectors.NewDBStatsCollector(w.store.Database(), "writers"))
	w.watch.Metrics.Add(telemetry.NewFleet(telemetry.FleetSource{
		Reader: w.store.Doors(), ClientID: i.settings.AmazonClientID,
		SecretEnds: func(ctx context.Context) (time.Time, error) {
			age, err := w.engine.SecretAge(ctx)
			return age.Ends, err
		},
		Tell: func(err error) { i.log.Warn("the fleet's numbers cannot be read for the metrics", "error", err) },
	}))
}

// readiness is what must hold before requests are sent here, besides a database that
// answers.
func (i *invocation) readiness(s *store.Store) []httpapi.Check {
	return []httpapi.Check{
		{Name: "schema", Look: s.Ready},
		{Name: "clock", Look: s.ClockKnown},
		{Name: "serving", Look: func(context.Context) error {
			if i.ctx.Err() != nil {
				return errors.New("the process is ending")
			}
			return nil
		}},
	}
}

// liveness is what must hold as long as the process is not to be started anew.
func (i *invocation) liveness(w workplace) []httpapi.Check {
	return []httpapi.Check{{Name: "work", Look: func(context.Context) error {
		if pulse := w.watch.Alive.Pulse(); pulse.Hangs(i.settings.workers()) {
			return fmt.Errorf("the work hangs: tick %t, executions %d of %d", pulse.StuckTick, pulse.StuckExecutions, i.settings.workers())
		}
		return nil
	}}}
}

// metricsServer serves the metrics without a key on an address of their own.
type metricsServer struct {
	server *http.Server
	served chan error
}

// serveMetrics serves the metrics where the setting says; nil: nowhere else.
func (i *invocation) serveMetrics(w workplace) (*metricsServer, error) {
	if i.settings.MetricsListen == "" {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(i.ctx, "tcp", i.settings.MetricsListen)
	if err != nil {
		return nil, usageError{fmt.Errorf("ORDERSYNC_METRICS_LISTEN: %w", err)}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", w.watch.Metrics.Handler())
	m := &metricsServer{
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute},
		served: make(chan error, 1),
	}
	go func() { m.served <- m.server.Serve(l) }()
	i.log.Info("metrics are served without a key", "address", l.Addr().String())
	return m, nil
}

// close ends serving; nil has nothing to end.
func (m *metricsServer) close() error {
	if m == nil {
		return nil
	}
	return errors.Join(m.server.Close(), ignoreClosed(<-m.served))
}
