package main

import (
	"errors"
	"fmt"

	"ordersync"
	"ordersync/internal/store"
)

// parseTenant reads a tenant id that came in a field of the command line.
func parseTenant(field, text string) (ordersync.TenantID, error) {
	id, err := ordersync.ParseTenantID(text)
	if err != nil {
		return "", usageError{fmt.Errorf("%s: %w", field, err)}
	}
	return id, nil
}

// known wants a tenant to have a connection.
func (i *invocation) known(s *store.Store, field string, id ordersync.TenantID) error {
	known, err := s.Reader().Tenant(id).Exists(i.ctx)
	if err == nil && !known {
		err = i.unknownTenant(s, field, id)
	}
	return err
}

// mostLooked is how many tenants are compared with one that is not known.
const mostLooked = 10_000

// unknownTenant says that a tenant is not known, and which may have been meant.
func (i *invocation) unknownTenant(s *store.Store, field string, id ordersync.TenantID) error {
	list, err := s.Reader().TenantsBeginning(i.ctx, "", mostLooked)
	if err != nil {
		return err
	}
	if other := meant(id, list); other != "" {
		return usageError{fmt.Errorf("%s: no tenant %s is known, did you mean %s? `ordersync tenants list` lists them", field, id, other)}
	}
	return usageError{fmt.Errorf("%s: no tenant %s is known: import it first with `ordersync tenants import`; `ordersync tenants list` lists those that are", field, id)}
}

// target is what commands on a tenant's connections are given.
type target struct {
	Tenant     string `arg:"" help:"The tenant."`
	Connection *int64 `help:"Only this one of its connections, by the id that tenants show prints." placeholder:"ID"`
	JSON       bool   `help:"Print JSON."`
}

// acted is what was done to a tenant's connections, as JSON.
type acted struct {
	TenantID    ordersync.TenantID `json:"tenantId"`
	Action      string             `json:"action"` // pause, remove, resume or set
	Connections []actedOn          `json:"connections"`
}

type actedOn struct {
	ConnectionID string           `json:"connectionId"`
	Region       ordersync.Region `json:"region"`
}

// connections are those that are meant: the one that is named, else all of the
// tenant's.
func (t *target) connections(i *invocation, s *store.Store) (ordersync.TenantID, []ordersync.Connection, error) {
	tenant, err := parseTenant("TENANT", t.Tenant)
	if err != nil {
		return "", nil, err
	}
	all, err := s.Reader().Tenant(tenant).Connections(i.ctx)
	switch {
	case err != nil:
		return "", nil, err
	case len(all) == 0:
		return "", nil, i.unknownTenant(s, "TENANT", tenant)
	case t.Connection == nil:
		return tenant, all, nil
	}
	for _, c := range all {
		if int64(c.ID) == *t.Connection {
			return tenant, []ordersync.Connection{c}, nil
		}
	}
	return "", nil, usageError{fmt.Errorf("--connection: tenant %s has no connection %d: `ordersync tenants show %s` lists them", tenant, *t.Connection, tenant)}
}

// act does something to each connection that is meant and says so.
func (t *target) act(i *invocation, action, done string, do func(workplace, ordersync.Connection) error) (err error) {
	w, err := i.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	tenant, connections, err := t.connections(i, w.store)
	if err != nil {
		return err
	}
	out := acted{tenant, action, []actedOn{}}
	working := i.meter("%d connections done")
	defer working.end()
	for _, c := range connections {
		if err := do(w, c); err != nil {
			return err
		}
		working.one()
		out.Connections = append(out.Connections, actedOn{fmt.Sprint(c.ID), c.Region})
		_, _ = fmt.Fprintf(i.err, "%s: %s\n", connectionName(c), done)
	}
	working.end()
	if t.JSON {
		return printJSON(i.out, out)
	}
	return nil
}

func connectionName(c ordersync.Connection) string {
	return fmt.Sprintf("%s, connection %d (%s)", c.Tenant, c.ID, c.Region)
}
