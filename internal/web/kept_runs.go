package web

import (
	"context"
	"sync"

	"ordersync"
	"ordersync/internal/store"
)

// keptRuns keeps what runs came to: of finished ones for good, of others as [kept]
// says.
type keptRuns struct {
	reader *store.Reader

	mu    sync.Mutex
	list  *kept[[]ordersync.Run]
	going map[ordersync.RunID]*kept[store.RunTally]
	done  map[ordersync.RunID]store.RunTally
}

// mostKeptRuns is how many runs are kept.
const mostKeptRuns = 100

// newest are the runs of the first page of the list.
func (k *keptRuns) newest(ctx context.Context) ([]ordersync.Run, error) {
	k.mu.Lock()
	if k.list == nil {
		k.list = keep(func(ctx context.Context) ([]ordersync.Run, error) { return k.page(ctx, "") })
	}
	list := k.list
	k.mu.Unlock()
	return list.fresh(ctx)
}

// page are the runs before one, and one more than a page lists.
func (k *keptRuns) page(ctx context.Context, before ordersync.RunID) ([]ordersync.Run, error) {
	runs, err := k.reader.ListRuns(ctx, store.RunsPage{Before: before, Limit: runsPage + 1})
	for i := range runs {
		if runs[i].State != ordersync.RunFinished {
			t, err := k.get(ctx, runs[i].ID)
			if err != nil {
				return nil, err
			}
			runs[i] = t.Run
		}
	}
	return runs, err
}

// get is what a run came to. The slices in it are shared: nobody writes to them.
func (k *keptRuns) get(ctx context.Context, id ordersync.RunID) (store.RunTally, error) {
	k.mu.Lock()
	if t, ok := k.done[id]; ok {
		k.mu.Unlock()
		return t, nil
	}
	one := k.going[id]
	if one == nil {
		if k.going == nil || len(k.going) >= mostKeptRuns {
			k.going = map[ordersync.RunID]*kept[store.RunTally]{}
		}
		one = keep(func(ctx context.Context) (store.RunTally, error) { return k.reader.RunTally(ctx, id) })
		k.going[id] = one
	}
	k.mu.Unlock()
	t, err := one.fresh(ctx)
	if err != nil || t.State != ordersync.RunFinished {
		return t, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.going, id)
	if k.done == nil || len(k.done) >= mostKeptRuns {
		k.done = map[ordersync.RunID]store.RunTally{}
	}
	k.done[id] = t
	return t, nil
}

// forget has what was read of a run, and of the list, read anew.
func (k *keptRuns) forget(id ordersync.RunID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = nil
	delete(k.going, id)
}
