package engine_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ordersync/internal/engine"
)

// The doorbells' own comings and goings are no news, and while the database is
// away the log is not filled with the same words.
func TestDoorbellsAreQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := engine.Quiet(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})))
		log.Info("producer: Producer job counts")
		for range 100 {
			log.With("queue", "work").Error("producer: Error fetching jobs", "err", "connection refused")
			log.WithGroup("x").Warn("elector: Error attempting to elect")
			time.Sleep(250 * time.Millisecond)
		}
		for words, want := range map[string]int{"job counts": 0, "Error fetching jobs": 3, "attempting to elect": 3, "part=doorbells": 6, "connection refused": 3} {
			if n := strings.Count(out.String(), words); n != want {
				t.Errorf("%q was said %d times, want %d:\n%s", words, n, want, &out)
			}
		}
		out.Reset()
		engine.Quiet(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))).Info("River client started")
		if !strings.Contains(out.String(), "level=DEBUG") {
			t.Errorf("who debugs sees %q", &out)
		}
	})
}
