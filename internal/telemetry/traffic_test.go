package telemetry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
	"ordersync/internal/telemetry"
)

// kept takes what is flushed, or refuses it.
type kept struct {
	minutes []store.TrafficMinute
	writes  int
	refusal error
}

func (k *kept) add(_ context.Context, minutes []store.TrafficMinute) error {
	if k.refusal == nil {
		k.minutes = append(k.minutes, minutes...)
	}
	k.writes++
	return k.refusal
}

func TestTrafficIsFlushedEveryTenSecondsAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := store.Minute(time.Now())
		traffic, database := telemetry.NewTraffic(time.Now), new(kept)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			traffic.Run(ctx, database.add, func(err error) { t.Log(err) })
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		if database.writes != 0 {
			t.Errorf("%d writes although nothing happened", database.writes)
		}
		// The counts' lock carries what is set here over to who flushes.
		database.refusal = errors.New("away")
		traffic.Sent(ordersync.SearchOrders, spapi.Sent{Status: 200})
		traffic.Sent(ordersync.GetOrder, spapi.Sent{Status: 429})
		traffic.Sent(spapi.TokenOperation, spapi.Sent{Status: 429})
		traffic.Sent(spapi.RotateSecret, spapi.Sent{Status: 429})
		traffic.Committed(store.Commit{}, ordersync.Counts{})
		traffic.Committed(store.Commit{}, ordersync.Counts{OrdersReceived: 5, OrdersCreated: 2, OrdersChanged: 1, SetAside: 1})
		traffic.Committed(store.Commit{Settle: &store.Settle{Outcome: ordersync.Outcome{Reason: ordersync.CatchingUp}}}, ordersync.Counts{})
		time.Sleep(telemetry.FlushEvery + time.Millisecond)
		synctest.Wait()
		if database.writes != 1 || database.minutes != nil {
			t.Errorf("%d writes, kept %v", database.writes, database.minutes)
		}
		database.refusal = nil
		traffic.Sent(ordersync.SearchOrders, spapi.Sent{Kind: spapi.TimedOut})
		stop()
		<-done
		want := []store.TrafficMinute{{
			At: start.Add(time.Hour), Calls: 3, Searches: 2, Throttled: 1, Received: 5, Created: 2, Changed: 1, SetAside: 1,
			Outcomes: map[ordersync.Reason]int64{ordersync.CatchingUp: 1},
		}}
		if diff := cmp.Diff(want, database.minutes); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
	})
}
