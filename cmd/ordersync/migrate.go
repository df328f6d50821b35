package main

import (
	"errors"
	"fmt"

	"ordersync/internal/engine"
)

// migrateCommand brings the schema up to date.
type migrateCommand struct{}

// Run migrates under a lock that all processes respect.
func (migrateCommand) Run(i *invocation) (err error) {
	s, err := i.openStore(false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	n, err := s.Migrate(i.ctx)
	if err != nil {
		return err
	}
	if err := engine.PrepareDoorbells(i.ctx, s, true); err != nil {
		return err
	}
	have, _, err := s.SchemaVersion(i.ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "%s applied; the schema has version %d\n", counted(n, "migration"), have)
	return nil
}
