package main

import (
	"fmt"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// The times between two looks at a run that is shown.
const (
	lookLive  = 100 * time.Millisecond // on a terminal, where one line is written over and over
	lookPlain = time.Second
)

// progress shows a run while it goes on.
type progress struct {
	i      *invocation
	reader *store.Reader
	run    ordersync.RunID
	begun  time.Time
	// after is when it begins to show; what ends sooner needs no words.
	after time.Duration
	// stays: without a terminal it is told in lines of its own, and the end is
	// shown for good.
	stays bool
	shown ordersync.Summary
}

// watchRun shows how far a run is until what it returns is called.
func (p progress) watchRun(id ordersync.RunID) (stop func()) {
	live := p.i.liveTalk()
	if !live && !p.stays {
		return func() {}
	}
	p.run, p.begun = id, time.Now()
	ended, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		p.watch(live, ended)
	}()
	return func() {
		close(ended)
		<-gone
	}
}

func (p *progress) watch(live bool, ended <-chan struct{}) {
	every := lookPlain
	if live {
		every = lookLive
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for going := true; going; {
		select {
		case <-ticker.C:
		case <-ended:
			going = false
		}
		if took := time.Since(p.begun); took >= p.after {
			p.look(live, took)
		}
	}
	switch {
	case !live:
	case p.stays && p.shown != ordersync.Summary{}:
		p.i.err.(*discreet).show("")
		_, _ = fmt.Fprintln(p.i.err, p.i.screen.progressLine(p.shown, time.Since(p.begun)))
	default:
		p.i.err.(*discreet).show("")
	}
}

// look shows the run as it is now. That it cannot be read is for who works.
func (p *progress) look(live bool, took time.Duration) {
	run, err := p.reader.Run(p.i.ctx, p.run)
	if err != nil || !live && run.Summary == p.shown {
		return
	}
	p.shown = run.Summary
	line := p.i.screen.progressLine(run.Summary, took)
	if live {
		p.i.err.(*discreet).show(line)
		return
	}
	_, _ = fmt.Fprintln(p.i.err, line)
}

// progressWidth is how many characters the bar has.
const progressWidth = 20

// progressLine is how far a run is.
func (l language) progressLine(s ordersync.Summary, took time.Duration) string {
	settled := s.Total - s.Open()
	full := progressWidth * settled / max(s.Total, 1)
	return l.say("[%s%s] %d of %d: %d success, %d partial, %d skipped, %d failed; %.1f s",
		strings.Repeat("#", full), strings.Repeat(".", progressWidth-full), settled, s.Total, s.Success, s.Partial, s.Skipped, s.Failed, took.Seconds())
}
