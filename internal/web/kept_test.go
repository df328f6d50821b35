package web

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What is read ahead is young whenever somebody comes, is read seldom where it takes
// long, and goes on after a reading that failed.
func TestReadAhead(t *testing.T) {
	for _, c := range []struct {
		takes time.Duration
		reads int // in an hour
	}{{400 * time.Millisecond, 80}, {2 * time.Second, 18}} {
		synctest.Test(t, func(t *testing.T) {
			reads, failed := 0, 0
			k := keep(func(context.Context) (int, error) {
				time.Sleep(c.takes)
				if reads++; reads == 3 {
					return 0, errors.New("broken")
				}
				return reads, nil
			})
			ctx, end := context.WithCancel(t.Context())
			var wait sync.WaitGroup
			wait.Go(func() { k.readAhead(ctx, func(error) { failed++ }) })
			time.Sleep(time.Hour)
			if _, age, _ := k.have(); c.takes < time.Second && age >= keptMost {
				t.Errorf("who comes now waits: it is %s old", age)
			}
			end()
			wait.Wait()
			if reads < c.reads || reads > c.reads+1 || failed != 1 {
				t.Errorf("%d readings in an hour of what takes %s, %d failed", reads, c.takes, failed)
			}
		})
	}
}

// What many look at is read once at a time; one that is a little old is shown while
// somebody reads it anew; an error is not kept.
func TestKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		var fails error
		k := keep(func(context.Context) (int, error) {
			reads++
			time.Sleep(time.Second)
			return reads, fails
		})
		want := func(n int) {
			t.Helper()
			if got, err := k.get(t.Context()); got != n || err != nil {
				t.Errorf("it is %d and not %d, %v", got, n, err)
			}
		}
		fails = errors.New("broken")
		if _, err := k.get(t.Context()); !errors.Is(err, fails) {
			t.Error(err)
		}
		fails = nil
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() { want(2) })
		}
		wait.Wait()

		renew := func() {
			t.Helper()
			if err := k.renew(t.Context()); err != nil {
				t.Error(err)
			}
		}
		renew() // it took a second and is good for ten
		want(2)
		time.Sleep(11 * time.Second)
		wait.Go(renew)
		wait.Go(func() { time.Sleep(time.Millisecond); renew() })
		time.Sleep(time.Second / 2)
		want(2) // nobody waits for the reading
		wait.Wait()
		want(3)

		time.Sleep(2 * time.Minute)
		want(4) // too old to be shown
		k.forget()
		want(5)
	})
}
