package main

import (
	"errors"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
)

// syncCommand does one run and prints it.
type syncCommand struct {
	Tenant   string        `help:"Only this tenant." placeholder:"ID"`
	JSON     bool          `help:"Print the run as JSON."`
	BackWork time.Duration `default:"60s" help:"After the run, do back work (history, second readings) that needs no waiting, for at most so long; 0: none. Not with --tenant."`
	FailOn   string        `enum:"any,operator,never" default:"operator" help:"Exit with 1 when: any target failed; one failed that an operator or a developer must see to, or more than 20 % did; never."`
}

// Run does one run, prints it and ends with an exit code that a cron can use.
func (c *syncCommand) Run(i *invocation) (err error) {
	mode, tenant := ordersync.GlobalRun, ordersync.TenantID("")
	if c.Tenant != "" {
		mode = ordersync.SingleRun
		if tenant, err = ordersync.ParseTenantID(c.Tenant); err != nil {
			return usageError{fmt.Errorf("--tenant: %w", err)}
		}
	}
	w, err := i.open(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if tenant != "" {
		if known, err := w.store.Reader().Tenant(tenant).Exists(i.ctx); err != nil {
			return err
		} else if !known {
			return unknownTenant(tenant)
		}
	}
	run, err := i.runOnce(w, mode, tenant)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(i.out, run)
	} else {
		err = printRun(i.out, run)
	}
	if err != nil {
		return err
	}
	if c.BackWork > 0 && tenant == "" {
		if err := w.engine.DriveBack(i.ctx, c.BackWork, ordersync.TenantID("")); err != nil {
			return fmt.Errorf("the run is done; back work broke off and goes on the next time: %w", err)
		}
	}
	return c.verdict(run)
}

// mostResults is how many results are printed.
const mostResults = 1_000_000

// runOnce starts a run, works until it is settled, and reads it.
func (i *invocation) runOnce(w workplace, mode ordersync.RunMode, tenant ordersync.TenantID) (httpapi.Run, error) {
	id, err := w.engine.StartRun(i.ctx, mode, tenant)
	if err != nil {
		return httpapi.Run{}, err
	}
	if err := w.engine.Drive(i.ctx, id); err != nil {
		return httpapi.Run{}, fmt.Errorf("run %s: %w", id, err)
	}
	run, err := w.store.Reader().Run(i.ctx, id)
	if err != nil {
		return httpapi.Run{}, err
	}
	targets, err := w.store.Reader().Targets(i.ctx, id, false, mostResults)
	if err != nil {
		return httpapi.Run{}, err
	}
	return httpapi.RunOf(run, targets, w.store.Now()), nil
}

// manyFailed is the share of a run's targets, one in so many, above which its
// failures need a human whatever each of them says.
const manyFailed = 5

// verdict is the exit code of a run.
func (c *syncCommand) verdict(run httpapi.Run) error {
	failed, bad := run.Summary.Failed, false
	switch c.FailOn {
	case "any":
		bad = failed > 0
	case "operator":
		bad = failed*manyFailed > run.Summary.Total
		for _, r := range run.Results {
			bad = bad || r.Status == ordersync.StatusFailed && needsUs(r.WhoActs)
		}
	}
	if bad {
		return exitError(exitFailed)
	}
	return nil
}

// needsUs tells whether somebody other than the tenant must act.
func needsUs(a ordersync.Actor) bool {
	return a == ordersync.Operator || a == ordersync.TenantOrOperator || a == ordersync.Us
}
