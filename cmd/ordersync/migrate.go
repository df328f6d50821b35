package main

import (
	"errors"
	"fmt"

	"ordersync/internal/engine"
)

// migrateCommand brings the schema up to date.
type migrateCommand struct {
	JSON bool `help:"Print JSON."`
}

// migrated is what came of it.
type migrated struct {
	Applied       int   `json:"applied"` // migrations
	SchemaVersion int64 `json:"schemaVersion"`
}

// Run migrates under a lock that all processes respect.
func (c migrateCommand) Run(i *invocation) (err error) {
	s, err := i.openStore(false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	working := i.meter("migrating the database")
	n, err := s.Migrate(i.ctx)
	working.end()
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
	if c.JSON {
		return printJSON(i.out, migrated{n, have})
	}
	return nil
}
