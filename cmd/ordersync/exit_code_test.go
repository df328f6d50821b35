package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/httpapi"
	"ordersync/internal/spapisim"
)

// What a run's results mean for a cron.
func TestVerdict(t *testing.T) {
	result := func(reason ordersync.Reason, confirmed bool) httpapi.Result {
		return httpapi.RunOf(ordersync.Run{}, []ordersync.Target{{SettledAt: begin, Outcome: ordersync.Outcome{Reason: reason, Confirmed: confirmed}}}, begin).Results[0]
	}
	for _, c := range []struct {
		name                 string
		total                int
		result               httpapi.Result
		any, operator, never int
	}{
		{"success", 10, result(ordersync.Success, true), 0, 0, 0},
		{"the tenant must act", 10, result(ordersync.TokenMissing, false), 0, 0, 0},
		{"goes on by itself", 10, result(ordersync.AmazonRateLimit, false), 0, 0, 0},
		{"an operator paused it", 10, result(ordersync.Paused, false), 0, 0, 0},
		{"Amazon is down for one of ten", 10, result(ordersync.AmazonUnavailable, false), 1, 0, 0},
		{"Amazon is down for one of five", 5, result(ordersync.AmazonUnavailable, false), 1, 0, 0},
		{"Amazon is down for one of four", 4, result(ordersync.AmazonUnavailable, false), 1, 1, 0},
		{"an operator must act", 10, result(ordersync.AppCredentialsInvalid, false), 1, 1, 0},
		{"a bug", 10, result(ordersync.UnknownError, false), 1, 1, 0},
		{"denied once", 10, result(ordersync.AccessDenied, false), 1, 0, 0},
		{"denied for good", 10, result(ordersync.AccessDenied, true), 1, 1, 0},
	} {
		run := httpapi.Run{Summary: httpapi.Summary{Total: c.total}, Results: []httpapi.Result{c.result}}
		if c.result.Status == ordersync.StatusFailed {
			run.Summary.Failed = 1
		}
		for failOn, want := range map[string]int{"any": c.any, "operator": c.operator, "never": c.never} {
			got := report(context.Background(), &strings.Builder{}, (&syncCommand{FailOn: failOn}).verdict(run))
			if got != want {
				t.Errorf("%s, --fail-on %s: exit code %d, want %d", c.name, failOn, got, want)
			}
		}
	}
}

// The same through the whole program.
func TestExitCodes(t *testing.T) {
	onBoth(t, func(p *program) {
		seller, token := p.seller("eu")
		_, healthy := p.seller("eu")
		p.imports(line{"tenantId": "bad", "region": "eu", "refreshToken": token}, line{"tenantId": "good", "region": "eu", "refreshToken": healthy})
		_, err := p.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultBadJSON, Seller: seller.Key})
		p.must(err)
		for _, c := range []struct {
			failOn string
			code   int
		}{{"any", exitFailed}, {"operator", exitFailed}, {"never", exitOK}} {
			// A run for one tenant asks whatever the last one found.
			run := p.sync(c.code, "--fail-on", c.failOn, "--tenant", "bad")
			if r := p.of(run, "bad"); r.Status != "failed" || r.ReasonCode != "AMAZON_BAD_RESPONSE" || r.WhoActs != "operator" {
				p.t.Errorf("%+v", r)
			}
		}
		if run := p.sync(exitFailed); run.summary() != "2/1/0/1, partial 0" || !run.Success {
			p.t.Errorf("one tenant's trouble is not its own: %+v", run)
		}
	})
}

// A run that is interrupted says so and settles nothing.
func TestInterrupted(t *testing.T) {
	onBoth(t, func(p *program) {
		p.importSeed()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		a := p.runWith(ctx, "", append(p.settings(), "sync")...)
		if a.code != exitAborted || a.out != "" || !strings.Contains(a.err, "interrupted") {
			p.t.Errorf("%+v", a)
		}
		if run := p.sync(exitOK); run.summary() != "3/2/1/0, partial 0" {
			p.t.Errorf("the run after: %+v", run)
		}
	})
}

// A database that is not there is no wrong use: the work could not be done.
func TestDatabaseOutOfReach(t *testing.T) {
	t.Parallel()
	const password = "canary-of-a-password"
	for _, c := range []struct{ url, words string }{
		{"sqlite:" + t.TempDir() + "/no/such/folder/orders.db", "does its folder exist"},
		{"sqlite:" + t.TempDir(), "is it a database"},
		{"postgres://somebody:" + password + "@127.0.0.1:1/orders", "does not answer"},
		{"postgres://somebody@127.0.0.1:1/orders?password=" + password, "does not answer"},
		{"postgres://somebody:" + password + "@127.0.0.1:1/orders?sslmode=" + password, "does not answer"},
		{"postgres://somebody@127.0.0.1:1/orders?sslmode=odd&password=" + password, "does not answer"},
	} {
		for _, command := range [][]string{{"sync"}, {"migrate"}, {"orders", "list", "--tenant", "t"}, {"tenants", "import", "-"}} {
			var out, talk strings.Builder
			args := append([]string{"--database-url", c.url, "--master-key", strings.Repeat("A", 43) + "="}, command...)
			code := run(context.Background(), args, outside{in: strings.NewReader(""), out: &out, err: &talk, now: realNow})
			if code != exitNotDone || out.Len() > 0 || !strings.Contains(talk.String(), c.words) {
				t.Errorf("%s %s: exit code %d, said %s%s", c.url, command, code, &out, &talk)
			}
			if strings.Contains(talk.String(), password) {
				t.Errorf("%s: a password was said: %s", command, &talk)
			}
		}
	}
}

// A database of a newer version is left alone.
func TestNewerSchema(t *testing.T) {
	onBoth(t, func(p *program) {
		p.importSeed()
		p.query(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, TRUE)`)
		p.unchanged(func() {
			for _, command := range [][]string{{"sync"}, {"migrate"}, {"orders", "list", "--tenant", "kbz_test"}, {"tenants", "import", "-"}} {
				a := p.feed(`{"tenantId":"new","region":"eu"}`, command...)
				if a.code != exitNotDone || a.out != "" || !strings.Contains(a.err, "newer schema") || !strings.Contains(a.err, "use the newer ordersync") {
					p.t.Errorf("%s: %+v", command, a)
				}
			}
		})
	})
}

// An interrupted read says that its context was canceled, whatever the cause was.
func TestInterruptionIsNoFailure(t *testing.T) {
	t.Parallel()
	cause := errors.New("interrupt signal received")
	ctx, interrupt := context.WithCancelCause(t.Context())
	interrupt(cause)
	for _, err := range []error{fmt.Errorf("wait: %w", cause), fmt.Errorf("read: %w", context.Canceled)} {
		var talk strings.Builder
		if code := report(ctx, &talk, err); code != exitAborted || !strings.Contains(talk.String(), "interrupted; ") {
			t.Errorf("%v: exit code %d: %s", err, code, &talk)
		}
	}
	if code := report(t.Context(), io.Discard, context.Canceled); code != exitNotDone {
		t.Errorf("nobody has interrupted: exit code %d", code)
	}
}
