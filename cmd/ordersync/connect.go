package main

import (
	"errors"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/engine"
)

// connectCommand prints a link by which a seller connects or renews an account.
type connectCommand struct {
	Tenant      string        `arg:"" help:"The tenant; one that has no connection yet gets its first."`
	Marketplace string        `help:"Where the seller signs in: a country such as FR, or Amazon's marketplace id. Needed unless one connection is meant." placeholder:"FR"`
	Connection  int64         `help:"The connection that is to be renewed." placeholder:"ID"`
	Another     bool          `help:"Connect one more account of the region, and renew none."`
	Valid       time.Duration `default:"24h" help:"How long the link is good, at most 720h."`
	JSON        bool          `help:"Print JSON."`
}

// invitation is a link as JSON.
type invitation struct {
	TenantID  ordersync.TenantID `json:"tenantId"`
	Link      string             `json:"link"`
	ExpiresAt *string            `json:"expiresAt"`
}

// Run makes the link. It is shown this once, and is good for one account.
func (c *connectCommand) Run(i *invocation) (err error) {
	tenant, err := ordersync.ParseTenantID(c.Tenant)
	if err != nil {
		return usageError{fmt.Errorf("TENANT: %w", err)}
	}
	if i.settings.PublicURL == "" {
		return usageError{engine.ErrConsentNotSetUp}
	}
	w, err := i.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	ticket, consent, err := w.engine.StartConsent(i.ctx, engine.ConsentRequest{
		Tenant: tenant, Marketplace: c.Marketplace, Connection: ordersync.ConnectionID(c.Connection), Another: c.Another,
		StartedBy: "operator", Valid: c.Valid,
	})
	var wrong *engine.ConsentRequestError
	if errors.As(err, &wrong) || errors.Is(err, engine.ErrConsentNotSetUp) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	if err := c.print(i, invitation{tenant, w.engine.ConsentLink(ticket), moment(consent.ExpiresAt)}); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "send this link to the seller of tenant %s: it is good until %s, in one browser, for one account\n",
		tenant, consent.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC"))
	return nil
}

func (c *connectCommand) print(i *invocation, one invitation) error {
	if c.JSON {
		return printJSON(i.out, one)
	}
	_, err := fmt.Fprintln(i.out, one.Link)
	return printed(err)
}
