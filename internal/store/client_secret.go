package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ClientSecret is one client secret of an application as it is kept.
type ClientSecret struct {
	Digest       []byte    // keyed: tells it from others
	Sealed       []byte    // nil: it is set from outside, and not kept
	SeenAt       time.Time // when it came, or was first seen
	EndsAt       time.Time // zero: nobody has told
	PreviousEnds time.Time // of the one that it took the place of; zero: nobody has told
}

// ClientSecrets is what is known of an application's client secrets.
type ClientSecrets struct {
	// Stored are those that came by rotation, the one that ends last first: at most
	// two, since Amazon takes no others.
	Stored []ClientSecret
	// Set is the one that was set from outside last, or that came by rotation and has
	// lost its place since; its SeenAt is zero when there is none.
	Set ClientSecret

	NoticedAt  time.Time // when Amazon last said that a secret ends; zero: never
	NoticeEnds time.Time // and when it does
	AskedAt    time.Time // when a new one was last asked for; zero: never
}

const (
	// storedSecrets is how many secrets that came by rotation are kept.
	storedSecrets = 2
	// setSecrets is how many that were set from outside are remembered.
	setSecrets = 10
)

// ClientSecrets reads what is known of an application's client secrets.
func (r *Reader) ClientSecrets(ctx context.Context, clientID string) (out ClientSecrets, err error) {
	all, err := clientSecrets(ctx, r.db, clientID)
	if err != nil {
		return out, fmt.Errorf("read client secrets: %w", err)
	}
	for _, c := range all {
		switch {
		case c.Sealed != nil:
			out.Stored = append(out.Stored, c)
		case c.SeenAt.After(out.Set.SeenAt):
			out.Set = c
		}
	}
	var noticed, ends, asked sql.NullInt64
	err = r.db.QueryRowContext(ctx, `SELECT secret_noticed_at, secret_ends_at, rotation_asked_at FROM applications WHERE client_id = $1`, clientID).Scan(&noticed, &ends, &asked)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return out, fmt.Errorf("read application: %w", err)
	}
	out.NoticedAt, out.NoticeEnds, out.AskedAt = at(noticed), at(ends), at(asked)
	return out, nil
}

// clientSecrets lists an application's secrets, those that end last first, then the
// others, the last seen first.
func clientSecrets(ctx context.Context, q querier, clientID string) (out []ClientSecret, err error) {
	rows, err := q.QueryContext(ctx, `SELECT digest, sealed, seen_at, ends_at, previous_ends_at FROM client_secrets WHERE client_id = $1
		ORDER BY sealed IS NULL, ends_at DESC, seen_at DESC, digest`, clientID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c ClientSecret
		var seen int64
		var ends, previous sql.NullInt64
		if err := rows.Scan(&c.Digest, &c.Sealed, &seen, &ends, &previous); err != nil {
			return nil, err
		}
		c.SeenAt, c.EndsAt, c.PreviousEnds = msTime(seen), at(ends), at(previous)
		out = append(out, c)
	}
	return out, rows.Err()
}

// SaveClientSecret keeps a secret that came by rotation and tells whether it is the
// one that ends last. Of what is kept two stay: one that ends before both is not
// kept. The same secret again changes nothing.
func (s *Store) SaveClientSecret(ctx context.Context, clientID string, c ClientSecret) (newest bool, err error) {
	err = s.inTx(ctx, "save client secret", func(ctx context.Context, t *tx) error {
		// An application's secrets are saved one after the other.
		if _, err := t.ExecContext(ctx, `INSERT INTO applications (client_id) VALUES ($1) ON CONFLICT (client_id) DO UPDATE SET client_id = excluded.client_id`, clientID); err != nil {
			return err
		}
		// One that was set from outside before it came is known by now; its end is new.
		if _, err := t.ExecContext(ctx, `INSERT INTO client_secrets (client_id, digest, sealed, seen_at, ends_at, previous_ends_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (client_id, digest) DO UPDATE SET sealed = excluded.sealed, ends_at = excluded.ends_at, previous_ends_at = excluded.previous_ends_at
			WHERE client_secrets.sealed IS NULL`,
			clientID, c.Digest, c.Sealed, ms(t.now), ms(c.EndsAt), msOrNull(c.PreviousEnds)); err != nil {
			return err
		}
		all, err := clientSecrets(ctx, t, clientID)
		if err != nil {
			return err
		}
		newest = bytes.Equal(all[0].Digest, c.Digest)
		for n, one := range all {
			if n < storedSecrets || one.Sealed == nil {
				continue
			}
			if bytes.Equal(one.Digest, c.Digest) && one.SeenAt.Equal(t.now) { // it was never known
				_, err = t.ExecContext(ctx, `DELETE FROM client_secrets WHERE client_id = $1 AND digest = $2`, clientID, one.Digest)
			} else { // it may be set from outside, and is not newer there than the newest
				seen := one.SeenAt
				if seen.After(all[0].SeenAt) {
					seen = all[0].SeenAt
				}
				_, err = t.ExecContext(ctx, `UPDATE client_secrets SET sealed = NULL, ends_at = NULL, previous_ends_at = NULL, seen_at = $3 WHERE client_id = $1 AND digest = $2`, clientID, one.Digest, ms(seen))
			}
			if err != nil {
				return err
			}
		}
		return forgetSet(ctx, t, clientID)
	})
	return newest && err == nil, err
}

