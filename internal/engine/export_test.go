package engine

import (
	"context"
	"time"
)

// ServeVirtual is Serve for a bubble's clock: River takes its times from Go and
// polls, since nothing may wait on a socket there.
func (e *Engine) ServeVirtual(ctx context.Context) (*Service, error) {
	s := &Service{engine: e, drain: make(chan struct{})}
	c := s.config()
	c.PollOnly, c.FetchPollInterval = true, 2*time.Second
	c.Test.Time = virtualTime{}
	return s, s.start(ctx, c)
}

// ServeUnpolled is Serve that hears what rings, or hardly ever looks.
func (e *Engine) ServeUnpolled(ctx context.Context) (*Service, error) {
	s := &Service{engine: e, drain: make(chan struct{})}
	c := s.config()
	c.FetchPollInterval = time.Hour
	return s, s.start(ctx, c)
}

type virtualTime struct{}

func (virtualTime) Now() time.Time { return time.Now() }

func (virtualTime) NowOrNil() *time.Time {
	now := time.Now()
	return &now
}

// Quiet is the doorbells' logger.
var Quiet = quiet

// SecretAgeOf judges what is known of client secrets.
var SecretAgeOf = secretAge
