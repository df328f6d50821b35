package spapi

import (
	"context"
	"slices"
	"sync"
	"time"

	"ordersync"
)

// The application may have several client secrets at once: for seven days after a
// rotation the one before is good too, and processes learn of the new one at
// different times. Amazon, "Rotate your application's LWA credentials".

const (
	// secretsEvery is how often [Config.StoredSecrets] is asked while all is well.
	secretsEvery = 5 * time.Minute
	// secretsAnew is how old its answer may be where Amazon has refused all that are
	// known: however many tenants are refused, it is asked no more often.
	secretsAnew = 5 * time.Second
	// secretsTime is how long it may take.
	secretsTime = 5 * time.Second
	// refusedFor is how long a secret that was refused is tried after the others: a
	// new one may not be known everywhere at once.
	refusedFor = 10 * time.Minute
	// maxSecrets is how many are tried.
	maxSecrets = 6
)

// clientSecrets is what a client knows of the application's secrets. Its zero value
// knows none.
type clientSecrets struct {
	mu      sync.Mutex
	reading chan struct{}        // closed once who asks for stored ones has them; nil: nobody asks
	stored  []string             // newest first
	asked   time.Time            // when they were asked for last
	failure error                // why that brought none; nil: it did
	refused map[string]time.Time // when Amazon refused which
}

// secretsToTry are the application's secrets, those first that Amazon has not just
// refused, and among them the stored ones, newest first. Stored ones are asked for
// where the last answer is older than age; failure says that there was none, and
// what was known before stands.
func (c *Client) secretsToTry(ctx context.Context, age time.Duration) (list []string, failure error) {
	s := &c.secrets
	if c.config.StoredSecrets != nil {
		s.renew(ctx, c.config.StoredSecrets, age, c.config.Now())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := append(slices.Clone(s.stored), c.config.ClientSecret())
	if c.config.PreviousSecret != nil {
		all = append(all, c.config.PreviousSecret())
	}
	now, last := c.config.Now(), []string{}
	for _, secret := range all {
		switch {
		case secret == "" || slices.Contains(list, secret) || slices.Contains(last, secret):
		case now.Sub(s.refused[secret]).Abs() < refusedFor:
			last = append(last, secret)
		default:
			list = append(list, secret)
		}
	}
	if list = append(list, last...); len(list) == 0 {
		list = []string{""} // Amazon will say what it thinks of that
	}
	return list[:min(len(list), maxSecrets)], s.failure
}

// renew asks for the stored secrets where the last answer is older than age, or waits
// for who asks already. Whoever waits may leave by its context.
func (s *clientSecrets) renew(ctx context.Context, read func(context.Context) ([]string, error), age time.Duration, now time.Time) {
	s.mu.Lock()
	if !s.asked.IsZero() && now.Sub(s.asked).Abs() < age {
		s.mu.Unlock()
		return
	}
	reading := s.reading
	if reading != nil {
		s.mu.Unlock()
		select {
		case <-reading:
		case <-ctx.Done():
		}
		return
	}
	reading = make(chan struct{})
	s.reading = reading
	s.mu.Unlock()
	defer func() { // also where the store panics: nobody may wait for ever
		s.mu.Lock()
		s.reading = nil
		s.mu.Unlock()
		close(reading)
	}()
	s.ask(ctx, read, now)
}

// ask asks for the stored secrets. Whoever asks does it for all: that it leaves must
// not keep the others waiting.
func (s *clientSecrets) ask(ctx context.Context, read func(context.Context) ([]string, error), now time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), secretsTime)
	defer cancel()
	stored, err := read(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.failure = now, err
	known := s.stored
	s.stored = slices.Clone(stored)
	if err == nil {
		return
	}
	for _, secret := range known { // the two that are configured keep their places
		if len(s.stored) < maxSecrets-2 && !slices.Contains(s.stored, secret) {
			s.stored = append(s.stored, secret)
		}
	}
}

// unreadSecrets is the error of a call for which the stored secrets could not be read.
func unreadSecrets(op ordersync.Operation, failure error) error {
	return &Error{Operation: op, Kind: Unavailable, detail: "the client secrets that are stored cannot be read", cause: failure}
}

// wasRefused notes that Amazon does not take a secret; accepted that it does.
func (s *clientSecrets) wasRefused(secret string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil || len(s.refused) > 2*maxSecrets {
		s.refused = map[string]time.Time{}
	}
	s.refused[secret] = now
}

func (s *clientSecrets) wasAccepted(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.refused, secret)
}

// otherSecret tells whether there is another secret than the one that an access
// token was got with, after the API has said that this one has expired: with a
// missed rotation Login with Amazon may go on to hand out tokens that no call takes.
// Amazon, "LWA credentials FAQ".
//
// failure says that the stored ones could not be read: then the expiry is no verdict.
func (c *Client) otherSecret(ctx context.Context, used string) (other bool, failure error) {
	if used != "" {
		c.secrets.wasRefused(used, c.config.Now())
	}
	list, failure := c.secretsToTry(ctx, secretsAnew)
	return len(list) > 1 || used != "" && list[0] != used, failure
}
