package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"ordersync"
)

// tx is one open transaction. now is fixed for its whole length; sure tells
// whether other processes' leases may be judged by it.
type tx struct {
	*sql.Tx
	kind dialect
	now  time.Time
	sure bool
	bell Bell
}

const (
	// txTimeout bounds a transaction, and a read outside of one, the wait for a
	// connection included.
	txTimeout = 30 * time.Second
	// txTries is how often a transaction is tried that the database undid.
	txTries = 5
)

// inTx runs fn in one transaction and repeats it when the database undid it for
// the sake of another. fn must have no effect outside the transaction.
func (s *Store) inTx(ctx context.Context, what string, fn func(context.Context, *tx) error) (err error) {
	ctx, end := s.watch.transaction(ctx, what)
	defer func() { end(err) }()
	for try := 1; ; try++ {
		err := s.once(ctx, fn)
		if err == nil {
			return nil
		}
		if try == txTries || !retryable(err) || ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

// once runs fn in one transaction.
func (s *Store) once(ctx context.Context, fn func(context.Context, *tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, txTimeout)
	defer cancel()
	s.clock.keep(ctx)
	t, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := fn(ctx, &tx{t, s.kind, s.Now(), s.clock.sure(), s.bell}); err != nil {
		if back := t.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			return errors.Join(err, fmt.Errorf("roll back: %w", back))
		}
		return err
	}
	if err := t.Commit(); err != nil {
		return &commitError{err}
	}
	return nil
}

// commitError is an error of COMMIT itself: whether the transaction counts is
// not known.
type commitError struct{ err error }

func (e *commitError) Error() string { return "commit: " + e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }

// isCommit tells whether an error is of COMMIT itself.
func isCommit(err error) bool {
	var commit *commitError
	return errors.As(err, &commit)
}

// exec runs one statement and tells how many rows it touched.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// maxParameters is how many parameters one statement may have on both
// databases; SQLite's limit of 32,766 is the lower one.
const maxParameters = 30_000

// insertRows inserts rows of equal width by few statements. head is
// "INSERT INTO t (a, b) VALUES ", tail what follows the rows.
func (t *tx) insertRows(ctx context.Context, head string, width int, rows [][]any, tail string) error {
	for len(rows) > 0 {
		n := min(len(rows), maxParameters/width)
		var text strings.Builder
		text.WriteString(head)
		args := make([]any, 0, n*width)
		for i, row := range rows[:n] {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(t.kind.placeholders(len(args)+1, width))
			args = append(args, row...)
		}
		text.WriteString(tail)
		if _, err := t.ExecContext(ctx, text.String(), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// ms is a time as it is stored.
func ms(t time.Time) int64 { return t.UnixMilli() }

// msOrNull is a time as it is stored; the zero time is NULL.
func msOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// msTime is a stored time.
func msTime(v int64) time.Time { return time.UnixMilli(v).UTC() }

// at is a stored time; NULL is the zero time.
func at(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMilli(v.Int64).UTC()
}

// millis is a stored duration.
func millis(d time.Duration) int64 { return d.Milliseconds() }

// money is an amount as it is stored, in two columns.
func money(m *ordersync.Money) (amount, currency any) {
	if m == nil {
		return nil, nil
	}
	return m.Amount, m.Currency
}

// moneyOf reads what money stored.
func moneyOf(amount, currency sql.NullString) *ordersync.Money {
	if !amount.Valid {
		return nil
	}
	return &ordersync.Money{Amount: amount.String, Currency: currency.String}
}

// list and its counterpart split store a sorted set of ids in one column.
func list(ids []string) string { return strings.Join(ids, ",") }

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
