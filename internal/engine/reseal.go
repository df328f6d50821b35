package engine

import (
	"context"
	"fmt"

	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// Resealing is what sealing everything anew under the first master key came to.
type Resealing struct {
	Secrets, Personal int64 // sealed anew
	Current           int64 // were under the first key already
	// Closed names values that open under none of the keys, at most 20 of them. They
	// stay as they are.
	Closed      []string
	ClosedCount int64
	// Old are values that another process sealed with an older key meanwhile.
	Old int64
}

const (
	// resealBatch is how many values one transaction seals anew.
	resealBatch = 200
	// resealPasses is how often all is looked through: what other processes seal
	// meanwhile is met by the next pass.
	resealPasses = 3
	// maxClosed is how many values that do not open are named.
	maxClosed = 20
)

// Reseal seals all stored secrets, those of the application too, and personal fields under the first master key, in
// small steps beside whatever works; one that is interrupted goes on when it is
// asked for again. progress is told how many values were looked at so far.
func (e *Engine) Reseal(ctx context.Context, progress func(n int64)) (r Resealing, err error) {
	for pass := range resealPasses {
		r.Current, r.ClosedCount, r.Closed, r.Old = 0, 0, nil, 0
		if err := e.resealClientSecrets(ctx, &r); err != nil {
			return r, err
		}
		for _, personal := range []bool{false, true} {
			if err := e.resealTable(ctx, personal, &r, progress); err != nil {
				return r, err
			}
		}
		if r.Old == 0 || pass == resealPasses-1 {
			break
		}
	}
	return r, nil
}

// resealTable seals one table's values anew. What it seals counts as old until a
// pass finds nothing more.
func (e *Engine) resealTable(ctx context.Context, personal bool, r *Resealing, progress func(n int64)) error {
	var after store.Sealed
	for n := int64(0); ; {
		page, err := e.store.SealedAfter(ctx, personal, after, resealBatch)
		if err != nil || len(page) == 0 {
			return err
		}
		var fresh []store.Resealed
		for _, v := range page {
			if e.box.Current(v.Value) {
				r.Current++
				continue
			}
			sealed, err := e.resealed(v)
			if err != nil {
				r.closed(fmt.Sprintf("tenant %s, connection %d, %s", v.Tenant, v.Connection, v.Name))
				continue
			}
			fresh = append(fresh, store.Resealed{Sealed: v, Fresh: sealed})
		}
		if len(fresh) > 0 {
			done, err := e.store.Reseal(ctx, fresh)
			if err != nil {
				return err
			}
			r.Old += int64(len(fresh))
			if personal {
				r.Personal += done
			} else {
				r.Secrets += done
			}
		}
		n += int64(len(page))
		progress(n)
		after = page[len(page)-1]
	}
}

// closed counts a value that does not open.
func (r *Resealing) closed(name string) {
	r.ClosedCount++
	if len(r.Closed) < maxClosed {
		r.Closed = append(r.Closed, name)
	}
}

// resealed opens a value for whoever it is of and seals it anew.
func (e *Engine) resealed(v store.Sealed) ([]byte, error) {
	owners := []secret.Owner{tokenOwner(v.Tenant, v.Connection), noteOwner(v.Tenant, v.Connection)}
	if v.Group != 0 {
		owners = []secret.Owner{personalOwner(v.Tenant, v.Connection, v.Name, v.Group)}
	}
	var err error
	for _, owner := range owners {
		var plain []byte
		if plain, err = e.box.Open(v.Value, owner); err == nil {
			return e.box.Seal(plain, owner)
		}
	}
	return nil, err
}

// MasterKeys is how many master keys there are: the first seals, all open.
func (e *Engine) MasterKeys() int { return e.box.Keys() }

// ResealCanary seals the value that proves the master key under the first key; nil
// when it is already.
func (e *Engine) ResealCanary(used []byte) ([]byte, error) {
	if e.box.Current(used) {
		return nil, nil
	}
	return secret.ResealCanary(e.box, used)
}
