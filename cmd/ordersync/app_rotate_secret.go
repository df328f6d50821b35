package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/queue"
	"ordersync/internal/spapi"
)

// appRotateSecretCommand gets a new client secret from Amazon.
type appRotateSecretCommand struct {
	Wait   time.Duration `default:"5m" help:"How long to wait for Amazon's message, 1s to 1h."`
	Region string        `enum:",eu,na,fe" default:"" help:"Region whose host is asked: eu, na or fe; unset: that of a connection that works, else eu."`
	Again  bool          `help:"Also where a new secret came, or was asked for, within the last ten minutes."`
	JSON   bool          `help:"Print JSON."`
}

// The bounds of --wait.
const shortestWait, longestWait = time.Second, time.Hour

// rotatedSecret is what became of it, as it is printed.
type rotatedSecret struct {
	ClientID       string  `json:"clientId"`
	Asked          bool    `json:"asked"`   // Amazon, by this command
	AskedAt        *string `json:"askedAt"` // by whomever
	Since          *string `json:"since"`
	EndsAt         *string `json:"endsAt"`
	PreviousEndsAt *string `json:"previousEndsAt"`
	Accepted       bool    `json:"accepted"` // Login with Amazon takes it
}

// Run asks Amazon, waits for the message, and says what came of it: exit code 1 where
// Login with Amazon does not take the new secret yet.
func (c *appRotateSecretCommand) Run(i *invocation) (err error) {
	switch {
	case c.Wait < shortestWait || c.Wait > longestWait:
		return usageError{fmt.Errorf("--wait is %s: use %s to %s", c.Wait, shortestWait, longestWait)}
	case i.settings.AmazonQueue == "":
		return usageError{errors.New("ORDERSYNC_AMAZON_NOTIFICATIONS_QUEUE is not set, and Amazon sends a new client secret nowhere else: register a standard SQS queue in the developer console and set its URL (docs/connecting.md), or rotate by hand there")}
	}
	w, err := i.open(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	region, err := c.region(i, w)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(i.ctx, c.Wait)
	defer cancel()
	working := i.meter("waiting for the new client secret in the queue")
	done, err := w.engine.RotateClientSecret(ctx, region, c.Again)
	working.end()
	if err != nil {
		return c.advise(i, err)
	}
	return c.print(i, done)
}

// region is the one whose host is asked.
func (c *appRotateSecretCommand) region(i *invocation, w workplace) (ordersync.Region, error) {
	if c.Region != "" {
		return ordersync.Region(c.Region), nil
	}
	some, err := w.store.Reader().Sample(i.ctx, 1)
	if err != nil || len(some) == 0 {
		return ordersync.RegionEU, err
	}
	return some[0].Region, nil
}

// advise says what to do about a rotation that did not come to its end.
func (c *appRotateSecretCommand) advise(i *invocation, err error) error {
	var pending *engine.RotationPendingError
	var refusal *spapi.Error
	var trouble *queue.Error
	advice := ""
	switch {
	case i.ctx.Err() != nil:
		return context.Cause(i.ctx)
	case errors.As(err, &pending):
		advice = "run the same command again, which waits on and asks no second time within ten minutes; look whether Amazon may write into the queue and whether the developer console has it"
	case errors.As(err, &refusal):
		advice = rotationAdvice[refusal.Kind]
	case errors.As(err, &trouble):
		advice = trouble.Remedy()
	}
	if advice == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, advice)
}

// rotationAdvice is what to do about a refusal of Amazon's.
var rotationAdvice = map[spapi.Kind]string{
	spapi.NotEnrolled:      "register the queue in the developer console, under the application's notification preferences, and try again",
	spapi.Throttled:        "Amazon lets an application ask once a minute: try again then",
	spapi.AppCredentials:   "take client id and secret anew from the developer console, under LWA credentials",
	spapi.AppSecretExpired: "the rotation was missed, and Amazon takes no call any more: rotate by hand in the developer console and set ORDERSYNC_AMAZON_CLIENT_SECRET",
	spapi.Denied:           "the application may not be one of this region: name another with --region; applications of the sandbox cannot be rotated",
	spapi.ClientMismatch:   "the application may not rotate its secret by this interface: rotate by hand in the developer console and set ORDERSYNC_AMAZON_CLIENT_SECRET",
}

func (c *appRotateSecretCommand) print(i *invocation, r engine.Rotation) error {
	out := rotatedSecret{
		ClientID: i.settings.AmazonClientID, Asked: r.Asked, AskedAt: moment(r.AskedAt), Since: moment(r.Age.Since),
		EndsAt: moment(r.Age.Ends), PreviousEndsAt: moment(r.Age.PreviousEnds), Accepted: r.Accepted,
	}
	var err error
	if c.JSON {
		err = printJSON(i.out, out)
	} else {
		_, err = fmt.Fprint(i.out, out.text())
		err = printed(err)
	}
	if err == nil && !r.Accepted {
		err = exitError(exitFailed)
	}
	return err
}

// text says it for people.
func (r rotatedSecret) text() string {
	how := "Amazon was asked for a new client secret at " + shown(r.AskedAt) + "; it came and is stored"
	switch {
	case r.Asked:
	case r.AskedAt == nil:
		how = "A new client secret lay in the queue and is stored; Amazon was not asked for another"
	default:
		how += "; Amazon was not asked again"
	}
	out := how + ".\nIt is good from " + shown(r.Since) + " to " + shown(r.EndsAt)
	if r.PreviousEndsAt != nil {
		out += "; the one before until " + shown(r.PreviousEndsAt)
	}
	if r.Accepted {
		return out + ".\nLogin with Amazon takes it. Every process uses it within five minutes, and at once where the one before is refused.\n"
	}
	return out + ".\nLogin with Amazon does not take it yet. Every process tries it and the one before; look again with `ordersync doctor`.\n"
}
