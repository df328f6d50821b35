package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
)

// event is one server-sent event; a comment has only text.
type event struct{ id, name, data, comment string }

// stream is a client of an event stream.
type stream struct {
	t     testing.TB
	lines *bufio.Scanner
	close func()
}

// watch opens the events of a run over a real connection.
func (w *world) watch(server *httptest.Server, run, last string) *stream {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.ctx)
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/v1/runs/"+run+"/events", nil)
	w.must(err)
	w.operator()(r)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	a, err := server.Client().Do(r)
	w.must(err)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	s := &stream{t: w.t, lines: bufio.NewScanner(a.Body), close: func() { cancel(); _ = a.Body.Close() }}
	w.t.Cleanup(s.close)
	return s
}

// next is the next event; false at the end.
func (s *stream) next() (e event, ok bool) {
	for s.lines.Scan() {
		line := s.lines.Text()
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
			return e, true
		case name == "":
			e.comment = value
		case name == "id":
			e.id = value
		case name == "event":
			e.name = value
		case name == "data":
			e.data = value
		default:
			s.t.Fatalf("line %q", line)
		}
	}
	return e, false
}

// until skips events until one of a name.
func (s *stream) until(name string) event {
	s.t.Helper()
	for {
		e, ok := s.next()
		if !ok {
			s.t.Fatalf("the stream ended before %q: %v", name, s.lines.Err())
		}
		if e.name == name || name == "comment" && e.comment != "" && e.name == "" {
			return e
		}
	}
}

// Events tell each outcome once, the numbers, and the end; a mark goes on behind
// what was received.
func TestEvents(t *testing.T) {
	onBoth(t, func(w *world) {
		const tenants = 4
		ids := map[int]ordersync.ConnectionID{}
		for i := range tenants {
			ids[i] = w.connect(ordersync.TenantID(fmt.Sprintf("t%d", i)))
		}
		server := httptest.NewServer(w.handler)
		t.Cleanup(server.Close)
		run := w.post(global, "", w.operator(), header("Prefer", "respond-async")).want(202)["runId"].(string)
		s := w.watch(server, run, "")
		if first := s.until("progress"); !strings.Contains(first.data, `"total":4`) || first.id != "" {
			t.Errorf("%+v", first)
		}
		var marks []string
		for i := range tenants - 1 {
			w.reads(ids[i])
			w.later(2 * time.Second)
			e := s.until("outcome")
			var r httpapi.Result
			w.must(json.Unmarshal([]byte(e.data), &r))
			if r.TenantID != ordersync.TenantID(fmt.Sprintf("t%d", i)) || r.ReasonCode != "SUCCESS" || e.id == "" {
				t.Errorf("%+v", e)
			}
			marks = append(marks, e.id)
		}
		s.close()
		again := w.watch(server, run, marks[1])
		if e := again.until("outcome"); e.id != marks[2] {
			t.Errorf("after %s came %+v", marks[1], e)
		}
		w.reads(ids[tenants-1])
		w.tick()
		if e := again.until("outcome"); !strings.Contains(e.data, `"tenantId":"t3"`) {
			t.Errorf("%+v", e)
		}
		end := again.until("finished")
		if !strings.Contains(end.data, `"finished":true`) || !strings.Contains(end.data, `"success":4`) || end.id != "finished" {
			t.Errorf("%+v", end)
		}
		if e, more := again.next(); more {
			t.Errorf("behind the end came %+v", e)
		}
		back := w.get("/api/v1/runs/"+run+"/events", w.operator(), header("Last-Event-ID", "finished"))
		if back.status != 204 {
			t.Errorf("%d %s", back.status, back.text)
		}
		w.get("/api/v1/runs/"+run+"/events", w.operator(), header("Last-Event-ID", "1 or 2")).wantProblem(422, "Last-Event-ID")
	})
}

