package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ordersync"
)

// Application is how the application stands with Amazon. While its credentials
// are refused the whole fleet stands still, and one connection a minute tries.
type Application struct {
	StoppedAt time.Time // zero: it works
	Cause     string
	Probe     ordersync.ConnectionID // may try although it is stopped
	Suspect   ordersync.ConnectionID // has seen the client secret refused, alone so far
}

// Stopped tells whether the fleet stands still.
func (a Application) Stopped() bool { return !a.StoppedAt.IsZero() }

// probeEvery is how often one connection tries whether the credentials work.
const probeEvery = time.Minute

// Application reads how an application stands.
func (r *Reader) Application(ctx context.Context, clientID string) (a Application, err error) {
	var stopped, probe, suspect sql.NullInt64
	err = r.db.QueryRowContext(ctx, `SELECT stopped_at, cause, probe, suspect FROM applications WHERE client_id = $1`, clientID).Scan(&stopped, &a.Cause, &probe, &suspect)
	if errors.Is(err, sql.ErrNoRows) {
		return a, nil
	}
	a.StoppedAt, a.Probe, a.Suspect = at(stopped), ordersync.ConnectionID(probe.Int64), ordersync.ConnectionID(suspect.Int64)
	return a, err
}

// StopApplication stops the fleet; the cause is for people.
func (s *Store) StopApplication(ctx context.Context, clientID, cause string) error {
	return s.inTx(ctx, "stop application", func(ctx context.Context, t *tx) error {
		return t.stopApplication(ctx, clientID, cause)
	})
}

func (t *tx) stopApplication(ctx context.Context, clientID, cause string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO applications (client_id, stopped_at, cause, probe_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (client_id) DO UPDATE SET
			probe_at = CASE WHEN applications.stopped_at IS NULL THEN excluded.probe_at ELSE applications.probe_at END,
			cause = CASE WHEN applications.stopped_at IS NULL THEN excluded.cause ELSE applications.cause END,
			stopped_at = COALESCE(applications.stopped_at, excluded.stopped_at)`,
		clientID, ms(t.now), cause, ms(t.now.Add(probeEvery)))
	return err
}

// suspicionLasts is how long a suspicion waits for another connection to share it.
const suspicionLasts = time.Hour

// SuspectApplication notes that a connection saw the client secret refused. It
// stops the fleet when another connection has seen it too within the hour, or when
// there is no other that could.
func (s *Store) SuspectApplication(ctx context.Context, clientID string, id ordersync.ConnectionID, cause string) (stopped bool, err error) {
	err = s.inTx(ctx, "suspect application", func(ctx context.Context, t *tx) error {
		stopped = false
		var suspect sql.NullInt64
		var others int
		const stands = `applications.suspect <> excluded.suspect AND applications.suspect_at > $4`
		if _, err := t.ExecContext(ctx, `INSERT INTO applications (client_id, suspect, suspect_at) VALUES ($1, $2, $3)
			ON CONFLICT (client_id) DO UPDATE SET suspect = CASE WHEN `+stands+` THEN applications.suspect ELSE excluded.suspect END,
				suspect_at = CASE WHEN `+stands+` THEN applications.suspect_at ELSE excluded.suspect_at END`,
			clientID, int64(id), ms(t.now), ms(t.now.Add(-suspicionLasts))); err != nil {
			return err
		}
		if err := t.QueryRowContext(ctx, `SELECT suspect FROM applications WHERE client_id = $1`, clientID).Scan(&suspect); err != nil {
			return err
		}
		if err := t.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM connections WHERE id <> $1 AND NOT paused AND state = 'CONNECTED' LIMIT 1) AS o`, int64(id)).Scan(&others); err != nil {
			return err
		}
		if suspect.Int64 == int64(id) && others > 0 {
			return nil
		}
		stopped = true
		return t.stopApplication(ctx, clientID, cause)
	})
	return stopped, err
}

