package main

import (
	"fmt"
	"time"
)

// meterEvery is how often long work says how far it is.
const meterEvery = 5 * time.Second

// meter says now and then how many values work has looked at.
type meter struct {
	i    *invocation
	next time.Time
}

// newMeter is the meter of work that begins now.
func newMeter(i *invocation) *meter { return &meter{i, i.now().Add(meterEvery)} }

// told takes in how many it is by now.
func (m *meter) told(n int64) {
	now := m.i.now()
	if now.Before(m.next) {
		return
	}
	m.next = now.Add(meterEvery)
	_, _ = fmt.Fprintf(m.i.err, "looked at %d values\n", n)
}
