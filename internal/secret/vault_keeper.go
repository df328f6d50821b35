package secret

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	// loginRest is how old a login must be before a refusal makes a new one. A path
	// that no policy allows would otherwise make a login of every read, and each of
	// them is one more token that Vault has to keep.
	loginRest = 5 * time.Second
	// renewalRest is the longest wait after a renewal that failed.
	renewalRest = 30 * time.Second
	// goodbye is how long Close waits for Vault.
	goodbye = 2 * time.Second
)

// vaultWanted is a call that needs a session other than stale.
type vaultWanted struct {
	stale *vaultSession
	reply chan vaultLogin // with room for one, so that the keeper never waits
}

// vaultLogin is what came of a login.
type vaultLogin struct {
	session *vaultSession
	err     error
}

// ask sends a request in the current session. When it is refused though it was
// allowed when the session began, it is sent once more after a new login.
func (v *Vault) ask(ctx context.Context, call vaultCall) (vaultAnswer, error) {
	s, err := v.getSession(ctx, call, nil)
	if err != nil {
		return vaultAnswer{}, err
	}
	answer, err := v.exchange(ctx, s.client, call)
	refused, ok := errors.AsType[*VaultError](err)
	if !ok || refused.Kind != VaultForbidden || !v.replaceable(s) {
		return answer, err
	}
	if s, err = v.getSession(ctx, call, s); err != nil {
		return vaultAnswer{}, err
	}
	return v.exchange(ctx, s.client, call)
}

// replaceable tells whether a session that was refused may be replaced, or is
// already.
func (v *Vault) replaceable(s *vaultSession) bool {
	if current := v.session.Load(); current != nil && current.token != s.token {
		return true
	}
	if v.config.Auth.again() {
		return v.config.Now().Sub(s.since) >= loginRest
	}
	return v.outdated(s)
}

// outdated tells whether the file of the token has another one by now. While it
// cannot be read the old one is good.
func (v *Vault) outdated(s *vaultSession) bool {
	if v.config.Auth.TokenFile == "" {
		return false
	}
	token, err := v.config.Auth.token()
	return err == nil && token != s.token
}

// usable tells whether a session may be used for a call that found stale dead.
func (v *Vault) usable(s, stale *vaultSession) bool {
	switch {
	case s == nil, stale != nil && s.token == stale.token, v.outdated(s):
		return false
	case !v.config.Auth.again() || s.expires.IsZero():
		return true // whether it is dead, Vault knows better
	}
	return v.config.Now().Before(s.expires)
}

// getSession returns the current session, or has the keeper make one.
func (v *Vault) getSession(ctx context.Context, call vaultCall, stale *vaultSession) (*vaultSession, error) {
	if s := v.session.Load(); v.usable(s, stale) {
		return s, nil
	}
	if ctx.Err() != nil {
		return nil, call.gaveUp(ctx)
	}
	wanted := vaultWanted{stale: stale, reply: make(chan vaultLogin, 1)}
	select {
	case v.wanted <- wanted:
	case <-v.done:
		return nil, call.fail(VaultCancelled, 0, "the client is closed", nil)
	case <-ctx.Done():
		return nil, call.gaveUp(ctx)
	}
	select {
	case login := <-wanted.reply:
		return login.session, login.err
	case <-ctx.Done():
		return nil, call.gaveUp(ctx)
	}
}

// keep is the keeper: the one goroutine that logs in, renews, and gives the token
// back in the end.
func (v *Vault) keep(ctx context.Context) {
	defer close(v.done)
	for {
		// A nil channel never fires.
		var due <-chan time.Time
		if s := v.session.Load(); s != nil && !s.due.IsZero() {
			due = time.After(s.due.Sub(v.config.Now()))
		}
		select {
		case <-ctx.Done():
			v.giveBack(context.WithoutCancel(ctx))
			return
		case wanted := <-v.wanted:
			v.serve(ctx, wanted)
		case <-due:
			v.refresh(ctx)
		}
	}
}

// serve answers a call that needs a session. What comes of a login is given to all
// who came meanwhile as well: one that fails is not tried again for each of a
// thousand. Nobody is answered before all of them are known: who has the answer and
// comes again wants another login.
func (v *Vault) serve(ctx context.Context, first vaultWanted) {
	if s := v.session.Load(); v.usable(s, first.stale) {
		first.reply <- vaultLogin{session: s}
		return
	}
	s, err := v.begin(ctx)
	for _, wanted := range append(v.waiting(), first) {
		wanted.reply <- vaultLogin{session: s, err: err}
	}
}

// waiting takes in all who wait for a session now.
func (v *Vault) waiting() []vaultWanted {
	var all []vaultWanted
	for {
		select {
		case wanted := <-v.wanted:
			all = append(all, wanted)
		default:
			return all
		}
	}
}

// begin logs in and makes the session the current one.
func (v *Vault) begin(ctx context.Context) (*vaultSession, error) {
	ctx, cancel := v.deadline(ctx)
	defer cancel()
	s, err := v.logIn(ctx)
	if err != nil {
		return nil, err
	}
	v.session.Store(s)
	return s, nil
}

// refresh renews the current session; where that fails, or gives so little that
// the token nears the end of what it may live at all, it logs in anew.
func (v *Vault) refresh(ctx context.Context) {
	s, again := v.session.Load(), v.config.Auth.again()
	if s.renews && !v.outdated(s) {
		ttl, err := v.renew(ctx, s)
		if err == nil && (!again || ttl > s.ttl/2) {
			v.session.Store(s.until(v.config.Now(), ttl, again))
			return
		}
		if err != nil {
			v.config.Log.WarnContext(ctx, "Vault did not renew the token", "error", err, "expires", s.expires)
		}
	}
	if again || v.outdated(s) {
		_, err := v.begin(ctx)
		if err == nil {
			return
		}
		v.config.Log.WarnContext(ctx, "the login to Vault failed", "error", err, "expires", s.expires)
	}
	v.session.Store(s.later(v.config.Now()))
}

// later is the session after something failed: it is due again after half of what
// is left, and not at once. What is dead is left to the next call.
func (s *vaultSession) later(now time.Time) *vaultSession {
	next := *s
	next.due = time.Time{}
	if left := s.expires.Sub(now); left > 0 {
		next.due = now.Add(min(max(left/2, time.Second), renewalRest))
	}
	return &next
}

// renew asks Vault to let the token live on and returns for how long it does.
func (v *Vault) renew(ctx context.Context, s *vaultSession) (time.Duration, error) {
	ctx, cancel := v.deadline(ctx)
	defer cancel()
	call := vaultCall{op: "renew", method: http.MethodPut, path: "auth/token/renew-self", body: []byte("{}"), again: true}
	answer, err := v.exchange(ctx, s.client, call)
	if err != nil {
		return 0, err
	}
	auth, err := call.auth(answer)
	if err == nil && auth.LeaseDuration == 0 {
		err = call.fail(VaultBadAnswer, answer.status, "the token lives on for no time", nil)
	}
	return auth.ttl(), err
}

// giveBack revokes a token that was made for this client alone: a program that is
// started every few minutes would leave hundreds of them in Vault.
func (v *Vault) giveBack(ctx context.Context) {
	s := v.session.Swap(nil)
	if s == nil || !v.config.Auth.again() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, goodbye)
	defer cancel()
	call := vaultCall{op: "log out", method: http.MethodPut, path: "auth/token/revoke-self", body: []byte("{}")}
	if _, _, err := v.once(ctx, s.client, call); err != nil {
		v.config.Log.DebugContext(ctx, "the token was not given back to Vault and ends by itself", "error", err)
	}
}
