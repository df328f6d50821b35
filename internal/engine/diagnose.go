package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/queue"
	"ordersync/internal/spapi"
)

// Health is how one thing that was looked at stands.
type Health string

// How things stand.
const (
	Healthy   Health = "ok"
	Doubtful  Health = "warning" // it works, and somebody should look
	Broken    Health = "failed"
	Unchecked Health = "skipped" // it could not be looked at
)

// Finding is what was found of one thing, and what to do about it.
type Finding struct {
	Check  string
	Health Health
	Detail string
	Remedy string // "" when nothing is to be done
}

const (
	// sampled is how many tenants are asked for.
	sampled = 5
	// overdueAfter is how long live work may be due before nobody seems to work.
	overdueAfter = 10 * time.Minute
	// Clocks that differ by more than this are worth a word, and a remedy: Amazon
	// refuses windows that end less than two minutes ago.
	doubtfulClock, brokenClock = 5 * time.Second, 90 * time.Second
)

// Diagnose looks at what the work needs: secret store, application, clocks, a sample
// of tenants, and whether somebody works. It changes nothing and touches no budget of
// Amazon's API.
func (e *Engine) Diagnose(ctx context.Context) []Finding {
	out := []Finding{e.diagnoseSecrets(ctx)}
	application, clock := e.diagnoseApplication(ctx)
	out = append(out, application, e.diagnoseSecretAge(ctx), clock)
	if e.set.Queue != nil {
		out = append(out, e.diagnoseQueue(ctx))
	}
	return append(out, e.diagnoseTenants(ctx, application.Health), e.diagnoseWork(ctx))
}

func (e *Engine) diagnoseSecrets(ctx context.Context) Finding {
	f := Finding{Check: "secret store", Health: Healthy, Detail: "refresh tokens are sealed in the database, and the master key opens them"}
	if e.set.Vault == nil {
		return f
	}
	f.Detail = "Vault answers, is unsealed, and lets us in"
	if err := e.set.Vault.Check(ctx); err != nil {
		f.Health, f.Detail = Broken, err.Error()
		f.Remedy = "mend Vault or ORDERSYNC_VAULT_…; until then every connection whose token lies there waits, and nobody is told to reconnect"
	}
	return f
}

// diagnoseApplication asks Login with Amazon for a token of the application's own, and
// compares the clocks by its answer.
func (e *Engine) diagnoseApplication(ctx context.Context) (application, clock Finding) {
	application = Finding{Check: "application", Health: Healthy, Detail: "Amazon knows its client id and secret"}
	clock = Finding{Check: "clock", Health: Unchecked, Detail: "Amazon's answer told no time"}
	if e.amazon == nil {
		application.Health, application.Detail = Broken, "no client id and secret are set"
		application.Remedy = "set ORDERSYNC_AMAZON_CLIENT_ID and ORDERSYNC_AMAZON_CLIENT_SECRET"
		return application, clock
	}
	ahead, dated, err := e.amazon.CheckLogin(ctx)
	if dated {
		clock = clockFinding(ahead)
	}
	var refusal *spapi.Error
	switch {
	case errors.As(err, &refusal) && refusal.Kind == spapi.AppCredentials:
		application.Health, application.Detail = Broken, "Amazon does not accept its client id and secret"
		application.Remedy = "take both anew from the application's page in Seller Central, under LWA credentials; a secret ends seven days after it was rotated"
	case err != nil:
		application.Health, application.Detail = Broken, err.Error()
		application.Remedy = "look whether this machine reaches ORDERSYNC_AMAZON_LWA_URL"
	default:
		e.diagnoseStanding(ctx, &application)
	}
	return application, clock
}

// diagnoseStanding tells of a fleet that stands still though Amazon accepts the credentials.
func (e *Engine) diagnoseStanding(ctx context.Context, f *Finding) {
	app, err := e.store.Reader().Application(ctx, e.set.ClientID)
	switch {
	case err != nil:
		f.Health, f.Detail = Unchecked, err.Error()
	case app.Stopped():
		f.Health, f.Detail = Doubtful, "the fleet has stood still since "+app.StoppedAt.UTC().Format(time.RFC3339)+": "+app.Cause
		f.Remedy = "one connection a minute tries whether Amazon accepts the application again; if it goes on, rotate the client secret"
	}
}

