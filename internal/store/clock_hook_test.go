package store

import (
	"context"
	"time"
)

// CorrectBy gives the store's clock another one to be corrected by, and measures
// it for the first time.
func (s *Store) CorrectBy(ctx context.Context, ask func(context.Context) (time.Time, error)) error {
	s.clock.ask = ask
	s.clock.keep(ctx)
	return ctx.Err()
}

// Now is the reader's clock.
func (r *Reader) Now() time.Time { return r.now() }