// SawClientSecret notes that a secret is set from outside, unless that is known.
func (s *Store) SawClientSecret(ctx context.Context, clientID string, digest []byte) error {
	var known bool
	err := s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM client_secrets WHERE client_id = $1 AND digest = $2)`, clientID, digest).Scan(&known)
	if err != nil {
		return fmt.Errorf("read client secrets: %w", err)
	}
	if known {
		return nil
	}
	return s.inTx(ctx, "note client secret", func(ctx context.Context, t *tx) error {
		if _, err := t.ExecContext(ctx, `INSERT INTO client_secrets (client_id, digest, seen_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, clientID, digest, ms(t.now)); err != nil {
			return err
		}
		return forgetSet(ctx, t, clientID)
	})
}

// forgetSet keeps in mind only so many of the secrets that are set from outside, those
// that were seen last.
func forgetSet(ctx context.Context, t *tx, clientID string) error {
	_, err := t.ExecContext(ctx, `DELETE FROM client_secrets WHERE client_id = $1 AND sealed IS NULL AND digest NOT IN
		(SELECT digest FROM client_secrets WHERE client_id = $1 AND sealed IS NULL ORDER BY seen_at DESC, digest LIMIT $2)`, clientID, setSecrets)
	return err
}

// NoteSecretEnd keeps what Amazon said at a time of the end of the secret of then.
// An older word does not replace a newer one.
func (s *Store) NoteSecretEnd(ctx context.Context, clientID string, said, ends time.Time) error {
	return s.inTx(ctx, "note the client secret's end", func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `INSERT INTO applications (client_id, secret_noticed_at, secret_ends_at) VALUES ($1, $2, $3)
			ON CONFLICT (client_id) DO UPDATE SET secret_noticed_at = excluded.secret_noticed_at, secret_ends_at = excluded.secret_ends_at
			WHERE applications.secret_noticed_at IS NULL OR applications.secret_noticed_at < excluded.secret_noticed_at`,
			clientID, ms(said), ms(ends))
		return err
	})
}

// AskRotation takes it upon the caller to ask for a new secret: false when somebody
// has within rest; a time further ahead than that is a clock's that was set back. asked
// is when that was.
func (s *Store) AskRotation(ctx context.Context, clientID string, rest time.Duration) (asked time.Time, ok bool, err error) {
	err = s.inTx(ctx, "begin rotation", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO applications (client_id, rotation_asked_at) VALUES ($1, $2)
			ON CONFLICT (client_id) DO UPDATE SET rotation_asked_at = excluded.rotation_asked_at
			WHERE applications.rotation_asked_at IS NULL OR applications.rotation_asked_at <= $3 OR applications.rotation_asked_at >= $4`,
			clientID, ms(t.now), ms(t.now.Add(-rest)), ms(t.now.Add(rest)))
		if ok = n > 0; err != nil {
			return err
		}
		var at int64
		if err := t.QueryRowContext(ctx, `SELECT rotation_asked_at FROM applications WHERE client_id = $1`, clientID).Scan(&at); err != nil {
			return err
		}
		asked = msTime(at)
		return nil
	})
	return asked, ok && err == nil, err
}

// DropRotation takes back that a new secret was asked for at a time, since Amazon
// did not do it.
func (s *Store) DropRotation(ctx context.Context, clientID string, asked time.Time) error {
	return s.inTx(ctx, "drop rotation", func(ctx context.Context, t *tx) error {
		_, err := t.ExecContext(ctx, `UPDATE applications SET rotation_asked_at = NULL WHERE client_id = $1 AND rotation_asked_at = $2`, clientID, ms(asked))
		return err
	})
}

// TakeSecretWarning tells whether it is time again to tell the log of the secret's
// end: once in each span, by one process.
func (s *Store) TakeSecretWarning(ctx context.Context, clientID string, every time.Duration) (ok bool, err error) {
	err = s.inTx(ctx, "note warning", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO applications (client_id, secret_warned_at) VALUES ($1, $2)
			ON CONFLICT (client_id) DO UPDATE SET secret_warned_at = excluded.secret_warned_at
			WHERE applications.secret_warned_at IS NULL OR applications.secret_warned_at <= $3 OR applications.secret_warned_at > $2`,
			clientID, ms(t.now), ms(t.now.Add(-every)))
		ok = n > 0
		return err
	})
	return ok && err == nil, err
}

// SealedSecret is a stored client secret, and of which application.
type SealedSecret struct {
	ClientID string
	ClientSecret
}

// SealedSecrets lists the stored client secrets of every application.
func (s *Store) SealedSecrets(ctx context.Context) (out []SealedSecret, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT client_id, digest, sealed FROM client_secrets WHERE sealed IS NOT NULL ORDER BY client_id, digest`)
	if err != nil {
		return nil, fmt.Errorf("read client secrets: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var one SealedSecret
		if err := rows.Scan(&one.ClientID, &one.Digest, &one.Sealed); err != nil {
			return nil, fmt.Errorf("read client secrets: %w", err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// ResealClientSecret puts fresh in the place of a stored client secret, where that
// still lies there.
func (s *Store) ResealClientSecret(ctx context.Context, used SealedSecret, fresh []byte) (replaced bool, err error) {
	err = s.inTx(ctx, "seal client secret anew", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE client_secrets SET sealed = $4 WHERE client_id = $1 AND digest = $2 AND sealed = $3`, used.ClientID, used.Digest, used.Sealed, fresh)
		replaced = n > 0
		return err
	})
	return replaced && err == nil, err
}
