package main

import (
	"errors"
	"fmt"

	"ordersync"
	"ordersync/internal/engine"
)

// keysCreateCommand makes an API key.
type keysCreateCommand struct {
	Name   string  `required:"" help:"Who or what will use it, for people." placeholder:"NAME"`
	Tenant *string `help:"The key opens this tenant only; without it the key is an operator's and opens everything." placeholder:"ID"`
	JSON   bool    `help:"Print JSON."`
}

// madeKey is a new key as JSON, with the key itself.
type madeKey struct {
	listedKey
	Key string `json:"key"`
}

// Run prints the key, which is shown once and kept nowhere, and says its id.
func (c *keysCreateCommand) Run(i *invocation) (err error) {
	if err := engine.CheckKeyName(c.Name); err != nil {
		return keyNameError(err)
	}
	w, err := i.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	tenant, whose := ordersync.TenantID(""), "an operator's, opens everything"
	if c.Tenant != nil {
		if tenant, err = parseTenant("--tenant", *c.Tenant); err != nil {
			return err
		}
		if err := i.known(w.store, "--tenant", tenant); err != nil {
			return err
		}
		whose = "opens tenant " + string(tenant)
	}
	key, secret, err := w.engine.NewKey(i.ctx, c.Name, tenant)
	if err != nil {
		return keyNameError(err)
	}
	if c.JSON {
		err = printJSON(i.out, madeKey{listedKeyOf(key), secret})
	} else {
		_, err = fmt.Fprintln(i.out, secret)
		err = printed(err)
	}
	if err != nil {
		// Nobody has seen it, so it must open nothing.
		return errors.Join(err, w.engine.RevokeKey(i.ctx, key.ID))
	}
	_, _ = fmt.Fprintf(i.err, "key %s (%s): %s. It is shown this once; `ordersync keys revoke %s` ends it.\n", key.ID, cell(key.Name), whose, key.ID)
	return nil
}

// keyNameError names the flag when a key's name is wrong.
func keyNameError(err error) error {
	if wrong := new(engine.KeyNameError); errors.As(err, &wrong) {
		return usageError{fmt.Errorf("--name %s", wrong.Wrong)}
	}
	return err
}
