package store

import (
	"context"
	"sync"
	"time"
)

// recent keeps an answer for those who ask again soon. Whoever asks while somebody
// looks waits for what that one finds.
type recent[T any] struct {
	mu    sync.Mutex
	at    time.Time // zero: nothing was found yet
	value T
}

// get is the answer that is at most maxAge old at now, found anew if need be. An error
// is not kept.
func (r *recent[T]) get(now time.Time, maxAge time.Duration, find func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if age := now.Sub(r.at); !r.at.IsZero() && age >= 0 && age < maxAge {
		return r.value, nil
	}
	value, err := find()
	if err == nil {
		r.at, r.value = now, value
	}
	return value, err
}

// RecentFleet is what [Reader.Fleet] found less than maxAge ago, whoever asked, or
// finds now. It is shared: callers must not change its maps.
func (r *Reader) RecentFleet(ctx context.Context, maxAge time.Duration) (Fleet, error) {
	return r.fleet.get(r.now(), maxAge, func() (Fleet, error) { return r.Fleet(ctx) })
}

// RecentCeiling is what [Reader.Ceiling] found less than maxAge ago, whoever asked, or
// finds now.
func (r *Reader) RecentCeiling(ctx context.Context, maxAge time.Duration) (callsPerMinute float64, err error) {
	return r.ceiling.get(r.now(), maxAge, func() (float64, error) { return r.Ceiling(ctx) })
}
