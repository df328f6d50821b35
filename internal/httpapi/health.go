package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Health is the answer of a probe.
type Health struct {
	Status string            `json:"status" enum:"ok"`
	Checks map[string]string `json:"checks" doc:"What was looked at; each is ok, or else the answer is 503."`
}

// Check is one thing that a probe looks at.
type Check struct {
	Name string
	// Look says what is wrong; nil: nothing. It must heed its context's deadline.
	Look func(context.Context) error
}

// registerHealth registers the probes of orchestrators.
func (s *server) registerHealth() {
	ready := append([]Check{{"database", s.Reader.Ping}}, s.Ready...)
	route(s, "GET /livez", "live", "Tell whether the process works",
		"Otherwise 503: it hangs and must be started anew. A database that is away makes no process hang.",
		func(ctx context.Context, _ *struct{}) (*struct{ Body Health }, error) {
			return s.healthy(ctx, &s.lives, "not alive", s.Live)
		}, tag("health"))
	route(s, "GET /readyz", "ready", "Tell whether requests may be sent here",
		"The database answers and has the current schema, the time is known, and the process is not about to end; otherwise 503.",
		func(ctx context.Context, _ *struct{}) (*struct{ Body Health }, error) {
			return s.healthy(ctx, &s.health, "not ready", ready)
		}, tag("health"))
}

// healthy answers a probe.
func (s *server) healthy(ctx context.Context, kept *health, complaint string, checks []Check) (*struct{ Body Health }, error) {
	found, err := kept.remembered(func() (map[string]string, error) { return look(ctx, checks) })
	if err == nil {
		return &struct{ Body Health }{Health{"ok", found}}, nil
	}
	// What exactly is wrong is for the log: anybody may ask here.
	s.Log.WarnContext(ctx, complaint, "requestId", callOf(ctx).id, "error", err)
	p := problem(http.StatusServiceUnavailable, "%s: see checks; the log says more", complaint)
	p.after, p.Checks = databaseAgain, found
	return nil, p
}

const (
	checkOK     = "ok"
	checkFailed = "failed"
)

// probeTime is how long one check of a probe may take.
const probeTime = 2 * time.Second

// look does all checks, also after one has failed, and says how each stands.
func look(ctx context.Context, checks []Check) (found map[string]string, err error) {
	found = map[string]string{}
	for _, check := range checks {
		looking, done := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
		trouble := check.Look(looking)
		done()
		found[check.Name] = checkOK
		if trouble != nil {
			found[check.Name] = checkFailed
			err = errors.Join(err, fmt.Errorf("%s: %w", check.Name, trouble))
		}
	}
	return found, err
}

// healthKept is for how long a probe's answer is good: anybody may ask.
const healthKept = time.Second

// health is what was found by the last probe.
type health struct {
	mu     sync.Mutex
	at     time.Time
	checks map[string]string
	found  error
}

// remembered is what look found, now or just before. Whoever asks meanwhile waits
// for that.
func (h *health) remembered(look func() (map[string]string, error)) (map[string]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at.IsZero() || time.Since(h.at) >= healthKept {
		h.checks, h.found = look()
		h.at = time.Now()
	}
	return h.checks, h.found
}
