package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"ordersync"
)

// TrafficMinute is what all processes did in one minute. It serves charts and decides
// nothing: a process that is killed takes its last seconds with it.
type TrafficMinute struct {
	At        time.Time // its beginning, UTC
	Calls     int64     // requests to Amazon's API; those for access tokens cost no budget and do not count
	Searches  int64     // of the calls, searchOrders: what [Reader.Ceiling] bounds
	Throttled int64     // of the calls, answered 429
	// Received are orders that Amazon sent, by live and back work; Created and
	// Changed those that were written, SetAside those that could not be.
	Received, Created, Changed, SetAside int64
	// Outcomes is how live work ended, by reason; nil: none did.
	Outcomes map[ordersync.Reason]int64
}

// TrafficKept is how long the minutes are kept.
const TrafficKept = 7 * day

// Minute is the beginning of the minute in which t lies.
func Minute(t time.Time) time.Time { return t.UTC().Truncate(time.Minute) }

// AddTraffic adds one process's counts to the minutes of all. Minutes and reasons are
// written in order, so that processes wait for each other and never in a circle.
func (s *Store) AddTraffic(ctx context.Context, minutes []TrafficMinute) error {
	if len(minutes) == 0 {
		return nil
	}
	minutes = slices.SortedFunc(slices.Values(minutes), func(a, b TrafficMinute) int { return a.At.Compare(b.At) })
	return s.inTx(ctx, "add traffic", func(ctx context.Context, t *tx) error {
		for _, m := range minutes {
			if err := t.addMinute(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) addMinute(ctx context.Context, m TrafficMinute) error {
	minute := ms(Minute(m.At))
	_, err := t.ExecContext(ctx, `INSERT INTO traffic (minute_at, calls, searches, throttled, received, created, changed, set_aside)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (minute_at) DO UPDATE SET
			calls = traffic.calls + excluded.calls, searches = traffic.searches + excluded.searches, throttled = traffic.throttled + excluded.throttled,
			received = traffic.received + excluded.received, created = traffic.created + excluded.created,
			changed = traffic.changed + excluded.changed, set_aside = traffic.set_aside + excluded.set_aside`,
		minute, m.Calls, m.Searches, m.Throttled, m.Received, m.Created, m.Changed, m.SetAside)
	if err != nil {
		return err
	}
	for _, reason := range slices.Sorted(maps.Keys(m.Outcomes)) {
		_, err := t.ExecContext(ctx, `INSERT INTO traffic_outcomes (minute_at, reason, n) VALUES ($1, $2, $3)
			ON CONFLICT (minute_at, reason) DO UPDATE SET n = traffic_outcomes.n + excluded.n`, minute, reason, m.Outcomes[reason])
		if err != nil {
			return err
		}
	}
	return nil
}

// Traffic reads the minutes that begin from from, or the minute in which it lies, and
// before to, in order. A minute in which nothing happened is left out.
func (r *Reader) Traffic(ctx context.Context, from, to time.Time) (out []TrafficMinute, err error) {
	rows, err := r.db.QueryContext(ctx, `SELECT t.minute_at, t.calls, t.searches, t.throttled, t.received, t.created, t.changed, t.set_aside,
			COALESCE(o.reason, ''), COALESCE(o.n, 0)
		FROM traffic t LEFT JOIN traffic_outcomes o ON o.minute_at = t.minute_at
		WHERE t.minute_at >= $1 AND t.minute_at < $2 ORDER BY t.minute_at, o.reason`, ms(Minute(from)), ms(to))
	if err != nil {
		return nil, fmt.Errorf("read traffic: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var m TrafficMinute
		var minute, n int64
		var reason ordersync.Reason
		if err := rows.Scan(&minute, &m.Calls, &m.Searches, &m.Throttled, &m.Received, &m.Created, &m.Changed, &m.SetAside, &reason, &n); err != nil {
			return nil, fmt.Errorf("read traffic: %w", err)
		}
		m.At = msTime(minute)
		if len(out) == 0 || !out[len(out)-1].At.Equal(m.At) {
			out = append(out, m)
		}
		if last := &out[len(out)-1]; reason != "" {
			if last.Outcomes == nil {
				last.Outcomes = map[ordersync.Reason]int64{}
			}
			last.Outcomes[reason] = n
		}
	}
	return out, rows.Err()
}

// ceilingQuery adds up the budgets of those who may be called. A budget stands for a
// connection while nobody knows its seller; see [SellerKey].
const ceilingQuery = `SELECT COALESCE(SUM(rate), 0) * 60 FROM budgets b WHERE b.operation = $1 AND (EXISTS (SELECT 1 FROM connections c
		WHERE c.seller_id = b.seller AND c.region = b.region AND c.state = 'CONNECTED' AND NOT c.paused)
	OR b.seller LIKE 'connection:%' AND EXISTS (SELECT 1 FROM connections c
		WHERE c.id = CASE WHEN b.seller LIKE 'connection:%' THEN CAST(SUBSTR(b.seller, 12) AS BIGINT) END
			AND c.seller_id = '' AND c.state = 'CONNECTED' AND NOT c.paused))`

// Ceiling is how many calls of searchOrders a minute Amazon's budgets permit in the
// long run: their rates in force, of the sellers that are connected and not paused
// and were called before. A seller that several tenants have counts once.
func (r *Reader) Ceiling(ctx context.Context) (callsPerMinute float64, err error) {
	err = r.db.QueryRowContext(ctx, ceilingQuery, ordersync.SearchOrders).Scan(&callsPerMinute)
	if err != nil {
		return 0, fmt.Errorf("add up the budgets: %w", err)
	}
	return callsPerMinute, nil
}

// purgeTraffic deletes minutes that are past their time.
func (s *Store) purgeTraffic(ctx context.Context, p *Purged) error {
	return s.inTx(ctx, "purge traffic", func(ctx context.Context, t *tx) error {
		before := ms(t.now.Add(-TrafficKept))
		n, err := t.exec(ctx, `DELETE FROM traffic WHERE minute_at IN (SELECT minute_at FROM traffic WHERE minute_at < $1 ORDER BY minute_at LIMIT $2)`, before, purgeRows)
		if err != nil {
			return err
		}
		p.Traffic, p.More = n, p.More || n == purgeRows
		_, err = t.exec(ctx, `DELETE FROM traffic_outcomes WHERE minute_at < $1 AND NOT EXISTS (SELECT 1 FROM traffic t WHERE t.minute_at = traffic_outcomes.minute_at)`, before)
		return err
	})
}
