package telemetry_test

import (
	"testing"
	"testing/synctest"
	"time"

	"ordersync/internal/telemetry"
)

func TestAProcessHangsWhenItsTickOrAllItsWorkersDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alive := telemetry.NewAlive()
		wait := func() { time.Sleep(telemetry.StuckAfter + time.Second) }
		hangs := func(what string, workers int, want bool) {
			t.Helper()
			if p := alive.Pulse(); p.Hangs(workers) != want {
				t.Errorf("%s: %+v", what, p)
			}
		}
		wait()
		hangs("nothing to do", 2, false)
		tick := alive.Tick()
		hangs("a tick under way", 2, false)
		wait()
		hangs("a tick that does not end", 0, true)
		tick()
		hangs("a tick that ended", 2, false)
		if alive.Pulse().LastTick.IsZero() {
			t.Error("no tick is known")
		}
		first, second := alive.Execution(), alive.Execution()
		wait()
		third := alive.Execution()
		hangs("two of three workers", 3, false)
		hangs("all workers", 2, true)
		hangs("no workers", 0, false)
		first()
		hangs("one of two", 2, false)
		second()
		third()
		if p := alive.Pulse(); p.Executions != 0 || p.StuckExecutions != 0 {
			t.Errorf("%+v", p)
		}
	})
}
