package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"ordersync"
	"ordersync/internal/queue"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

const (
	// RotationRests is how long after a rotation, or after one was asked for, no new
	// one is asked for: the message may be on its way, or another process may have it.
	RotationRests = 10 * time.Minute
	// rotationBudget is how often Amazon lets an application ask. Amazon model
	// application_2023-11-30.json.
	rotationBudget = time.Minute
	// lookEvery is how often it is looked whether another process has stored the
	// secret, while the queue is read.
	lookEvery = 2 * time.Second
	// A new secret may not be known everywhere at once.
	acceptTries, acceptPause = 5, 2 * time.Second
)

// Rotation is what became of a rotation.
type Rotation struct {
	AskedAt  time.Time // when Amazon was asked, by whomever; zero: the secret came otherwise
	Asked    bool      // this time
	Accepted bool      // Login with Amazon takes the new secret
	Age      SecretAge // of the new secret
}

// RotationPendingError says that Amazon was asked for a new secret and none has come.
type RotationPendingError struct {
	AskedAt time.Time
	queue   error // why the queue could not be read last; nil: it could
}

func (e *RotationPendingError) Error() string {
	text := "Amazon was asked for a new client secret at " + e.AskedAt.UTC().Format(time.RFC3339) + " and it has not come yet"
	if e.queue != nil {
		text += "; the queue could not be read: " + e.queue.Error()
	}
	return text
}

// Unwrap is why the queue could not be read last.
func (e *RotationPendingError) Unwrap() error { return e.queue }

// RotateClientSecret gets a new client secret: it takes one that lies in the queue or
// came lately, or else asks Amazon and waits until one is stored, by this process or
// by another that reads the same queue; then it asks Login with Amazon whether it
// takes it. Who asks again within [RotationRests] waits for the same, unless again is
// set. It ends with ctx, then with a [RotationPendingError] where Amazon was asked.
// Engine's ClientSecrets and Queue must be set.
func (e *Engine) RotateClientSecret(ctx context.Context, region ordersync.Region, again bool) (Rotation, error) {
	if err := e.ReadNotifications(ctx, time.Second); err != nil {
		return Rotation{}, err // Amazon is not asked for what could not be received
	}
	rest := RotationRests
	if again {
		rest = rotationBudget
	}
	known, err := e.store.Reader().ClientSecrets(ctx, e.set.ClientID)
	if err != nil {
		return Rotation{}, err
	}
	if len(known.Stored) > 0 && e.store.Now().Sub(known.Stored[0].SeenAt).Abs() < rest {
		return e.acceptedSecret(ctx, Rotation{AskedAt: known.AskedAt})
	}
	r := Rotation{}
	if r.AskedAt, r.Asked, err = e.store.AskRotation(ctx, e.set.ClientID, rest); err != nil {
		return Rotation{}, err
	}
	if r.Asked {
		if err := e.askRotation(ctx, region, r.AskedAt); err != nil {
			return Rotation{}, err
		}
		e.log.InfoContext(ctx, "Amazon was asked for a new client secret")
	}
	if err := e.awaitSecret(ctx, r.AskedAt, known); err != nil {
		return r, err
	}
	return e.acceptedSecret(ctx, r)
}

// askRotation asks Amazon. That it was asked is kept before, so that who is
// interrupted does not ask again for nothing; a clear refusal takes it back, and so does
// a login that failed.
func (e *Engine) askRotation(ctx context.Context, region ordersync.Region, asked time.Time) error {
	err := e.amazon.RotateClientSecret(ctx, region)
	var failed *spapi.Error
	errors.As(err, &failed)
	switch kindOf(err) {
	case "":
		return err
	case spapi.Unavailable, spapi.TimedOut, spapi.Cancelled, spapi.BadResponse:
		if failed.Operation != spapi.RotateSecret {
			break // Login with Amazon gave no token to ask with
		}
		return fmt.Errorf("whether Amazon has rotated the secret is not known; the same command waits for it: %w", err)
	}
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	return errors.Join(err, e.store.DropRotation(kept, e.set.ClientID, asked))
}

// awaitSecret reads the queue until a secret is stored that was not known before,
// whatever the clocks say.
func (e *Engine) awaitSecret(ctx context.Context, asked time.Time, before store.ClientSecrets) error {
	pending := &RotationPendingError{AskedAt: asked}
	in := inbox{e, map[string]bool{}}
	for {
		known, err := e.store.Reader().ClientSecrets(ctx, e.set.ClientID)
		switch {
		case ctx.Err() != nil:
			return pending
		case err != nil:
			return err
		case len(known.Stored) == 0:
		case len(before.Stored) == 0, !bytes.Equal(known.Stored[0].Digest, before.Stored[0].Digest):
			return nil
		}
		others, err := in.read(ctx, lookEvery)
		var trouble *queue.Error
		switch {
		case ctx.Err() != nil:
			return pending
		case errors.As(err, &trouble):
			pending.queue = err // it may come back, or another process may read it
		case err != nil:
			return err
		default:
			pending.queue = nil
		}
		if pending.queue != nil || others > 0 {
			if sleep(ctx, lookEvery) != nil {
				return pending
			}
		}
	}
}

// acceptedSecret asks Login with Amazon whether it takes the newest secret.
func (e *Engine) acceptedSecret(ctx context.Context, r Rotation) (Rotation, error) {
	age, err := e.SecretAge(ctx)
	if err != nil {
		return r, err
	}
	r.Age = age
	newest, err := e.set.ClientSecrets.newest(ctx)
	if err != nil || newest == "" {
		return r, err
	}
	for try := 1; ; try++ {
		err := e.amazon.CheckSecret(ctx, newest)
		if r.Accepted = err == nil; r.Accepted {
			return r, nil
		}
		refused := kindOf(err) == spapi.AppCredentials
		if try == acceptTries || sleep(ctx, acceptPause) != nil {
			if refused {
				return r, nil
			}
			return r, fmt.Errorf("the new client secret is stored; whether Amazon takes it could not be asked: %w", err)
		}
	}
}
