package httpapi

import (
	"context"
	"sync"
	"time"

	"ordersync"
)

// Progress is how far a run is.
type Progress struct {
	RunID         ordersync.RunID `json:"runId"`
	Finished      bool            `json:"finished"`
	Success       bool            `json:"success"`
	Summary       Summary         `json:"summary"`
	TotalDuration int64           `json:"totalDuration" doc:"Milliseconds."`
}

func (s *server) progressOf(run ordersync.Run) Progress {
	v := RunOf(run, nil, s.Now())
	return Progress{run.ID, v.Finished, v.Success, v.Summary, v.TotalDuration}
}

// countedFor is for how long the numbers of a run that goes on are good enough for
// those who watch it: counting reads all its targets.
const countedFor = 3 * time.Second

// counted are the runs that were counted just now, for all who watch them.
type counted struct {
	mu   sync.Mutex
	runs map[ordersync.RunID]countedRun
}

type countedRun struct {
	run ordersync.Run
	at  time.Time
}

// progress is how far a run is, or was a few seconds ago.
func (s *server) progress(ctx context.Context, id ordersync.RunID) (Progress, error) {
	// Whoever comes while a run is being counted waits for that.
	s.counted.mu.Lock()
	defer s.counted.mu.Unlock()
	now := time.Now()
	for id, c := range s.counted.runs {
		if now.Sub(c.at) >= countedFor {
			delete(s.counted.runs, id)
		}
	}
	c, ok := s.counted.runs[id]
	if !ok {
		run, err := s.Reader.Run(ctx, id)
		if err != nil {
			return Progress{}, err
		}
		c = countedRun{run, time.Now()}
		s.counted.runs[id] = c
	}
	return s.progressOf(c.run), nil
}
