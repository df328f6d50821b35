package main

import (
	"errors"
	"fmt"

	"ordersync"
)

// tenantsRemoveCommand deletes a tenant's connections with all that is stored of
// them.
type tenantsRemoveCommand struct {
	target
	Yes bool `help:"Delete for good; without it nothing is done."`
}

// Run deletes. A removal that is interrupted is finished by asking again.
func (c *tenantsRemoveCommand) Run(i *invocation) error {
	if !c.Yes {
		return c.ask(i)
	}
	return c.act(i, "remove", "removed", func(w workplace, c ordersync.Connection) error {
		return w.engine.Remove(i.ctx, c.Tenant, c.ID)
	})
}

// ask says what would be deleted.
func (c *tenantsRemoveCommand) ask(i *invocation) (err error) {
	s, err := i.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	tenant, connections, err := c.connections(i, s)
	if err != nil {
		return err
	}
	return usageError{fmt.Errorf("this deletes %s of tenant %s for good, with the refresh token and %s: add --yes to do it",
		counted(len(connections), "connection"), tenant, counted(storedOrders(connections), "order"))}
}

func storedOrders(connections []ordersync.Connection) (n int) {
	for _, c := range connections {
		n += int(c.Orders)
	}
	return n
}
