package main

import (
	"errors"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
	"ordersync/internal/queue"
	"ordersync/internal/telemetry"
)

// syncCommand does one run and prints it.
type syncCommand struct {
	Tenant   *string       `help:"Only this tenant." placeholder:"ID"`
	JSON     bool          `help:"Print the run as JSON."`
	BackWork time.Duration `default:"60s" help:"After the run, do back work (history, second readings) that needs no waiting, for at most so long; 0: none. A server does its own."`
	FailOn   string        `enum:"any,operator,never" default:"operator" help:"Exit with 1 when: any target failed; one failed that an operator or a developer must see to, or more than 20 % did; never."`
	Server   *string       `help:"Ask this running server to do it, with ORDERSYNC_SERVER_KEY; no database is needed here." placeholder:"URL"`
}

// Run does one run, prints it and ends with an exit code that a cron can use.
func (c *syncCommand) Run(i *invocation) (err error) {
	var tenant ordersync.TenantID
	if c.Tenant != nil {
		if tenant, err = parseTenant("--tenant", *c.Tenant); err != nil {
			return err
		}
	}
	if c.BackWork < 0 {
		return usageError{fmt.Errorf("--back-work is %s: use 0s or more", c.BackWork)}
	}
	if c.Server == nil {
		return c.here(i, tenant)
	}
	far, err := i.remote(*c.Server)
	if err != nil {
		return err
	}
	run, err := far.run(i.ctx, tenant)
	far.meter.end()
	if err != nil {
		return err
	}
	if err := c.print(i, run); err != nil {
		return err
	}
	return c.verdict(run)
}

// here does the run in this process.
func (c *syncCommand) here(i *invocation, tenant ordersync.TenantID) (err error) {
	if i.settings.Workers == 0 {
		return usageError{errors.New("ORDERSYNC_WORKERS is 0, and sync does its work itself: use 1 or more, or ask a running server with --server")}
	}
	w, err := i.open(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	mode := ordersync.GlobalRun
	if tenant != "" {
		mode = ordersync.SingleRun
		if err := i.known(w.store, "--tenant", tenant); err != nil {
			return err
		}
	}
	i.readNotifications(w)
	run, err := i.runWatched(w, mode, tenant, progress{i: i, reader: w.store.Reader(), after: meterAfter}.watchRun)
	if err != nil {
		return err
	}
	if err := c.print(i, run); err != nil {
		return err
	}
	if c.BackWork > 0 {
		working := i.meter("the run is done; back work goes on for a while (--back-work)")
		err := w.engine.DriveBack(i.ctx, c.BackWork, tenant)
		working.end()
		if err != nil {
			return fmt.Errorf("the run is done; back work broke off and goes on the next time: %w", err)
		}
	}
	return c.verdict(run)
}

// readNotifications reads what Amazon has sent since the last time. What it cannot
// read stays in the queue: the run goes on without it.
func (i *invocation) readNotifications(w workplace) {
	err := w.engine.ReadNotifications(i.ctx, time.Second)
	if err == nil || i.ctx.Err() != nil {
		return
	}
	remedy := "the next run reads them"
	if trouble := (*queue.Error)(nil); errors.As(err, &trouble) {
		remedy = trouble.Remedy()
	}
	i.log.Error("notifications could not be read", "error", err, "remedy", remedy)
}

func (c *syncCommand) print(i *invocation, run httpapi.Run) error {
	if c.JSON {
		return printJSON(i.out, run)
	}
	return printRun(i.screen, run)
}

// mostResults is how many results are printed.
const mostResults = 1_000_000

// runWatched starts a run, works until it is settled, and reads it. Somebody
// watches; what watch returns is called when the run has ended.
func (i *invocation) runWatched(w workplace, mode ordersync.RunMode, tenant ordersync.TenantID, watch func(ordersync.RunID) func()) (_ httpapi.Run, err error) {
	ctx, end := w.watch.Tracer.Span(i.ctx, "run")
	defer func() { end(err) }()
	id, err := w.engine.StartRun(ctx, mode, tenant)
	if err != nil {
		return httpapi.Run{}, err
	}
	ctx = telemetry.WithID(ctx, "runId", string(id))
	done := watch(id)
	err = w.engine.Drive(ctx, id)
	done()
	if err != nil {
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
