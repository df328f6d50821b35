package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"ordersync"
	"ordersync/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

// Waiting is what a request says about how long it waits for its run.
type Waiting struct {
	Prefer string `header:"Prefer" doc:"RFC 7240: wait=n waits at most n seconds (50 unless said, at most 600) for the run to finish; respond-async answers at once." example:"wait=120"`
	prefer preference
}

// Resolve reads all Prefer headers: there may be several.
func (w *Waiting) Resolve(ctx huma.Context) []error {
	var headers []string
	ctx.EachHeader(func(name, value string) {
		if name == "Prefer" {
			headers = append(headers, value)
		}
	})
	w.prefer = parsePrefer(headers)
	return nil
}

const (
	// startTime is how long starting a run may take, the first of its targets
	// included.
	startTime = 30 * time.Second
	// lookTime is how long looking at a run may take after the waiting is over.
	lookTime = 10 * time.Second
)

// run starts a run, whether its client stays or not, and waits for it. The run is
// looked at in the context that it returns, which ends with done.
func (s *server) run(ctx context.Context, mode ordersync.RunMode, tenant ordersync.TenantID, p preference) (look context.Context, run ordersync.Run, done func(), err error) {
	if p.wait > 0 {
		leave, err := s.holds(ctx)
		if err != nil {
			return nil, run, nil, err
		}
		defer leave()
	}
	starting, started := context.WithTimeout(context.WithoutCancel(ctx), startTime)
	defer started()
	id, err := s.Engine.StartRun(starting, mode, tenant)
	if err != nil {
		return nil, run, nil, err
	}
	s.Log.InfoContext(ctx, "run asked for", "requestId", callOf(ctx).id, "runId", id, "mode", mode)
	look, done = looking(ctx, p)
	if run, err = s.await(look, ctx, id, p.wait); err != nil {
		done()
		return nil, run, nil, err
	}
	return look, run, done, nil
}

// looking is the context in which a run is looked at, from when it is there. It
// outlives the request's: when the service ends, those that wait are answered with
// what there is.
func looking(ctx context.Context, p preference) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), p.wait+lookTime)
}

// await looks at a run until it has finished, most has passed or waiting is over;
// it returns the run as it is then. A client that goes away ends the waiting and
// not the run.
func (s *server) await(look, waiting context.Context, id ordersync.RunID, most time.Duration) (ordersync.Run, error) {
	end := time.Now().Add(most)
	for pause := s.Pace.PollFirst; ; pause = min(pause*5/4, s.Pace.PollLast) {
		settled, err := s.Reader.RunSettled(look, id)
		if err != nil {
			return ordersync.Run{}, s.goesOn(look, id, err)
		}
		left := time.Until(end)
		if !settled && left > 0 && slept(waiting, min(pause, left)) {
			continue
		}
		run, err := s.Reader.Run(look, id)
		if err != nil {
			return run, s.goesOn(look, id, err)
		}
		return run, nil
	}
}

// goesOn is the problem of a request that can no longer watch its run.
func (s *server) goesOn(ctx context.Context, id ordersync.RunID, err error) error {
	p := *s.problemOf(ctx, err)
	p.location = runPath(id)
	p.Detail = fmt.Sprintf("%s (run %s goes on)", p.Detail, id)
	return &p
}

// slept waits; false when ctx ended first.
func slept(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func runPath(id ordersync.RunID) string { return "/api/v1/runs/" + string(id) }

// statusOf is 200 for a finished run and 202 with the run's address for one that
// goes on.
func statusOf(run ordersync.Run) (status int, location string) {
	if store.Settled(run) {
		return http.StatusOK, ""
	}
	return http.StatusAccepted, runPath(run.ID)
}
