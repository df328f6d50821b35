package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// meterAfter is when work begins to say how far it is, on a terminal: what ends
	// sooner needs no words.
	meterAfter = time.Second
	// meterRedraw is how often it does so there, in one line that is written over.
	meterRedraw = 200 * time.Millisecond
	// meterEvery is how often it does so elsewhere, in lines of their own.
	meterEvery = 5 * time.Second
)

// meter says on standard error how far work is that may take long: on a terminal
// in one line that goes away in the end, elsewhere in a line now and then. Of work
// that counts nothing it says on a terminal that it goes on.
type meter struct {
	i      *invocation
	format string // with %d for the count; a key of the French texts
	begun  time.Time

	mu   sync.Mutex
	n    int64
	next time.Time // a line of its own comes not before

	ended, gone chan struct{}
}

// meter is that of work that begins now. Whoever begins it calls end, before it
// prints.
func (i *invocation) meter(format string) *meter {
	m := &meter{i: i, format: format, begun: i.now(), ended: make(chan struct{}), gone: make(chan struct{})}
	m.next = m.begun.Add(meterEvery)
	if !i.liveTalk() {
		close(m.gone)
		return m
	}
	go func() {
		defer close(m.gone)
		m.draw()
	}()
	return m
}

// told takes in how many it is by now.
func (m *meter) told(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n = n
	now := m.i.now()
	if m.i.liveTalk() || now.Before(m.next) {
		return
	}
	m.next = now.Add(meterEvery)
	_, _ = fmt.Fprintln(m.i.err, m.text())
}

// one more.
func (m *meter) one() {
	m.mu.Lock()
	n := m.n + 1
	m.mu.Unlock()
	m.told(n)
}

// end takes the line away. Once more does nothing.
func (m *meter) end() {
	select {
	case <-m.ended:
	default:
		close(m.ended)
	}
	<-m.gone
}

// text is how far the work is.
func (m *meter) text() string {
	if strings.Contains(m.format, "%d") {
		return m.i.screen.say(m.format, m.n)
	}
	return m.i.screen.tr(m.format)
}

// draw shows the line on a terminal until the end.
func (m *meter) draw() {
	line := m.i.err.(*discreet) // as liveTalk has seen
	defer line.show("")
	ticker := time.NewTicker(meterRedraw)
	defer ticker.Stop()
	for begun := time.Now(); ; {
		select {
		case <-m.ended:
			return
		case <-ticker.C:
		}
		if took := time.Since(begun); took >= meterAfter {
			m.mu.Lock()
			text := m.text()
			m.mu.Unlock()
			line.show(fmt.Sprintf("%s; %d s", text, took/time.Second))
		}
	}
}

// liveTalk tells whether standard error is a terminal on which a line can be
// written over.
func (i *invocation) liveTalk() bool {
	_, ok := i.err.(*discreet)
	return ok && isTerminal(i.err) && i.variable("TERM") != "dumb"
}