// diagnoseSecretAge tells how old the client secret is.
func (e *Engine) diagnoseSecretAge(ctx context.Context) Finding {
	f := Finding{Check: "client secret", Health: Healthy}
	age, err := e.SecretAge(ctx)
	if err != nil {
		return Finding{"client secret", Broken, err.Error(), "mend the database"}
	}
	now := e.store.Now()
	f.Detail = age.Text(now)
	switch {
	case !age.Known():
		f.Health = Unchecked
	case age.Ended(now) && !age.Latest:
		f.Health, f.Remedy = Broken, e.secretRemedy()
	case age.Ended(now), age.Warning(now) > 0:
		f.Health, f.Remedy = Doubtful, e.secretRemedy()
	}
	return f
}

// diagnoseQueue asks whether the queue of notifications is there.
func (e *Engine) diagnoseQueue(ctx context.Context) Finding {
	f := Finding{Check: "notifications", Health: Healthy, Detail: "the queue is there and may be read"}
	var trouble *queue.Error
	switch err := e.set.Queue.Check(ctx); {
	case errors.As(err, &trouble):
		f.Health, f.Detail, f.Remedy = Broken, err.Error(), trouble.Remedy()
	case err != nil:
		f.Health, f.Detail = Unchecked, err.Error()
	}
	return f
}

func clockFinding(ahead time.Duration) Finding {
	told, side := ahead.Round(100*time.Millisecond), "ahead of"
	if told < 0 {
		told, side = -told, "behind"
	}
	f := Finding{Check: "clock", Health: Healthy, Detail: fmt.Sprintf("Amazon's clock is %s %s this machine's", told, side)}
	switch d := ahead.Abs(); {
	case d >= brokenClock:
		f.Health, f.Remedy = Broken, "set this machine's clock, by NTP: Amazon refuses windows that end less than two minutes ago"
	case d >= doubtfulClock:
		f.Health, f.Remedy = Doubtful, "set this machine's clock, by NTP"
	}
	return f
}

// diagnoseTenants reads the tokens of some tenants, those whose last success is
// longest ago, and asks Amazon's login whether it accepts them.
func (e *Engine) diagnoseTenants(ctx context.Context, application Health) Finding {
	f := Finding{Check: "tenants", Health: Healthy}
	sample, err := e.store.Reader().Sample(ctx, sampled)
	if err != nil {
		return Finding{"tenants", Broken, err.Error(), "mend the database"}
	}
	asked, bad := len(sample), []string{}
	for _, c := range sample {
		if why := e.diagnoseTenant(ctx, c, application); why != "" {
			bad = append(bad, string(c.Tenant)+": "+why)
		}
	}
	f.Detail = fmt.Sprintf("%d of %d connections that were tried are well", asked-len(bad), asked)
	if application == Broken {
		f.Detail = fmt.Sprintf("%d of %d connections have a refresh token; Amazon was not asked of them", asked-len(bad), asked)
	}
	switch {
	case asked == 0:
		f.Health, f.Detail = Unchecked, "there is no connection that works"
		f.Remedy = "let a seller connect, or import tenants"
	case len(bad) > 0:
		f.Health, f.Remedy = Doubtful, "see `ordersync status` for who must act"
		for _, one := range bad {
			f.Detail += "; " + one
		}
	}
	return f
}

// diagnoseTenant says what is wrong with a connection's token; "" nothing.
func (e *Engine) diagnoseTenant(ctx context.Context, c ordersync.Connection, application Health) string {
	t, err := e.readToken(ctx, c)
	var trouble *StoreTroubleError
	switch {
	case errors.Is(err, errNoToken):
		return ordersync.TokenMissing.Info().English
	case errors.As(err, &trouble):
		return trouble.Error()
	case err != nil:
		return err.Error()
	case application == Broken:
		return "" // its login would say nothing of the tenant
	}
	if err := e.amazon.CheckAccount(ctx, e.accountOf(ctx, c, t)); err != nil {
		return err.Error()
	}
	return ""
}

func (e *Engine) diagnoseWork(ctx context.Context) Finding {
	f := Finding{Check: "work", Health: Healthy, Detail: "nothing has been due for long"}
	n, err := e.store.Reader().Overdue(ctx, e.store.Now(), overdueAfter)
	switch {
	case err != nil:
		f.Health, f.Detail, f.Remedy = Broken, err.Error(), "mend the database"
	case n > 0:
		f.Health, f.Detail = Doubtful, fmt.Sprintf("%d connections have been due for more than %s, and nobody works on them", n, overdueAfter)
		f.Remedy = "start `ordersync serve`, or more of it (ORDERSYNC_WORKERS); a cron with `ordersync sync` reads them too"
	}
	return f
}
