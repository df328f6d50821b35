package main

import (
	"context"
	"fmt"
	"io"
	"os"
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

// watchRun shows how far a run is until what it returns is called, which shows
// the end.
func watchRun(ctx context.Context, talk io.Writer, reader *store.Reader, id ordersync.RunID) (stop func()) {
	p := progress{talk: talk, live: isTerminal(talk), begun: time.Now(), reader: reader, run: id}
	ended, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		p.watch(ctx, ended)
	}()
	return func() {
		close(ended)
		<-gone
		p.look(ctx)
		if p.live {
			_, _ = fmt.Fprintln(talk)
		}
	}
}

// progress shows a run while it goes on.
type progress struct {
	talk   io.Writer
	live   bool // one line is written over and over
	begun  time.Time
	reader *store.Reader
	run    ordersync.RunID
	shown  ordersync.Summary
}

func (p *progress) watch(ctx context.Context, ended <-chan struct{}) {
	every := lookPlain
	if p.live {
		every = lookLive
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.look(ctx)
		case <-ended:
			return
		}
	}
}

// look shows the run as it is now. That it cannot be read is for who works.
func (p *progress) look(ctx context.Context) {
	run, err := p.reader.Run(ctx, p.run)
	if err != nil || !p.live && run.Summary == p.shown {
		return
	}
	p.shown = run.Summary
	line := progressLine(run.Summary, time.Since(p.begun))
	if p.live {
		_, _ = fmt.Fprintf(p.talk, "\r%s\x1b[K", line)
		return
	}
	_, _ = fmt.Fprintln(p.talk, line)
}

// progressWidth is how many characters the bar has.
const progressWidth = 20

func progressLine(s ordersync.Summary, took time.Duration) string {
	settled := s.Total - s.Open()
	full := progressWidth * settled / max(s.Total, 1)
	return fmt.Sprintf("[%s%s] %d of %d: %d success, %d partial, %d skipped, %d failed; %.1f s",
		strings.Repeat("#", full), strings.Repeat(".", progressWidth-full), settled, s.Total, s.Success, s.Partial, s.Skipped, s.Failed, took.Seconds())
}

// isTerminal tells whether somebody reads what is written as it comes.
func isTerminal(w io.Writer) bool {
	if d, ok := w.(*discreet); ok {
		w = d.out
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
