package engine

import (
	"context"
	"errors"
	"fmt"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// personalOwner is who the personal fields of an order belong to.
func personalOwner(tenant ordersync.TenantID, id ordersync.ConnectionID, order string, group ordersync.Groups) secret.Owner {
	return secret.Owner{Tenant: tenant, Connection: id, Purpose: "order " + order + " " + group.String()}
}

// addOrders adds orders to a page to be stored. Their personal fields are sealed,
// laid over stored: what an answer leaves out for want of a role is no word about
// it.
func (x *execution) addOrders(ctx context.Context, p *store.Page, stored sealedFields, orders ...ordersync.Order) error {
	for _, o := range orders {
		sealed := make(map[ordersync.Groups][]byte, len(o.Personal))
		for group, plain := range o.Personal {
			b, err := x.sealPersonal(ctx, o.ID, group, plain, stored[o.ID][group])
			if err != nil {
				return err
			}
			sealed[group] = b
		}
		p.Orders = append(p.Orders, store.PageOrder{Order: o, Sealed: sealed})
	}
	return nil
}

// sealedFields are sealed personal fields by order and data group.
type sealedFields = map[string]map[ordersync.Groups][]byte

// storedPersonal are the fields that are stored of those orders that come with
// personal fields.
func (x *execution) storedPersonal(ctx context.Context, orders ...ordersync.Order) (sealedFields, error) {
	var ids []string
	for _, o := range orders {
		if len(o.Personal) > 0 {
			ids = append(ids, o.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return x.store.Personal(ctx, x.lease, ids)
}

// sealPersonal seals one group's personal fields of an order. Stored ones that do not
// open are damaged, and give way: a wrong master key is refused when a process
// starts.
func (x *execution) sealPersonal(ctx context.Context, order string, group ordersync.Groups, fresh, stored []byte) ([]byte, error) {
	c := x.lease.Connection
	owner := personalOwner(c.Tenant, c.ID, order, group)
	if stored != nil {
		before, err := x.box.Open(stored, owner)
		switch {
		case errors.Is(err, secret.ErrWrongKey):
			x.log.WarnContext(ctx, "stored personal fields do not open and are replaced", "connection", c.ID, "order", order, "group", group.String())
		case err != nil:
			return nil, fmt.Errorf("open personal fields: %w", err)
		default:
			if fresh, err = spapi.MergePersonal(before, fresh); err != nil {
				return nil, fmt.Errorf("merge personal fields: %w", err)
			}
		}
	}
	sealed, err := x.box.Seal(fresh, owner)
	if err != nil {
		return nil, fmt.Errorf("seal personal fields: %w", err)
	}
	return sealed, nil
}
