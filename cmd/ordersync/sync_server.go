package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
)

// remote asks a running server.
type remote struct {
	base   string // its address, without a slash at the end
	key    string
	client *http.Client
	prefer string // how a run is asked for
	meter  *meter // of targets that are settled
}

// The times of asking a server.
const (
	askedToWait = 50 * time.Second // for a run, within one request
	askTimeout  = 80 * time.Second
	lookFirst   = 200 * time.Millisecond // between two looks at a run, growing
	lookLast    = 2 * time.Second
	// watchAtMost is when a run must have ended: the server ends it at its
	// deadline, unless no process works at all.
	watchAtMost = ordersync.RunDeadline + time.Minute
	// mostTrouble is how many looks in a row may fail while a server starts anew.
	mostTrouble = 10
	maxAnswer   = 256 << 20 // bytes
)

// remote checks the address and the key of a server.
func (i *invocation) remote(server string) (*remote, error) {
	u, err := url.Parse(server)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, usageError{errors.New("--server is no web address: use one like https://ordersync.example.com")}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, usageError{errors.New("--server has a user, a query or a fragment: leave them away")}
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, usageError{errors.New("--server is not https: the key would cross the network in the clear; http is for loopback hosts only")}
	case i.settings.ServerKey == "":
		return nil, usageError{errors.New("ORDERSYNC_SERVER_KEY is not set: --server needs an operator's key, as `ordersync keys create` prints one")}
	}
	prefer := fmt.Sprintf("wait=%d", int(askedToWait.Seconds()))
	if i.liveTalk() {
		prefer = "respond-async" // somebody watches, and is shown how far it is
	}
	return &remote{
		base: strings.TrimRight(u.String(), "/"), key: i.settings.ServerKey, prefer: prefer, meter: i.meter("the server works; %d connections are settled"),
		client: &http.Client{
			Timeout:       askTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the key is this server's only
		},
	}, nil
}

// run starts a run at the server, of one tenant or of all, and watches it to its
// end.
func (r *remote) run(ctx context.Context, tenant ordersync.TenantID) (run httpapi.Run, err error) {
	path := "/api/v1/orders/sync/run/global"
	if tenant != "" {
		path = "/api/v1/orders/sync/run?tenantId=" + url.QueryEscape(string(tenant))
	}
	a, err := r.ask(ctx, http.MethodPost, path)
	if err != nil {
		return run, err
	}
	id, err := a.run()
	if err != nil {
		return run, err
	}
	// The answer to a tenant's run is of another shape, so the run is read anew.
	if a.status != http.StatusOK || tenant != "" {
		return r.watch(ctx, id)
	}
	if err := a.read(&run); err != nil {
		return run, err
	}
	return run, r.addResults(ctx, &run)
}

// watch looks at a run until it has finished. A server that starts anew in the
// meantime does no harm.
func (r *remote) watch(ctx context.Context, id ordersync.RunID) (run httpapi.Run, err error) {
	trouble, end := 0, time.Now().Add(watchAtMost)
	for pause := lookFirst; ; pause = min(2*pause, lookLast) {
		run, err = r.look(ctx, id)
		switch {
		case err == nil && run.Finished:
			return run, r.addResults(ctx, &run)
		case err == nil:
			trouble = 0
		case ctx.Err() == nil && errors.Is(err, errUnreachable) && trouble < mostTrouble:
			trouble++
		default:
			return run, err
		}
		if !time.Now().Before(end) {
			return run, fmt.Errorf("run %s did not finish in %s: does any process of the server have workers?", id, watchAtMost)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return run, fmt.Errorf("watch run %s, which goes on: %w", id, context.Cause(ctx))
		}
	}
}

func (r *remote) look(ctx context.Context, id ordersync.RunID) (run httpapi.Run, err error) {
	a, err := r.ask(ctx, http.MethodGet, "/api/v1/runs/"+string(id))
	if err == nil {
		err = a.problem()
	}
	if err == nil {
		err = a.read(&run)
	}
	if err == nil {
		s := run.Summary
		r.meter.told(int64(s.Success + s.Partial + s.Skipped + s.Failed))
	}
	return run, err
}

