package main

import (
	"errors"
	"fmt"

	"ordersync/internal/engine"
)

// keysRevokeCommand makes an API key useless.
type keysRevokeCommand struct {
	ID   string `arg:"" help:"The key's id, as keys list prints it; not the key itself."`
	JSON bool   `help:"Print JSON."`
}

// revokedKey is a key that opens nothing any more.
type revokedKey struct {
	ID      string `json:"id"`
	Revoked bool   `json:"revoked"`
}

// Run revokes the key, at once and for good. Once more changes nothing.
func (c *keysRevokeCommand) Run(i *invocation) (err error) {
	w, err := i.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	err = w.engine.RevokeKey(i.ctx, c.ID)
	if errors.Is(err, engine.ErrNotFound) {
		// It is not repeated: it may be the key itself.
		return usageError{errors.New("ID: there is no key of this id: `ordersync keys list` lists them")}
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "key %s opens nothing any more\n", c.ID)
	if c.JSON {
		return printJSON(i.out, revokedKey{c.ID, true})
	}
	return nil
}
