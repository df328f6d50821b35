package main

import (
	"bytes"
	"testing"
	"time"
)

// Long work says how far it is every five seconds, and not more often.
func TestMeter(t *testing.T) {
	var out bytes.Buffer
	now := begin
	m := newMeter(&invocation{outside: outside{err: &out, now: func() time.Time { return now }}})
	for n := range int64(24) {
		m.told(n)
		now = now.Add(500 * time.Millisecond)
	}
	if got := out.String(); got != "looked at 10 values\nlooked at 20 values\n" {
		t.Errorf("%q", got)
	}
}