// ResumeApplication lets the fleet work again, or drops a suspicion: that which
// was seen before Amazon accepted the credentials. A stop that came since, and
// another connection's suspicion, stay.
func (s *Store) ResumeApplication(ctx context.Context, clientID string, seen Application) error {
	return s.inTx(ctx, "resume application", func(ctx context.Context, t *tx) error {
		condition, of := `stopped_at = $2`, msOrNull(seen.StoppedAt)
		if !seen.Stopped() {
			condition, of = `stopped_at IS NULL AND suspect = $2`, int64(seen.Suspect)
		}
		n, err := t.exec(ctx, `UPDATE applications SET stopped_at = NULL, probe = NULL, probe_at = NULL, suspect = NULL, suspect_at = NULL, cause = ''
			WHERE client_id = $1 AND `+condition, clientID, of)
		if err != nil || n == 0 || !seen.Stopped() {
			return err
		}
		// What the suspect met was the application's: it goes on with all others,
		// and not after the backoff into which it was sent.
		_, err = t.exec(ctx, `UPDATE connections SET live_due_at = $2 WHERE id = $1 AND live_due_at > $2 AND last_reason = 'ACCESS_DENIED'`,
			int64(seen.Suspect), ms(t.now))
		return err
	})
}

// Probe picks, once a minute while the fleet stands still, the connection that
// may try whether the credentials work, and rings for it; false when it is not yet
// time or there is none. They take turns, those first that have worked: one that
// hangs or is denied for reasons of its own must not keep all others waiting.
func (s *Store) Probe(ctx context.Context, clientID string) (id ordersync.ConnectionID, ok bool, err error) {
	err = s.inTx(ctx, "choose probe", func(ctx context.Context, t *tx) error {
		id, ok = 0, false
		n, err := t.exec(ctx, `UPDATE applications SET probe_at = $2, probe_open = TRUE, probe = (SELECT id FROM connections WHERE lease_until <= $3 AND NOT paused
				AND state IN ('CONNECTED', 'NEEDS_RECONNECT')
				ORDER BY state, last_success_at IS NULL, id <= COALESCE(applications.probe, 0), id LIMIT 1)
			WHERE client_id = $1 AND stopped_at IS NOT NULL AND probe_at <= $3`, clientID, ms(t.now.Add(probeEvery)), ms(t.now))
		if err != nil || n == 0 {
			return err
		}
		var probe sql.NullInt64
		if err := t.QueryRowContext(ctx, `SELECT probe FROM applications WHERE client_id = $1`, clientID).Scan(&probe); err != nil || !probe.Valid {
			return err
		}
		id, ok = ordersync.ConnectionID(probe.Int64), true
		var slow bool
		if err := t.QueryRowContext(ctx, `UPDATE connections SET live_due_at = CASE WHEN live_due_at < $2 THEN live_due_at ELSE $2 END
			WHERE id = $1 RETURNING slow`, probe.Int64, ms(t.now)).Scan(&slow); err != nil {
			return err
		}
		return t.ring(ctx, Rung{Connection: id, Urgency: Due, Slow: slow})
	})
	return id, ok, err
}

// TakeProbe tells whether a connection was chosen to try and has not tried yet,
// and lets it try this once: what else makes it due, a run or an operator, must not
// let it ask Amazon more often.
func (s *Store) TakeProbe(ctx context.Context, clientID string, id ordersync.ConnectionID) (ok bool, err error) {
	err = s.inTx(ctx, "take probe", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE applications SET probe_open = FALSE WHERE client_id = $1 AND probe = $2 AND probe_open AND stopped_at IS NOT NULL`,
			clientID, int64(id))
		ok = n > 0
		return err
	})
	return ok, err
}

// SettleStopped settles every open target while the fleet stands still.
func (s *Store) SettleStopped(ctx context.Context) error {
	return s.inTx(ctx, "settle while stopped", func(ctx context.Context, t *tx) error {
		_, err := t.settleWhere(ctx, `settled_at IS NULL AND run_id IN (SELECT id FROM runs WHERE state <> 'finished')`, nil,
			ordersync.Outcome{Reason: ordersync.AppCredentialsInvalid, Confirmed: true})
		if err != nil {
			return fmt.Errorf("settle targets: %w", err)
		}
		return nil
	})
}
