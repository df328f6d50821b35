package httpapi

import (
	"context"
	"net/http"
	"time"

	"ordersync/internal/store"
)

// Health is the answer of a probe.
type Health struct {
	Status string `json:"status" enum:"ok"`
}

// registerHealth registers the probes of orchestrators.
func (s *server) registerHealth() {
	route(s, "GET /livez", "live", "Tell that the process answers", "It looks at nothing else.",
		func(context.Context, *struct{}) (*struct{ Body Health }, error) {
			return &struct{ Body Health }{Health{"ok"}}, nil
		}, tag("health"))
	route(s, "GET /readyz", "ready", "Tell whether requests may be sent here", "The database answers and has the current schema; otherwise 503.", s.ready, tag("health"))
}

func (s *server) ready(ctx context.Context, _ *struct{}) (*struct{ Body Health }, error) {
	err := s.probe(ctx)
	if err == nil && s.Ready != nil {
		looking, done := context.WithTimeout(ctx, probeTime)
		err = s.Ready(looking)
		done()
	}
	if err != nil {
		// What exactly is wrong is for the log: anybody may ask here.
		s.Log.WarnContext(ctx, "not ready", "requestId", callOf(ctx).id, "error", err)
		p := problem(http.StatusServiceUnavailable, "not ready: the database does not answer or its schema is not current; the log says more")
		p.after = databaseAgain
		return nil, p
	}
	return &struct{ Body Health }{Health{"ok"}}, nil
}

// readyFunc says why requests should not be sent here; nil: they may.
type readyFunc = func(context.Context) error

// probeTime is how long the database may take to answer a probe.
const probeTime = 2 * time.Second

// probe asks the database something small and tells whether it answers.
func (s *server) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	if _, err := s.Reader.Runs(ctx, store.RunsPage{Limit: 1}); err != nil {
		return err
	}
	_, _, err := s.Reader.Status(ctx, store.StatusPage{Limit: 1})
	return err
}
