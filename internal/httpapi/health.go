package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"
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
	err := s.health.remembered(func() error {
		err := s.probe(ctx)
		if err == nil && s.Ready != nil {
			looking, done := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
			defer done()
			err = s.Ready(looking)
		}
		return err
	})
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

// probe asks the database nothing but whether it answers.
func (s *server) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	return s.Reader.Ping(ctx)
}

// healthKept is for how long a probe's answer is good: anybody may ask.
const healthKept = time.Second

// health is what was found by the last probe.
type health struct {
	mu    sync.Mutex
	at    time.Time
	found error
}

// remembered is what look found, now or just before. Whoever asks meanwhile waits
// for that.
func (h *health) remembered(look func() error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at.IsZero() || time.Since(h.at) >= healthKept {
		h.found = look()
		h.at = time.Now()
	}
	return h.found
}