// A run that has finished is told whole.
func TestEventsAfterTheEnd(t *testing.T) {
	onBoth(t, func(w *world) {
		w.reads(w.connect("mine"))
		w.later(time.Second)
		run := w.post(global, "", w.operator()).want(200)["runId"].(string)
		w.tick()
		a := w.get("/api/v1/runs/"+run+"/events", w.operator())
		if a.status != 200 || strings.Count(a.text, "event: outcome") != 1 || !strings.HasSuffix(a.text, "\n\n") || !strings.Contains(a.text, "event: finished") {
			t.Errorf("%d %s", a.status, a.text)
		}
	})
}

// A silent stream is kept open, and one whose client goes away ends.
func TestEventsKeepAlive(t *testing.T) {
	onSQLite(t, func(w *world) {
		w.connect("mine")
		server := httptest.NewServer(w.handler)
		t.Cleanup(server.Close) // it waits for every request to end
		run := w.post(global, "", w.operator(), header("Prefer", "respond-async")).want(202)["runId"].(string)
		s := w.watch(server, run, "")
		s.until("progress")
		for range 3 {
			s.until("comment")
		}
		s.close()
	}, func(c *httpapi.Config) { c.Pace.Heartbeat = 10 * time.Millisecond })
}

// A server's deadline for reading requests does not end those that wait.
func TestWaitingOutlivesReadTimeout(t *testing.T) {
	onSQLite(t, func(w *world) {
		id := w.connect("mine")
		server := httptest.NewUnstartedServer(w.handler)
		server.Config.ReadTimeout = 50 * time.Millisecond
		server.Start()
		t.Cleanup(server.Close)
		run := w.post(global, "", w.operator(), header("Prefer", "respond-async")).want(202)["runId"].(string)
		s := w.watch(server, run, "")
		s.until("progress")
		for begun := time.Now(); time.Since(begun) < 200*time.Millisecond; {
			s.until("comment")
		}
		w.reads(id)
		w.tick()
		s.until("finished")
	}, func(c *httpapi.Config) { c.Pace.Heartbeat = 10 * time.Millisecond })
}

// However many watch a run, its targets are counted every few seconds only, once
// for all of them.
func TestEventsCountSeldom(t *testing.T) {
	inBubble(t, func(w *world) {
		id := w.connect("mine")
		w.connect("other")
		run := w.post(global, "", w.operator(), header("Prefer", "respond-async")).want(202)["runId"].(string)
		dial := w.serve()
		open := func() *stream {
			conn := dial()
			w.must(conn.SetDeadline(time.Now().Add(time.Minute)))
			_, err := fmt.Fprintf(conn, "GET /api/v1/runs/%s/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", run, w.keys[""])
			w.must(err)
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			w.must(err)
			return &stream{t: t, lines: bufio.NewScanner(answer.Body), close: func() { _ = conn.Close() }}
		}
		first := open()
		first.until("progress")
		begun := time.Now()
		w.reads(id)
		second := open()
		if e := second.until("progress"); !strings.Contains(e.data, `"success":0`) {
			t.Errorf("counted again: %+v", e)
		}
		for _, s := range []*stream{first, second} {
			if e := s.until("progress"); !strings.Contains(e.data, `"success":1`) {
				t.Errorf("%+v", e)
			}
		}
		if took := time.Since(begun); took < 2*time.Second || took > 5*time.Second {
			t.Errorf("the numbers came after %s", took)
		}
		first.close()
		second.close()
	})
}

// As soon as the last target is settled its outcome and the end are told; no tick
// is needed.
func TestEventsEndWithTheLastOutcome(t *testing.T) {
	onBoth(t, func(w *world) {
		id := w.connect("mine")
		run := w.post(global, "", w.operator(), header("Prefer", "respond-async")).want(202)["runId"].(string)
		w.reads(id)
		page := w.get("/api/v1/runs/"+run+"/results", w.operator()).want(200)
		if page["finished"] != true || len(page["results"].([]any)) != 1 {
			t.Errorf("%v", page)
		}
		a := w.get("/api/v1/runs/"+run+"/events", w.operator())
		if strings.Count(a.text, "event: ") != 2 || strings.Count(a.text, "event: outcome") != 1 || !strings.Contains(a.text, "event: finished") {
			t.Errorf("%s", a.text)
		}
	})
}
