package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"ordersync"
)

// ConnectionList asks for a page of connections, those whose last success is oldest
// first. What is zero does not choose.
type ConnectionList struct {
	Tenant ordersync.TenantID
	Region ordersync.Region
	State  ordersync.State
	// Reason is that of [ordersync.Connection.Need]: PAUSED, NOT_CONNECTED and
	// TOKEN_REVOKED are of connections that an operator or Amazon holds up, whatever
	// they ended with last.
	Reason ordersync.Reason
	// Working leaves only those that are connected and not paused.
	Working bool
	// Needs leaves only those that a human must see to: by their reason, or for orders
	// set aside.
	Needs bool
	// SetAside leaves only those with orders set aside.
	SetAside bool
	// Prefix is how the tenant's id or the display name begins, in large or small
	// letters.
	Prefix string
	After  StatusMark // where the page before ended
	Limit  int        // 0: 100

	among []any // only those with these ids
}

// ListedConnection is a connection in a list.
type ListedConnection struct {
	ordersync.Connection
	LiveDueAt time.Time // zero: not by itself
	SetAside  int64     // orders
}

// needReason is the reason of [ordersync.Connection.Need]; a row counts only with
// [notDisabled].
const (
	needReason  = `CASE WHEN paused THEN 'PAUSED' WHEN state = 'PENDING' THEN 'NOT_CONNECTED' WHEN state = 'NEEDS_RECONNECT' THEN 'TOKEN_REVOKED' ELSE last_reason END`
	notDisabled = `state <> 'DISABLED'`
)

// setAsideCount is how many orders of a connection are set aside.
const setAsideCount = `(SELECT COUNT(*) FROM set_aside AS a WHERE a.tenant = connections.tenant AND a.connection_id = connections.id)`

// needsHuman tells whether [ordersync.Connection.Need] names anybody, by the table of
// reasons.
var needsHuman = sync.OnceValue(func() string {
	quiet := map[bool][]string{false: {"''"}, true: {"''"}} // nobody acts, by confirmed
	for _, info := range ordersync.Reasons() {
		code := "'" + string(info.Code) + "'"
		if info.Acts == ordersync.Nobody || info.Code == ordersync.TokenRevoked {
			quiet[false] = append(quiet[false], code)
		}
		if info.Acts2 == ordersync.Nobody || info.Code == ordersync.TokenRevoked {
			quiet[true] = append(quiet[true], code)
		}
	}
	return `(` + standsBadly + `) AND (paused OR state <> 'CONNECTED' OR CASE WHEN last_confirmed THEN last_reason NOT IN (` + strings.Join(quiet[true], ", ") +
		`) ELSE last_reason NOT IN (` + strings.Join(quiet[false], ", ") + `) END)`
})

// query is the text and the parameters that read the page. It follows the index
// connections_success, or where only what stands badly is asked for the much shorter
// connections_badly.
func (l ConnectionList) query() (text string, args []any) {
	where := conditions{}
	where.and(`(COALESCE(last_success_at, 0), id) > (%s, %s)`, l.After.Success, int64(l.After.ID))
	if l.Tenant != "" {
		where.and(`tenant = %s`, l.Tenant)
	}
	if l.Region != "" {
		where.and(`region = %s`, l.Region)
	}
	if l.State != "" {
		where.and(`state = %s`, l.State)
	}
	if l.Working {
		where.and(`state = 'CONNECTED' AND NOT paused`)
	}
	if l.Reason != "" {
		where.and(notDisabled+` AND `+needReason+` = %s`, l.Reason)
	}
	switch {
	case l.Needs:
		where.and(notDisabled + ` AND id IN (SELECT id FROM connections WHERE ` + needsHuman() + ` UNION SELECT connection_id FROM set_aside)`)
	case l.Reason != "" && l.Reason != ordersync.Success, l.State == ordersync.Pending, l.State == ordersync.NeedsReconnect:
		where.and(`(` + standsBadly + `)`)
	}
	if l.SetAside {
		where.and(notDisabled + ` AND id IN (SELECT connection_id FROM set_aside)`)
	}
	if l.Prefix != "" {
		where.begins(l.Prefix)
	}
	if l.among != nil {
		marks := strings.TrimSuffix(strings.Repeat("%s, ", len(l.among)), ", ")
		where.and(`id IN (`+marks+`)`, l.among...)
	}
	return `SELECT ` + connectionColumns + `, ` + setAsideCount + ` FROM connections WHERE ` + where.String() +
		fmt.Sprintf(` ORDER BY COALESCE(last_success_at, 0), id LIMIT %d`, l.Limit+1), where.args
}

