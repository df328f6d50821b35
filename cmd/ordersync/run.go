package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailed  = 1   // a result that needs a human, see --fail-on
	exitUsage   = 2   // wrong use: a flag, a setting, an input file
	exitNotDone = 3   // the work itself could not be done
	exitAborted = 130 // interrupted, as shells have it
)

// exitCodes is what they mean, for the pages.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{exitOK, "done"},
	{exitFailed, "the run is done, and a result needs a human: see `ordersync sync --fail-on`"},
	{exitUsage, "wrong use: a flag, a setting or an input file; what is wrong was said"},
	{exitNotDone, "the work itself could not be done, for example because the database does not answer"},
	{exitAborted, "interrupted"},
}

const (
	programName  = "ordersync"
	programAbout = "Keeps the Amazon orders of every customer of a SaaS in step with Amazon."
)

// outside is what a command knows of the world around it. Standard output is
// data, standard error is talk.
type outside struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	now func() time.Time
	// env looks a variable of the environment up; nil: there are none.
	env func(string) string
	// realTime tells that now is this machine's clock and may be corrected; tests
	// have times of their own.
	realTime bool
}

// variable is a variable of the environment, "" when it is not set.
func (o outside) variable(name string) string {
	if o.env == nil {
		return ""
	}
	return o.env(name)
}

// commands is the command line.
type commands struct {
	Authorizations authorizationsCommand `cmd:"" help:"List by their end the authorisations of sellers that end soon, or have ended."`
	Backfill       backfillCommand       `cmd:"" help:"Want more of a tenant's history, and print what of it was never read."`
	Connect        connectCommand        `cmd:"" help:"Print a link by which a seller connects, or connects again."`
	Config         configCommand         `cmd:"" help:"Print the configuration in force, secrets redacted."`
	Demo           demoCommand           `cmd:"" help:"Show a global run against a simulated Amazon; nothing to configure."`
	Doctor         doctorCommand         `cmd:"" help:"Look at all that the work needs, and say what to do."`
	Explain        explainCommand        `cmd:"" help:"Say why an order is here, or is not."`
	Serve          serveCommand          `cmd:"" help:"Run the service: HTTP interface, ticks and workers."`
	Status         statusCommand         `cmd:"" help:"Show how far the connections are, and what needs a human."`
	Sync           syncCommand           `cmd:"" help:"Bring every connection up to date, once."`

	App struct {
		RotateSecret appRotateSecretCommand `cmd:"" help:"Get a new client secret from Amazon, by the queue of notifications."`
		Show         appShowCommand         `cmd:"" help:"Show how old the client secret is and when it ends."`
	} `cmd:"" help:"Work on the application's own credentials."`
	Keys struct {
		Create keysCreateCommand `cmd:"" help:"Make an API key; it is shown once."`
		List   keysListCommand   `cmd:"" help:"List the API keys."`
		Revoke keysRevokeCommand `cmd:"" help:"Make an API key useless."`
	} `cmd:"" help:"Work on the keys of the HTTP interface."`
	Orders struct {
		List ordersListCommand `cmd:"" help:"Print every order of a tenant."`
		Show ordersShowCommand `cmd:"" help:"Print one order."`
	} `cmd:"" help:"Look at stored orders."`
	Secrets struct {
		Move      secretsMoveCommand      `cmd:"" help:"Move refresh tokens between the database and Vault."`
		RotateKey secretsRotateKeyCommand `cmd:"" help:"Seal everything under a new master key."`
	} `cmd:"" help:"Work on the stored secrets as a whole."`
	Tenants struct {
		Import tenantsImportCommand `cmd:"" help:"Create or change connections from JSON lines."`
		List   tenantsListCommand   `cmd:"" help:"List all tenants and connections."`
		Pause  tenantsPauseCommand  `cmd:"" help:"Stop the work on a tenant's connections."`
		Remove tenantsRemoveCommand `cmd:"" help:"Delete a tenant's connections with all that is stored of them."`
		Resume tenantsResumeCommand `cmd:"" help:"Let paused connections of a tenant work again."`
		Set    tenantsSetCommand    `cmd:"" help:"Change settings of a tenant's connections."`
		Show   tenantsShowCommand   `cmd:"" help:"Show a tenant's connections in full."`
	} `cmd:"" help:"Work on tenants and their connections."`

	Complete   completeCommand   `cmd:"" name:"__complete" hidden:"" help:"Answer a shell's completion."`
	Completion completionCommand `cmd:"" help:"Print what makes bash, zsh or fish complete command lines."`

	Man manCommand `cmd:"" help:"Print a manual page."`

	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date."`
	Sim     simCommand     `cmd:"" help:"Run a simulated Amazon for development and tests."`
	Version versionCommand `cmd:"" help:"Print the version."`

	Settings settings `embed:""`
}

// invocation is what a command is given.
type invocation struct {
	outside
	ctx      context.Context //nolint:containedctx // kong passes one value to a command's Run
	settings settings
	screen   screen // standard output, for what people read
	log      *slog.Logger
	// flags are the variables whose flags stand on the command line.
	flags map[string]bool
	// openDashboard lets anybody on this machine see the dashboard: the demo's.
	openDashboard bool
}

// needsNoSettings is a command that runs whatever the settings say.
type needsNoSettings interface{ needsNoSettings() }

// run parses the arguments, runs the command and tells the exit code.
func run(ctx context.Context, args []string, o outside) (code int) {
	var c commands
	defer func() {
		// kong ends --help through its Exit function.
		if p := recover(); p != nil {
			e, ok := p.(exitError)
			if !ok {
				panic(p)
			}
			code = int(e)
		}
	}()
	talk := &discreet{out: o.err}
	o.err = talk
	parser, err := newParser(&c, kong.Writers(o.out, o.err), kong.Exit(func(code int) { panic(exitError(code)) }))
	if err != nil {
		return report(ctx, o.err, fmt.Errorf("command line: %w", err))
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		talk.hide(c.Settings.secrets()...)
		return report(ctx, o.err, parseError(err))
	}
	if _, free := parsed.Selected().Target.Addr().Interface().(needsNoSettings); !free {
		err := c.Settings.complete()
		talk.hide(c.Settings.secrets()...)
		if err != nil {
			return report(ctx, o.err, usageError{err})
		}
	}
	err = parsed.Run(&invocation{ctx: ctx, outside: o, settings: c.Settings, flags: flagsGiven(parsed), screen: newScreen(o, c.Settings), log: c.Settings.logger(o.err)})
	return report(ctx, o.err, advised(parsed.Command(), err))
}
