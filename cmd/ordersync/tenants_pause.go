package main

import "ordersync"

// tenantsPauseCommand stops the work on a tenant's connections.
type tenantsPauseCommand struct {
	target
}

// Run pauses. What is under way gives way at once; a connection that is paused
// already stays as it is.
func (c *tenantsPauseCommand) Run(i *invocation) error {
	return c.act(i, "pause", "paused until `ordersync tenants resume`", func(w workplace, c ordersync.Connection) error {
		return w.engine.Pause(i.ctx, c.Tenant, c.ID)
	})
}