// ConnectionList reads a page of connections. next is where the following page begins;
// zero after the last.
func (r *Reader) ConnectionList(ctx context.Context, l ConnectionList) (out []ListedConnection, next StatusMark, err error) {
	if l.Limit <= 0 {
		l.Limit = defaultPage
	}
	if l.Prefix != "" && l.Tenant == "" {
		if l.among, err = r.called(ctx, l.Prefix); err != nil || len(l.among) == 0 {
			return nil, next, err
		}
		if len(l.among) > fewNamed {
			l.among = nil // some are met soon, whatever the order
		}
	}
	text, args := l.query()
	rows, err := r.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, next, fmt.Errorf("list connections: %w", err)
	}
	if out, err = scanListed(rows); err != nil {
		return nil, next, fmt.Errorf("list connections: %w", err)
	}
	if len(out) > l.Limit {
		out = out[:l.Limit]
		last := out[len(out)-1]
		next.ID = last.ID
		if !last.LastSuccessAt.IsZero() {
			next.Success = ms(last.LastSuccessAt)
		}
	}
	return out, next, nil
}

// fewNamed is up to how many connections of a name are looked at one by one.
const fewNamed = 500

// begins asks for those whose tenant or name begins with a text. LOWER knows ASCII
// only on SQLite: other letters count as they are written.
func (c *conditions) begins(text string) {
	prefix := likeText.Replace(ordersync.CleanText(text))
	small := strings.ToLower(prefix) + "%"
	c.and(`(LOWER(tenant) LIKE %s ESCAPE '!' OR LOWER(display_name) LIKE %s ESCAPE '!' OR display_name LIKE %s ESCAPE '!')`, small, small, prefix+"%")
}

// called are the ids of connections whose tenant or name begins with a text, more than
// fewNamed for many. It reads no more than indices of names: of SQLite, whose LIKE
// follows no index, one of them whole.
func (r *Reader) called(ctx context.Context, prefix string) (ids []any, err error) {
	where := conditions{}
	where.begins(prefix)
	rows, err := r.db.QueryContext(ctx, fmt.Sprintf(`SELECT id FROM connections WHERE %s LIMIT %d`, where.String(), fewNamed+1), where.args...)
	if err != nil {
		return nil, fmt.Errorf("look for names: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("look for names: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func scanListed(rows *sql.Rows) (out []ListedConnection, err error) {
	defer rows.Close()
	for rows.Next() {
		var one ListedConnection
		c, err := scanConnection(rows, &one.SetAside)
		if err != nil {
			return nil, err
		}
		one.Connection, one.LiveDueAt = c.Connection, c.liveDueAt
		out = append(out, one)
	}
	return out, rows.Err()
}

// ConnectionStatus reads one connection of the tenant with its coverage.
func (t TenantReader) ConnectionStatus(ctx context.Context, id ordersync.ConnectionID) (s ConnectionStatus, err error) {
	var lease int64
	c, err := scanConnection(t.r.db.QueryRowContext(ctx, `SELECT `+statusColumns+` FROM connections WHERE tenant = $1 AND id = $2`, t.tenant, int64(id)),
		&lease, &s.HasRefreshToken, &s.SetAside)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return s, ErrNotFound
	case err != nil:
		return s, fmt.Errorf("read connection: %w", err)
	}
	s.Connection, s.LiveDueAt, s.BackDueAt, s.LeaseUntil = c.Connection, c.liveDueAt, c.backDueAt, msTime(lease)
	s.Coverage, err = t.Coverage(ctx, id)
	return s, err
}
