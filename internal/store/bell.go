package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Bell looks at what waits in the queue, in the transaction that makes connections
// due, and returns how to ring in it.
type Bell func(context.Context, *sql.Tx) (Doorbells, error)

// Doorbells are at hand in one transaction.
type Doorbells struct {
	// Room tells how many more may wait of an urgency and lane; nil: any number.
	// The queue must not grow while all workers are busy: who finds no room is not
	// marked as rung, and a tick rings when there is some.
	Room func(u Urgency, slow bool) int
	// Ring rings for those for whom there is room.
	Ring func(context.Context, []Rung) error
}

// OnDue sets the bell. It must be set before work begins.
func (s *Store) OnDue(b Bell) { s.bell = b }

func (t *tx) bells(ctx context.Context) (d Doorbells, err error) {
	if t.bell == nil {
		return d, nil
	}
	if d, err = t.bell(ctx, t.Tx); err != nil {
		return d, fmt.Errorf("look what waits: %w", err)
	}
	return d, nil
}

// ring rings for connections that have become due, as far as there is room, when
// there is a bell.
func (t *tx) ring(ctx context.Context, rung ...Rung) error {
	if t.bell == nil || len(rung) == 0 {
		return nil
	}
	bells, err := t.bells(ctx)
	if err != nil {
		return err
	}
	if bells.Room != nil {
		rung = fitting(rung, bells.Room)
	}
	return t.rings(ctx, bells, rung)
}

// fitting are those for whom there is room.
func fitting(rung []Rung, room func(Urgency, bool) int) (fit []Rung) {
	type place struct {
		urgency Urgency
		slow    bool
	}
	taken := map[place]int{}
	for _, r := range rung {
		p := place{r.Urgency, r.Slow}
		if taken[p] < room(r.Urgency, r.Slow) {
			taken[p]++
			fit = append(fit, r)
		}
	}
	return fit
}

// rings marks connections as rung, and rings where there is a bell.
func (t *tx) rings(ctx context.Context, bells Doorbells, rung []Rung) error {
	if len(rung) == 0 {
		return nil
	}
	args := []any{ms(t.now)}
	for _, r := range rung {
		args = append(args, int64(r.Connection))
	}
	if _, err := t.ExecContext(ctx, `UPDATE connections SET rung_at = $1 WHERE id IN `+t.kind.placeholders(2, len(rung)), args...); err != nil {
		return fmt.Errorf("mark as rung: %w", err)
	}
	if bells.Ring == nil {
		return nil
	}
	return bells.Ring(ctx, rung)
}

// Listener is a pool of at most one connection to Postgres over which doorbells are
// heard at once; nil on SQLite. It connects when it is first used. Who asks for it
// closes it.
func (s *Store) Listener(ctx context.Context) (*pgxpool.Pool, error) {
	if s.kind != postgres {
		return nil, nil
	}
	c, err := pgxpool.ParseConfig(s.listen)
	if err != nil {
		// The text of the error might repeat the URL, and with it a password.
		return nil, errors.New("the database URL cannot be used to listen for doorbells")
	}
	c.MaxConns, c.MinConns = 1, 0
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("prepare to listen for doorbells: %w", err)
	}
	return pool, nil
}

// WaitingJobs is how many jobs of a queue and priority no worker has taken yet.
type WaitingJobs struct {
	Queue       string
	Priority, N int
}

// CountWaiting counts the jobs that wait in River's table, along its index for
// fetching. They are few: a bell rings no more than there is room for.
func CountWaiting(ctx context.Context, t *sql.Tx) (out []WaitingJobs, err error) {
	rows, err := t.QueryContext(ctx, `SELECT queue, priority, COUNT(*) FROM river_job WHERE state = 'available' GROUP BY queue, priority`)
	if err != nil {
		return nil, fmt.Errorf("count waiting jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var w WaitingJobs
		if err := rows.Scan(&w.Queue, &w.Priority, &w.N); err != nil {
			return nil, fmt.Errorf("count waiting jobs: %w", err)
		}
		out = append(out, w)
	}
	return out, rows.Err()
}
