package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// lastMark is the id of the event that ends a stream. A client that comes back
// with it is told not to come again.
const lastMark = "finished"

// registerEvents registers the event stream of a run.
func (s *server) registerEvents() {
	schemas := s.huma.OpenAPI().Components.Schemas
	schemas.Schema(reflect.TypeFor[Progress](), true, "")
	route(s, "GET /api/v1/runs/{id}/events", "watchRun", "Watch a run",
		"Server-sent events: `outcome` (a Result, for each connection that is settled), `progress` (a Progress, when its numbers change) and at the end "+
			"`finished` (a Progress). The id of an outcome is a mark: with it as `Last-Event-ID` the stream goes on behind it. After `finished` the stream "+
			"ends, and a client that comes back with that id gets 204, which tells an EventSource to stop.",
		s.watchRun, tag("runs"), func(op *huma.Operation) {
			op.Responses["200"] = &huma.Response{Description: "The events.", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}
			op.Responses["204"] = &huma.Response{Description: "There is no event behind `finished`."}
		})
}

// EventsInput asks for the events of a run.
type EventsInput struct {
	RunInput
	LastEventID string `header:"Last-Event-ID" doc:"Id of the last event that was received; the stream goes on behind it."`
}

func (s *server) watchRun(ctx context.Context, in *EventsInput) (*huma.StreamResponse, error) {
	run, err := s.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.LastEventID == lastMark {
		return &huma.StreamResponse{Body: func(answer huma.Context) { answer.SetStatus(http.StatusNoContent) }}, nil
	}
	mark, err := parseMark(in.LastEventID)
	if err != nil {
		return nil, badField("header.Last-Event-ID", "use the id of an event of this stream, unchanged, or leave it out to begin anew")
	}
	return &huma.StreamResponse{Body: func(answer huma.Context) {
		r, w := humago.Unwrap(answer)
		done, err := s.holds(ctx)
		if err != nil {
			s.problemOf(ctx, err).write(w, r)
			return
		}
		defer done()
		stream := &eventStream{w: w, control: http.NewResponseController(w), spoken: time.Now()}
		stream.begin()
		if r.Method == http.MethodHead {
			return
		}
		if err := s.watch(ctx, run.ID, mark, stream); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "event stream ended early", "requestId", callOf(ctx).id, "error", err)
		}
	}}, nil
}

// watch sends what happens to a run until every target is settled. When it cannot
// look, it ends the stream: the client comes back with its mark.
func (s *server) watch(ctx context.Context, id ordersync.RunID, mark store.SettledMark, out *eventStream) error {
	var sent Progress
	for pause := s.Pace.PollFirst; ; pause = min(pause*5/4, s.Pace.PollLast) {
		// It is asked first: what is settled then is among the outcomes.
		settled, err := s.Reader.RunSettled(ctx, id)
		if err != nil {
			return err
		}
		before := mark
		if mark, err = s.sendOutcomes(ctx, id, mark, out); err != nil {
			return err
		}
		if settled {
			return s.sendEnd(ctx, id, out)
		}
		now, err := s.progress(ctx, id)
		if err != nil {
			return err
		}
		if now.Summary != sent.Summary || sent.RunID == "" {
			if sent = now; out.send("progress", "", now) != nil {
				return out.err
			}
		}
		if mark != before {
			pause = s.Pace.PollFirst
		}
		if !slept(ctx, pause) {
			return context.Cause(ctx)
		}
		if out.keepAlive(s.Pace.Heartbeat) != nil {
			return out.err
		}
	}
}

// sendEnd sends the last event of a stream.
func (s *server) sendEnd(ctx context.Context, id ordersync.RunID, out *eventStream) error {
	run, err := s.Reader.Run(ctx, id)
	if err != nil {
		return err
	}
	return out.send("finished", lastMark, s.progressOf(run))
}

// eventBatch is how many outcomes are read at once.
const eventBatch = 500

func (s *server) sendOutcomes(ctx context.Context, id ordersync.RunID, mark store.SettledMark, out *eventStream) (store.SettledMark, error) {
	for {
		targets, next, err := s.Reader.SettledAfter(ctx, id, mark, eventBatch)
		if err != nil {
			return mark, err
		}
		for _, t := range targets {
			if err := out.send("outcome", markText(store.SettledMark{At: t.SettledAt, Connection: t.Connection}), resultOf(t)); err != nil {
				return mark, err
			}
		}
		if len(targets) > 0 {
			mark = next
		}
		if len(targets) < eventBatch {
			return mark, nil
		}
	}
}

// eventStream writes server-sent events. After an error it writes nothing more.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	spoken  time.Time
	err     error
}

func (e *eventStream) begin() {
	e.w.Header().Set("Content-Type", "text/event-stream")
	e.w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events back
	e.w.WriteHeader(http.StatusOK)
	_ = e.write(": events of a run\n\n") // the next write says it again
}

// send sends an event. data is JSON, which has no line breaks.
func (e *eventStream) send(event, id string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	var out strings.Builder
	if id != "" {
		out.WriteString("id: " + id + "\n")
	}
	out.WriteString("event: " + event + "\ndata: ")
	out.Write(text)
	out.WriteString("\n\n")
	return e.write(out.String())
}

// keepAlive sends a comment when nothing was sent for a time: proxies close what
// is silent.
func (e *eventStream) keepAlive(silence time.Duration) error {
	if time.Since(e.spoken) < silence {
		return e.err
	}
	return e.write(": still running\n\n")
}

func (e *eventStream) write(text string) error {
	if e.err != nil {
		return e.err
	}
	e.spoken = time.Now()
	if _, e.err = e.w.Write([]byte(text)); e.err == nil {
		_ = e.control.Flush()
	}
	return e.err
}

// markText is a mark as clients see it.
func markText(m store.SettledMark) string {
	return pairText(m.At.UnixMilli(), int64(m.Connection))
}

// parseMark reads what markText wrote; "" is the beginning.
func parseMark(s string) (m store.SettledMark, err error) {
	if s == "" {
		return m, nil
	}
	at, id, err := parsePair(s)
	return store.SettledMark{At: time.UnixMilli(at), Connection: ordersync.ConnectionID(id)}, err
}

// pairText writes two numbers as one word that clients hand back.
func pairText(a, b int64) string { return strconv.FormatInt(a, 10) + "-" + strconv.FormatInt(b, 10) }

// parsePair reads two numbers with a dash between, neither negative.
func parsePair(s string) (a, b int64, err error) {
	first, second, _ := strings.Cut(s, "-")
	x, err := strconv.ParseUint(first, 10, 63)
	if err != nil {
		return 0, 0, fmt.Errorf("read mark: %w", err)
	}
	y, err := strconv.ParseUint(second, 10, 63)
	if err != nil {
		return 0, 0, fmt.Errorf("read mark: %w", err)
	}
	return int64(x), int64(y), nil //nolint:gosec // 63 bits fit
}
