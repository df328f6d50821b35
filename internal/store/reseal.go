package store

import (
	"context"
	"fmt"

	"ordersync"
)

// Sealed is a value that is stored sealed, and whose it is: a secret of a
// connection, or with Group the personal fields of an order.
type Sealed struct {
	Tenant     ordersync.TenantID
	Connection ordersync.ConnectionID
	Name       string // of the secret, or the order's id
	Group      ordersync.Groups
	Value      []byte
}

// sealedTables are where sealed values lie. A page of one is read behind ($1, $2, $3,
// $4) in the order of its key.
var sealedTables = map[bool]struct{ page, update string }{
	false: {
		`SELECT tenant, connection_id, name, 0, sealed FROM secrets WHERE (tenant, connection_id, name) > ($1, $2, $3) AND $4 = 0
			ORDER BY tenant, connection_id, name LIMIT $5`,
		`UPDATE secrets SET sealed = $5 WHERE tenant = $1 AND connection_id = $2 AND name = $3 AND $4 = 0 AND sealed = $6`,
	},
	true: {
		`SELECT tenant, connection_id, order_id, data_group, sealed FROM order_personal WHERE (tenant, connection_id, order_id, data_group) > ($1, $2, $3, $4)
			ORDER BY tenant, connection_id, order_id, data_group LIMIT $5`,
		`UPDATE order_personal SET sealed = $5 WHERE tenant = $1 AND connection_id = $2 AND order_id = $3 AND data_group = $4 AND sealed = $6`,
	},
}

// SealedAfter lists sealed values behind one of them, at most limit: personal
// fields, or else secrets. The zero value is before the first.
func (s *Store) SealedAfter(ctx context.Context, personal bool, after Sealed, limit int) (out []Sealed, err error) {
	rows, err := s.db.QueryContext(ctx, sealedTables[personal].page, after.Tenant, int64(after.Connection), after.Name, int64(after.Group), limit)
	if err != nil {
		return nil, fmt.Errorf("read sealed values: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var v Sealed
		var connection, group int64
		if err := rows.Scan(&v.Tenant, &connection, &v.Name, &group, &v.Value); err != nil {
			return nil, fmt.Errorf("read sealed values: %w", err)
		}
		v.Connection, v.Group = ordersync.ConnectionID(connection), ordersync.Groups(group)
		out = append(out, v)
	}
	return out, rows.Err()
}

// Resealed is a sealed value and what is to stand in its place.
type Resealed struct {
	Sealed
	Fresh []byte
}

// Reseal puts fresh values in the place of sealed ones. What has changed meanwhile
// stays as it is.
func (s *Store) Reseal(ctx context.Context, values []Resealed) (replaced int64, err error) {
	err = s.inTx(ctx, "seal anew", func(ctx context.Context, t *tx) error {
		replaced = 0
		for _, v := range values {
			n, err := t.exec(ctx, sealedTables[v.Group != 0].update, v.Tenant, int64(v.Connection), v.Name, int64(v.Group), v.Fresh, v.Value)
			if err != nil {
				return fmt.Errorf("seal anew: %w", err)
			}
			replaced += n
		}
		return nil
	})
	return replaced, err
}

// ReplaceSetting puts fresh in the place of a value of the installation, where that
// is still used.
func (s *Store) ReplaceSetting(ctx context.Context, name string, used, fresh []byte) (replaced bool, err error) {
	err = s.inTx(ctx, "replace setting", func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE settings SET value = $3 WHERE name = $1 AND value = $2`, name, used, fresh)
		replaced = n > 0
		return err
	})
	return replaced && err == nil, err
}
