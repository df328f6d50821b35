package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"ordersync/internal/engine"
	"ordersync/internal/httpapi"
	"ordersync/internal/telemetry"
	"ordersync/internal/web"
)

// serveCommand runs the service: HTTP, the tick and the workers.
type serveCommand struct{}

// The times of a server that ends.
const (
	drainHTTP    = 5 * time.Second  // for requests under way; those that wait for a run are answered with what there is
	drainWorkers = 25 * time.Second // for the pages under way
)

// Run serves until it is interrupted; then it lets what is under way end well.
// A second signal ends it at once.
func (c *serveCommand) Run(i *invocation) (err error) {
	w, err := i.open(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	handler, end, err := i.handler(w)
	if err != nil {
		return err
	}
	defer end()
	metrics, err := i.serveMetrics(w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, metrics.close()) }()
	l, err := (&net.ListenConfig{}).Listen(i.ctx, "tcp", i.settings.Listen)
	if err != nil {
		return listenError("ORDERSYNC_LISTEN", "`ordersync serve --listen 127.0.0.1:8081`", err)
	}
	return i.serve(w, handler, l, func() { _, _ = fmt.Fprintf(i.err, "ordersync %s serves on http://%s\n", version, l.Addr()) })
}

// handler is the HTTP interface over a workplace, and the pages beside it. end ends what
// requests have begun, once none comes any more.
func (i *invocation) handler(w workplace) (_ http.Handler, end func(), err error) {
	pages, err := web.New(web.Config{
		Reader: w.store.Doors(), Engine: w.engine, Name: i.settings.ServiceName, PublicURL: i.settings.PublicURL,
		ClientID: i.settings.AmazonClientID, Version: version, Open: i.openDashboard, Now: w.store.Now, Log: i.log,
		Settings: i.inForce(os.LookupEnv), InFrench: french.sentence,
		Doctor: func(ctx context.Context) []engine.Finding {
			return append([]engine.Finding{examineDatabase(ctx, w.store)}, w.engine.Diagnose(ctx)...)
		},
	})
	if err != nil {
		return nil, nil, err
	}
	i.collect(w)
	api, err := httpapi.New(httpapi.Config{
		Reader: w.store.Doors(), Engine: w.engine, Operators: i.settings.Operators,
		TrustedProxies: i.settings.proxies(), Version: version, Log: i.log, Now: w.store.Now,
		Ready: i.readiness(w.store), Live: i.liveness(w), Metrics: w.watch.Metrics.Handler(),
		Mark: func(ctx context.Context, id string) context.Context { return telemetry.WithID(ctx, "requestId", id) },
	})
	if err != nil {
		return nil, nil, err
	}
	pages.ReadAhead()
	return w.watch.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pages.Serves(r) {
			pages.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})), pages.Close, nil
}

// serve answers on a listener, ticks and works until it is interrupted. Once it
// serves it says so.
func (i *invocation) serve(w workplace, handler http.Handler, l net.Listener, say func()) error {
	if err := engine.PrepareDoorbells(i.ctx, w.store, false); err != nil {
		return errors.Join(err, l.Close())
	}
	// Requests end with the service, not with the signal.
	requests, cut := context.WithCancel(context.WithoutCancel(i.ctx))
	defer cut()
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, BaseContext: func(net.Listener) context.Context { return requests },
	}
	server.ErrorLog = slog.NewLogLogger(i.log.Handler(), slog.LevelDebug) // of clients that break off
	service, err := w.engine.Serve(context.WithoutCancel(i.ctx))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	say()
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err = <-served: // the listener broke
	case <-i.ctx.Done():
	}
	i.log.Info("ending: pages under way are committed first; a second signal ends at once", "atMost", drainWorkers)
	stopped := make(chan error, 1)
	go func() { stopped <- stopWorking(service) }()
	err = errors.Join(ignoreClosed(err), stopServing(server, cut), <-stopped)
	i.log.Info("ended")
	return err
}

// stopServing takes no new requests and gives those under way a little time.
func stopServing(server *http.Server, cut func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainHTTP)
	defer cancel()
	defer time.AfterFunc(drainHTTP/2, cut).Stop()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("end requests: %w", err), server.Close())
	}
	return nil
}

func stopWorking(service *engine.Service) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainWorkers)
	defer cancel()
	return service.Stop(ctx)
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
