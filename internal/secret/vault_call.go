package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"
)

// Statuses of Vault's that net/http has no names for. Source: Vault, "sys/health".
const (
	statusSecondary = 472 // disaster recovery secondary
	statusStandby   = 473 // performance standby
)

// vaultCall is one request of Vault's HTTP API.
type vaultCall struct {
	op     string // for errors
	method string // GET, PUT or DELETE
	path   string // below /v1/
	body   []byte // JSON; nil for none
	// again tells that the request may be sent a second time though the first may
	// have been carried out.
	again bool
}

// vaultAnswer is an answer that has a meaning: 2xx, or 404.
type vaultAnswer struct {
	status int
	body   []byte
}

// fail is the error of a call.
func (c vaultCall) fail(kind VaultKind, status int, detail string, err error) *VaultError {
	return &VaultError{Kind: kind, Op: c.op, Path: c.path, Status: status, Detail: detail, err: err}
}

// gaveUp is the error of a call whose context ended.
func (c vaultCall) gaveUp(ctx context.Context) *VaultError {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return c.fail(VaultSlow, 0, "", ctx.Err())
	}
	return c.fail(VaultCancelled, 0, "", ctx.Err())
}

// vaultPause is how long is waited before the repetition n, at least; at most
// twice as long.
func vaultPause(n int) time.Duration { return 100 * time.Millisecond << min(n, 6) }

// exchange sends a request and repeats it as far as it may. 404 is an answer.
func (v *Vault) exchange(ctx context.Context, client *api.Client, call vaultCall) (vaultAnswer, error) {
	for n := 0; ; n++ {
		answer, again, err := v.once(ctx, client, call)
		if err == nil {
			return answer, nil
		}
		if !again || n >= v.config.Retries {
			return vaultAnswer{}, err
		}
		pause := time.NewTimer(vaultPause(n) + v.config.Jitter(vaultPause(n)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return vaultAnswer{}, err
		}
	}
}

// once sends a request once, in its turn, and tells of an error whether the
// request may be sent again.
func (v *Vault) once(ctx context.Context, client *api.Client, call vaultCall) (answer vaultAnswer, again bool, err error) {
	if ctx.Err() != nil {
		return answer, false, call.gaveUp(ctx) // select would take either
	}
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-ctx.Done():
		return answer, false, call.gaveUp(ctx)
	}
	answer, again, err = v.attempt(ctx, client, call)
	if err != nil {
		return answer, again, err
	}
	kind := judgeStatus(answer.status)
	if answer.status == http.StatusServiceUnavailable && v.sealed(ctx) {
		return answer, false, call.fail(VaultSealed, answer.status, "", nil)
	}
	if kind == 0 {
		return answer, false, nil
	}
	return answer, kind == VaultUnreachable && (call.again || notServed(answer.status)), call.fail(kind, answer.status, "", nil)
}

// judgeStatus is the kind of trouble that a status means; 0 for none.
func judgeStatus(status int) VaultKind {
	switch {
	case status >= 200 && status < 300, status == http.StatusNotFound:
		return 0
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return VaultForbidden
	case status >= 500, notServed(status):
		return VaultUnreachable
	}
	return VaultBadAnswer
}

// notServed tells of a status that it says: not here or not now, and nothing was
// done.
func notServed(status int) bool {
	switch status {
	case http.StatusPreconditionFailed, // a standby that is behind
		http.StatusTooManyRequests, statusSecondary, statusStandby:
		return true
	}
	return false
}

// attempt sends a request and reads its answer, whatever its status.
func (v *Vault) attempt(ctx context.Context, client *api.Client, call vaultCall) (answer vaultAnswer, again bool, err error) {
	attempt, cancel := context.WithTimeout(ctx, v.config.CallTimeout)
	defer cancel()
	var reached atomic.Bool
	attempt = httptrace.WithClientTrace(attempt, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached.Store(true) }})

	response, err := send(attempt, client, call)
	if response != nil {
		defer func() { _ = response.Body.Close() }() // what matters of it is read
		// A status is no failure of the exchange.
		if status := new(api.ResponseError); err == nil || errors.As(err, &status) {
			answer.status = response.StatusCode
			answer.body, err = io.ReadAll(response.Body)
		}
	}
	if err == nil {
		return answer, false, nil
	}
	// The address is in the settings and the path in the error already.
	if outer := new(url.Error); errors.As(err, &outer) {
		err = outer.Err
	}
	var network net.Error
	var long longAnswerError
	switch {
	case errors.As(err, &long):
		return answer, false, call.fail(VaultBadAnswer, answer.status, err.Error(), nil)
	case ctx.Err() != nil && (!reached.Load() || errors.Is(ctx.Err(), context.Canceled)):
		return answer, false, call.gaveUp(ctx)
	case !reached.Load():
		return answer, true, call.fail(VaultUnreachable, 0, "no connection", err)
	case attempt.Err() != nil, errors.As(err, &network) && network.Timeout():
		return answer, false, call.fail(VaultSlow, 0, "", err)
	}
	return answer, call.again, call.fail(VaultUnreachable, 0, "the connection broke", err)
}

// send hands a request to the API client.
func send(ctx context.Context, client *api.Client, call vaultCall) (*api.Response, error) {
	switch call.method {
	case http.MethodGet:
		return client.Logical().ReadRawWithContext(ctx, call.path)
	case http.MethodPut:
		return client.Logical().WriteRawWithContext(ctx, call.path, call.body)
	case http.MethodDelete:
		return client.Logical().DeleteRawWithContext(ctx, call.path)
	}
	return nil, fmt.Errorf("method %s is not used", call.method)
}
