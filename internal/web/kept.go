package web

import (
	"context"
	"sync"
	"time"
)

// kept is something that takes a while to read and that many visitors look at: it is
// read at most once at a time, and not again while it is fresh. The longer it takes,
// the longer it is good for, so that reading it never takes more than a tenth of the
// time.
type kept[T any] struct {
	load func(context.Context) (T, error)

	mu    sync.Mutex
	value T
	until time.Time
}

const (
	keptFor  = 2 * time.Second
	keptMost = 30 * time.Second
	keptRead = 15 * time.Second // how long reading may take
)

// get is the value, at most so old as the text above says. An error is not kept.
func (k *kept[T]) get(ctx context.Context) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Now().Before(k.until) {
		return k.value, nil
	}
	// Another visitor gets what this one began to read.
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), keptRead)
	defer cancel()
	begun := time.Now()
	value, err := k.load(reading)
	if err != nil {
		return value, err
	}
	k.value, k.until = value, time.Now().Add(min(max(keptFor, 10*time.Since(begun)), keptMost))
	return value, nil
}
