package web

import (
	"context"
	"sync"
	"time"
)

// kept is something that takes a while to read and that many visitors look at. It is
// read at most once at a time. One that is a little old is shown all the same, so that
// nobody waits for a reading while others look: who looks has it renewed for those to
// come.
type kept[T any] struct {
	load func(context.Context) (T, error)

	reading chan struct{} // who has put something in reads it

	mu     sync.Mutex // guards what follows
	value  T
	readAt time.Time // zero: never
	took   time.Duration
}

func keep[T any](load func(context.Context) (T, error)) *kept[T] {
	return &kept[T]{load: load, reading: make(chan struct{}, 1)}
}

const (
	// keptFor is how long a reading is not repeated; nor is it before ten times as long
	// as it took.
	keptFor = 2 * time.Second
	// keptMost is how old a reading may be that is shown.
	keptMost = time.Minute
	// keptRead is how long a reading may take.
	keptRead = 15 * time.Second
)

// get is the value, not older than a minute. An error is not kept.
func (k *kept[T]) get(ctx context.Context) (T, error) {
	return k.younger(ctx, func(time.Duration) time.Duration { return keptMost })
}

// fresh is the value as it is now, or was a moment ago.
func (k *kept[T]) fresh(ctx context.Context) (T, error) { return k.younger(ctx, freshFor) }

// freshFor is how long a reading is fresh that took so long.
func freshFor(took time.Duration) time.Duration { return max(keptFor, min(10*took, keptMost)) }

// younger is the value, younger than what most says of how long reading it took.
func (k *kept[T]) younger(ctx context.Context, most func(took time.Duration) time.Duration) (T, error) {
	if value, age, took := k.have(); age < most(took) {
		return value, nil
	}
	select {
	case k.reading <- struct{}{}:
		defer func() { <-k.reading }()
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	if value, age, took := k.have(); age < most(took) {
		return value, nil // another visitor has read it meanwhile
	}
	return k.read(context.WithoutCancel(ctx)) // others get it too: whoever began it may go away
}

// renew reads it anew unless it is fresh or somebody else does.
func (k *kept[T]) renew(ctx context.Context) error {
	if _, age, took := k.have(); age < freshFor(took) {
		return nil
	}
	select {
	case k.reading <- struct{}{}:
		defer func() { <-k.reading }()
		_, err := k.read(ctx)
		return err
	default:
		return nil
	}
}

// readAhead renews it as long as ctx lasts, so that who comes after an hour in which
// nobody looked need not wait either. What takes long is read more seldom: it is to cost
// a hundredth of a processor at most. It tells of each reading that failed.
func (k *kept[T]) readAhead(ctx context.Context, failed func(error)) {
	for ctx.Err() == nil {
		if err := k.renew(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		_, _, took := k.have()
		select {
		case <-ctx.Done():
		case <-time.After(max(keptMost*3/4, 100*took)):
		}
	}
}

func (k *kept[T]) have() (value T, age, took time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.readAt.IsZero() {
		return k.value, keptMost, 0
	}
	return k.value, time.Since(k.readAt), k.took
}

// read reads it for everybody.
func (k *kept[T]) read(ctx context.Context) (T, error) {
	reading, cancel := context.WithTimeout(ctx, keptRead)
	defer cancel()
	begun := time.Now()
	value, err := k.load(reading)
	if err != nil {
		return value, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.value, k.readAt, k.took = value, time.Now(), time.Since(begun)
	return value, nil
}

// forget lets the next who looks read it anew.
func (k *kept[T]) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.readAt = time.Time{}
}
