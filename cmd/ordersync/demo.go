package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
)

// demoCommand shows a global run over a fleet with many troubles: a simulated
// Amazon behind a real socket, and a database in a temporary folder.
type demoCommand struct {
	Once bool `help:"End after the run, with its exit code, instead of serving until Ctrl-C."`
	JSON bool `help:"Print the run as JSON; everything else goes to standard error."`
}

func (*demoCommand) needsNoSettings() {}

// Run makes everything anew, does the run, prints it, and serves until it is
// interrupted. Nothing is left behind.
func (c *demoCommand) Run(i *invocation) (err error) {
	// A reader that goes away, as head does, and a terminal that is closed end the
	// demo like any interrupt.
	signal.Ignore(syscall.SIGPIPE)
	defer signal.Reset(syscall.SIGPIPE)
	demo := *i
	var stop context.CancelFunc
	demo.ctx, stop = signal.NotifyContext(i.ctx, syscall.SIGHUP)
	defer stop()
	return c.run(&demo)
}

func (c *demoCommand) run(i *invocation) (err error) {
	dir, err := os.MkdirTemp("", "ordersync-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	err = c.in(i, dir)
	if i.ctx.Err() != nil && (errors.Is(err, i.ctx.Err()) || errors.Is(err, context.Cause(i.ctx))) {
		_, _ = fmt.Fprintf(i.err, "%s: interrupted; the demo leaves nothing behind\n", programName)
		return exitError(exitAborted)
	}
	return err
}

// in shows the demo in a folder.
func (c *demoCommand) in(i *invocation, dir string) (err error) {
	amazon, err := newDemoAmazon(i.now)
	if err != nil {
		return err
	}
	api, err := listen(i.ctx, "127.0.0.1:0", amazon.sim.Handler())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, api.close()) }()
	demo := *i
	demo.openDashboard = true
	demo.settings = amazon.settings(filepath.Join(dir, "demo.db"), api.url)
	var l net.Listener
	if !c.Once {
		if l, err = listenForDemo(i.ctx); err != nil {
			return err
		}
		defer func() { _ = l.Close() }() // closed by who has served
		if err := amazon.register(&demo.settings, "http://"+l.Addr().String()); err != nil {
			return err
		}
	}
	demo.log = slog.New(slog.NewTextHandler(i.err, &slog.HandlerOptions{Level: slog.LevelError}))
	w, err := demo.open(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := amazon.join(i.ctx, w.engine); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "Amazon, simulated: %s; SQLite in %s; nothing leaves this machine.\nA global run over %s:\n",
		api.url, dir, counted(len(amazon.tenants), "tenant"))
	run, err := demo.runWatched(w, ordersync.GlobalRun, "", progress{i: i, reader: w.store.Reader(), stays: true}.watchRun)
	if err != nil {
		return err
	}
	if err := c.print(i, run); err != nil {
		return err
	}
	if c.Once {
		return (&syncCommand{FailOn: "operator"}).verdict(run)
	}
	return c.goOn(&demo, w, amazon, l, dir)
}

func (c *demoCommand) print(i *invocation, run httpapi.Run) error {
	if c.JSON {
		return printJSON(i.out, run)
	}
	// What went well comes first, so that what did not stands near the end.
	rank := map[ordersync.Status]int{ordersync.StatusSuccess: 1, ordersync.StatusPartial: 2, ordersync.StatusSkipped: 3, ordersync.StatusFailed: 4}
	slices.SortStableFunc(run.Results, func(a, b httpapi.Result) int { return cmp.Compare(rank[a.Status], rank[b.Status]) })
	_, _ = fmt.Fprintln(i.out)
	return printRun(i.screen, run)
}

// demoAddress is where the demo serves; when it is taken, anywhere.
const demoAddress = "127.0.0.1:8080"

// goOn serves the fleet until the demo is interrupted.
func (c *demoCommand) goOn(i *invocation, w workplace, amazon demoAmazon, l net.Listener, dir string) (err error) {
	door, err := listen(i.ctx, "127.0.0.1:0", amazon.sim.Admin())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, door.close()) }()
	_, key, err := w.engine.NewKey(i.ctx, "demo", "")
	if err != nil {
		return err
	}
	keyFile := filepath.Join(dir, "key")
	if err := os.WriteFile(keyFile, []byte(key), 0o600); err != nil {
		return fmt.Errorf("keep the key: %w", err)
	}
	handler, end, err := i.handler(w)
	if err != nil {
		return err
	}
	defer end()
	link, err := amazon.invite(i.ctx, w.engine)
	if err != nil {
		return err
	}
	out := i.out
	if c.JSON {
		out = i.err // standard output is the run
	}
	return i.serve(w, handler, l, func() {
		_, _ = fmt.Fprintf(out, demoHints, l.Addr(), i.settings.DatabaseURL, thisProgram(), keyFile, door.url, link, amazon.newcomer.Key, i.settings.AmazonConsentURL, i.settings.AmazonApplication)
	})
}

// listenForDemo listens where the demo serves.
func listenForDemo(ctx context.Context) (net.Listener, error) {
	var listener net.ListenConfig
	l, err := listener.Listen(ctx, "tcp", demoAddress)
	if err != nil {
		if l, err = listener.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
	}
	return l, nil
}

// demoHints is what can be tried while the demo serves.
const demoHints = `
It goes on: history is read, and every tenant again each five minutes.
http://%[1]s serves until Ctrl-C. Try, in another terminal:

  export ORDERSYNC_DATABASE_URL=%[2]s
  %[3]s status
  %[3]s tenants show kbz_test
  %[3]s orders list --tenant ecomlg-001

  curl -H "Authorization: Bearer $(cat %[4]s)" http://%[1]s/api/v1/runs

Connect a seller yourself: open this in a browser, and sign in as %[7]s.

  %[6]s

Its orders come at once. Withdraw the authorisation at %[8]s/apps/manage:
the next reading, within five minutes, is refused, and half a minute later status says who
must act. Authorise it there again, or connect it again by a link:

  export ORDERSYNC_PUBLIC_URL=http://%[1]s ORDERSYNC_AMAZON_APPLICATION_ID=%[9]s
  %[3]s connect new-shop

End all of Amazon's faults, and run again: what was broken comes back by itself.

  curl -X DELETE %[5]s/faults
  curl -X POST -H "Authorization: Bearer $(cat %[4]s)" http://%[1]s/api/v1/orders/sync/run/global

`

// thisProgram is how this program was called, where that can be typed again.
func thisProgram() string {
	if filepath.Base(os.Args[0]) == programName {
		return os.Args[0]
	}
	return programName
}

// settings are those of the demo: the database is a file, and the key that seals
// tokens is made beside it.
func (a *demoAmazon) settings(file, url string) settings {
	return settings{
		DatabaseURL: "sqlite:" + file, AmazonClientID: a.app.ClientID, AmazonClientSecret: a.app.ClientSecret,
		AmazonAPIURL: url, AmazonLWAURL: url + "/auth/o2/token", AmazonRateScale: 1, Workers: -1,
		Lease: time.Minute, CallTimeout: 3 * time.Second, RevokedAfter: 20 * time.Second,
	}
}
