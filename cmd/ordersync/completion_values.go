package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

const (
	// completionTime is how long a key press may wait for the database.
	completionTime = time.Second
	// mostCompletions is how many ids are offered at once.
	mostCompletions = 200
)

// stored lists what the database has for a flag or an argument of this name. A
// database that is not there or does not answer at once has nothing.
func stored(i *invocation, l *commandLine, name string) []candidate {
	find, known := map[string]func(context.Context, *store.Reader, *commandLine) ([]candidate, error){
		"tenant": tenantIDs, "connection": connectionIDs, "id": keyIDs,
	}[name]
	if name == "marketplace" {
		return countries()
	}
	if !known {
		return nil
	}
	ctx, cancel := context.WithTimeout(i.ctx, completionTime)
	defer cancel()
	reader, done := i.openForCompletion(ctx, l)
	if reader == nil {
		return nil
	}
	defer done()
	out, err := find(ctx, reader, l)
	if err != nil {
		return nil
	}
	return out
}

// openForCompletion opens the database of the command line or of the environment
// to read; nil: it cannot be. No file is made.
func (i *invocation) openForCompletion(ctx context.Context, l *commandLine) (*store.Reader, func()) {
	set := i.settings
	if given, ok := l.values["database-url"]; ok {
		set.DatabaseURL = given
	} else if err := fromFile("DATABASE_URL", set.DatabaseURLFile, &set.DatabaseURL, defaultDatabase); err != nil {
		return nil, nil
	}
	if databaseProblem(set.DatabaseURL) != nil {
		return nil, nil
	}
	if path, local := store.SQLitePath(set.DatabaseURL); local {
		if _, err := os.Stat(path); err != nil {
			return nil, nil
		}
	}
	s, err := store.Open(ctx, store.Options{URL: set.DatabaseURL, Now: i.now})
	if err != nil {
		return nil, nil
	}
	return s.Reader(), func() { _ = s.Close() } // nothing was written
}

func tenantIDs(ctx context.Context, r *store.Reader, l *commandLine) (out []candidate, err error) {
	list, err := r.TenantsBeginning(ctx, l.current, mostCompletions)
	for _, t := range list {
		out = append(out, candidate{string(t.ID), t.Name})
	}
	return out, err
}

// connectionIDs are those of the tenant that stands in the line.
func connectionIDs(ctx context.Context, r *store.Reader, l *commandLine) (out []candidate, err error) {
	tenant, err := ordersync.ParseTenantID(l.values["tenant"])
	if err != nil {
		return nil, err
	}
	list, err := r.Tenant(tenant).Connections(ctx)
	for _, c := range list {
		out = append(out, candidate{fmt.Sprint(c.ID), fmt.Sprintf("%s %s %s", c.Region, c.SellerID, c.State.SeedName())})
	}
	return out, err
}

// keyIDs are those of keys that still open something.
func keyIDs(ctx context.Context, r *store.Reader, _ *commandLine) (out []candidate, err error) {
	list, err := r.Keys(ctx)
	for _, k := range list {
		if k.RevokedAt.IsZero() {
			out = append(out, candidate{k.ID, k.Name})
		}
	}
	return out, err
}

// countries are those of Amazon's marketplaces.
func countries() (out []candidate) {
	for _, m := range ordersync.Marketplaces {
		out = append(out, candidate{m.Country, m.ID})
	}
	return out
}
