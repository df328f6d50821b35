package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ordersync"
)

func (t *tx) saveWalk(ctx context.Context, l *Lease, w ordersync.Walk) error {
	_, err := t.ExecContext(ctx, `INSERT INTO walks (tenant, connection_id, kind, purpose, from_at, to_at, cursor_at, width_ms,
			marketplaces, data_groups, page_size, query, token, token_at, started_at, pages, orders, empty_pages, timeouts, unkeyed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (tenant, connection_id, kind) DO UPDATE SET purpose = excluded.purpose, from_at = excluded.from_at,
			to_at = excluded.to_at, cursor_at = excluded.cursor_at, width_ms = excluded.width_ms,
			marketplaces = excluded.marketplaces, data_groups = excluded.data_groups, page_size = excluded.page_size,
			query = excluded.query, token = excluded.token, token_at = excluded.token_at, started_at = excluded.started_at,
			pages = excluded.pages, orders = excluded.orders, empty_pages = excluded.empty_pages,
			timeouts = excluded.timeouts, unkeyed = excluded.unkeyed`,
		l.Connection.Tenant, int64(l.Connection.ID), w.Kind, w.Purpose, ms(w.Window.From), ms(w.Window.To), ms(w.Cursor), millis(w.Width),
		list(w.Marketplaces), int64(w.Groups), w.PageSize, w.Query, w.Token, msOrNull(w.TokenAt), ms(w.StartedAt), w.Pages, w.Orders, w.EmptyPages, w.Timeouts, w.Unkeyed)
	if err != nil {
		return fmt.Errorf("save walk: %w", err)
	}
	return nil
}

// Walk reads the walk of a connection that is under way; nil when there is none.
func (s *Store) Walk(ctx context.Context, l *Lease, kind ordersync.WalkKind) (*ordersync.Walk, error) {
	w := ordersync.Walk{Kind: kind}
	var from, to, cursor, width, groups, started int64
	var tokenAt sql.NullInt64
	var marketplaces string
	err := s.db.QueryRowContext(ctx, `SELECT purpose, from_at, to_at, cursor_at, width_ms, marketplaces, data_groups, page_size,
			query, token, token_at, started_at, pages, orders, empty_pages, timeouts, unkeyed
		FROM walks WHERE tenant = $1 AND connection_id = $2 AND kind = $3`, l.Connection.Tenant, int64(l.Connection.ID), kind).
		Scan(&w.Purpose, &from, &to, &cursor, &width, &marketplaces, &groups, &w.PageSize,
			&w.Query, &w.Token, &tokenAt, &started, &w.Pages, &w.Orders, &w.EmptyPages, &w.Timeouts, &w.Unkeyed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read walk: %w", err)
	}
	w.Window = ordersync.Window{From: time.UnixMilli(from).UTC(), To: time.UnixMilli(to).UTC()}
	w.Cursor, w.StartedAt, w.TokenAt = time.UnixMilli(cursor).UTC(), time.UnixMilli(started).UTC(), at(tokenAt)
	w.Width, w.Groups, w.Marketplaces = time.Duration(width)*time.Millisecond, ordersync.Groups(groups), split(marketplaces)
	return &w, nil
}

// dropWalk forgets a walk and what it has seen.
func (t *tx) dropWalk(ctx context.Context, l *Lease, kind ordersync.WalkKind) error {
	for _, table := range []string{"walks", "walk_pages"} {
		if _, err := t.ExecContext(ctx, `DELETE FROM `+table+` WHERE tenant = $1 AND connection_id = $2 AND kind = $3`,
			l.Connection.Tenant, int64(l.Connection.ID), kind); err != nil {
			return fmt.Errorf("drop walk: %w", err)
		}
	}
	return nil
}

// Seen is what a page leaves behind, so that a walk that goes in circles is
// found: hashes of the token that it gave and of its content, 0 for none.
type Seen struct{ Token, Digest uint64 }

// Met tells whether the walk has met the token or the digest before.
func (s *Store) Met(ctx context.Context, l *Lease, kind ordersync.WalkKind, v Seen) (bool, error) {
	var met int
	err := s.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM walk_pages WHERE tenant = $1 AND connection_id = $2 AND kind = $3
		AND ((token_hash = $4 AND token_hash <> 0) OR (digest = $5 AND digest <> 0))`,
		l.Connection.Tenant, int64(l.Connection.ID), kind, int64(v.Token), int64(v.Digest)).Scan(&met)
	if err != nil {
		return false, fmt.Errorf("look for circles: %w", err)
	}
	return met > 0, nil
}

func (t *tx) remember(ctx context.Context, l *Lease, w ordersync.Walk, v Seen) error {
	_, err := t.ExecContext(ctx, `INSERT INTO walk_pages (tenant, connection_id, kind, page, token_hash, digest) VALUES ($1, $2, $3, $4, $5, $6)`,
		l.Connection.Tenant, int64(l.Connection.ID), w.Kind, w.Pages, int64(v.Token), int64(v.Digest))
	if err != nil {
		return fmt.Errorf("remember page: %w", err)
	}
	return nil
}