// addResults reads the results that a large run leaves out.
func (r *remote) addResults(ctx context.Context, run *httpapi.Run) error {
	if !run.ResultsTruncated {
		return nil
	}
	run.Results, run.ResultsTruncated, run.ResultsLink = nil, false, ""
	for cursor := ""; ; {
		a, err := r.ask(ctx, http.MethodGet, "/api/v1/runs/"+string(run.RunID)+"/results?limit=1000"+cursor)
		if err == nil {
			err = a.problem()
		}
		var page httpapi.ResultList
		if err == nil {
			err = a.read(&page)
		}
		if err != nil {
			return err
		}
		run.Results = append(run.Results, page.Results...)
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
	}
	slices.SortStableFunc(run.Results, func(a, b httpapi.Result) int { return cmp.Compare(a.TenantID, b.TenantID) })
	return nil
}

// errUnreachable says that the server could not be asked just now.
var errUnreachable = errors.New("the server cannot be asked now (is `ordersync serve` running there, and is --server its address?)")

// serverAnswer is what the server answered.
type serverAnswer struct {
	status   int
	location string
	body     []byte
}

// ask sends a request.
func (r *remote) ask(ctx context.Context, method, path string) (a serverAnswer, err error) {
	q, err := http.NewRequestWithContext(ctx, method, r.base+path, http.NoBody)
	if err != nil {
		return a, usageError{errors.New("--server is no web address: use one like https://ordersync.example.com")}
	}
	q.Header.Set("Authorization", "Bearer "+r.key)
	q.Header.Set("User-Agent", programName+"/"+version)
	if method == http.MethodPost {
		q.Header.Set("Prefer", r.prefer)
	}
	answer, err := r.client.Do(q)
	if err != nil {
		if ctx.Err() != nil {
			return a, fmt.Errorf("ask the server: %w", context.Cause(ctx))
		}
		return a, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	defer func() { _ = answer.Body.Close() }()
	a.status, a.location = answer.StatusCode, answer.Header.Get("Location")
	if a.body, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer)); err != nil {
		return a, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	return a, nil
}

// run is the run that an answer speaks of: the one that its Location names, also
// when waiting for it came to an end, or the one in its body.
func (a serverAnswer) run() (ordersync.RunID, error) {
	var body struct {
		RunID string `json:"runId"`
	}
	if _, id, found := strings.Cut(a.location, "/api/v1/runs/"); found {
		body.RunID = id
	} else {
		if err := a.problem(); err != nil {
			return "", err
		}
		if err := a.read(&body); err != nil {
			return "", err
		}
	}
	id, err := ordersync.ParseRunID(body.RunID)
	if err != nil {
		return "", errors.New("the server's answer is no run: is there an ordersync at the address in --server?")
	}
	return id, nil
}

// read reads the body.
func (a serverAnswer) read(v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return errors.New("the server's answer cannot be read: is there an ordersync of this version at the address in --server?")
	}
	return nil
}

// problem says what the server refused, or nil.
func (a serverAnswer) problem() error {
	if a.status == http.StatusOK || a.status == http.StatusAccepted {
		return nil
	}
	var p httpapi.Problem
	_ = json.Unmarshal(a.body, &p) // whatever stands before the server may answer anything
	said := fmt.Errorf("the server answers %d %s: %s", a.status, http.StatusText(a.status), cellOf(p.Detail, 300))
	switch a.status {
	case http.StatusUnauthorized:
		return usageError{errors.New("ORDERSYNC_SERVER_KEY: the server does not know this key: use one of `ordersync keys create` that was not revoked")}
	case http.StatusForbidden:
		return usageError{errors.New("ORDERSYNC_SERVER_KEY: this key does not open that: use an operator's, or ask for the key's own tenant with --tenant")}
	case http.StatusNotFound:
		return usageError{fmt.Errorf("%w (wrong --server or --tenant?)", said)}
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return usageError{said}
	}
	if a.status == http.StatusTooManyRequests || a.status >= 500 {
		return fmt.Errorf("%w: %w", errUnreachable, said)
	}
	return said
}

// cellOf is a sentence from outside on one line, at most so many bytes of it.
func cellOf(s string, most int) string {
	s = plain(s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
