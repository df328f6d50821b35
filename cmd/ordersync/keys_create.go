package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"ordersync"
)

// keysCreateCommand makes an API key.
type keysCreateCommand struct {
	Name   string `required:"" help:"Who or what will use it, for people." placeholder:"NAME"`
	Tenant string `help:"The key opens this tenant only; without it the key is an operator's and opens everything." placeholder:"ID"`
}

// Run prints the key, which is shown once and kept nowhere, and says its id.
func (c *keysCreateCommand) Run(i *invocation) (err error) {
	if err := checkKeyName(c.Name); err != nil {
		return usageError{err}
	}
	w, err := i.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	tenant, whose := ordersync.TenantID(""), "an operator's, opens everything"
	if c.Tenant != "" {
		if tenant, err = parseTenant("--tenant", c.Tenant); err != nil {
			return err
		}
		if err := i.known(w.store, "--tenant", tenant); err != nil {
			return err
		}
		whose = "opens tenant " + c.Tenant
	}
	key, secret, err := w.engine.NewKey(i.ctx, c.Name, tenant)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(i.out, secret); err != nil {
		// Nobody has seen it, so it must open nothing.
		return errors.Join(printed(err), w.store.RevokeKey(i.ctx, key.ID))
	}
	_, _ = fmt.Fprintf(i.err, "key %s (%s): %s. It is shown this once; `ordersync keys revoke %s` ends it.\n", key.ID, cell(key.Name), whose, key.ID)
	return nil
}

// maxKeyName is how long a key's name may be, in bytes.
const maxKeyName = 100

func checkKeyName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("--name is empty: say who or what will use the key")
	case len(name) > maxKeyName:
		return fmt.Errorf("--name has %d bytes, at most %d are allowed", len(name), maxKeyName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("--name %s has characters that cannot be printed: leave them out", ordersync.ShowBytes([]byte(name)))
	}
	return nil
}
