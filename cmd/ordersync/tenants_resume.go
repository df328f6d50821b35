package main

import "ordersync"

// tenantsResumeCommand lets paused connections of a tenant work again.
type tenantsResumeCommand struct {
	target
}

// Run resumes: what was paused is due at once.
func (c *tenantsResumeCommand) Run(i *invocation) error {
	return c.act(i, "resume", "not paused", func(w workplace, c ordersync.Connection) error {
		return w.engine.Resume(i.ctx, c.Tenant, c.ID)
	})
}
