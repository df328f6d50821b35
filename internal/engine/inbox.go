package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ordersync/internal/queue"
	"ordersync/internal/spapi"
)

// The application's notifications. Amazon gives each message at least once and in no
// order; nothing is signed, and trust rests on the queue's policy. A message is
// deleted only after what it brought is stored. What is not for us stays in the queue
// for others.

const (
	// mostReceipts is how often the queue is asked in one reading, ten messages each.
	mostReceipts = 50
	// othersRest is how long the queue is left alone after a reading that found
	// messages of others, so that these find them.
	othersRest = time.Minute
	// unkeptRest is when a message comes again that could not be stored.
	unkeptRest = 5 * time.Second
	// Pauses after the queue could not be read.
	firstPause, longestPause = 5 * time.Second, 5 * time.Minute
	// keepTime is how long storing what came may take, and telling the queue.
	keepTime = 20 * time.Second
)

// inbox reads the queue for one reader.
type inbox struct {
	*Engine
	said map[string]bool // what the log was told already
}

// ReadNotifications reads what lies in the queue now, waiting so long for the first
// message, and stores what it brings. Without a queue it does nothing.
func (e *Engine) ReadNotifications(ctx context.Context, wait time.Duration) error {
	if e.set.Queue == nil {
		return nil
	}
	in := inbox{e, map[string]bool{}}
	_, err := in.read(ctx, wait)
	return err
}

// read is ReadNotifications; others is how many messages were left where they were.
func (in *inbox) read(ctx context.Context, wait time.Duration) (others int, err error) {
	var left []queue.Message
	defer func() { in.letGo(ctx, left, 0) }()
	for range mostReceipts {
		batch, err := in.set.Queue.Receive(ctx, wait)
		if err != nil || len(batch) == 0 {
			return len(left), err
		}
		for n, m := range batch {
			ours, err := in.take(ctx, m)
			if err != nil {
				in.letGo(ctx, batch[n:], unkeptRest)
				return len(left), err
			}
			if !ours {
				left = append(left, m)
			}
		}
		wait = time.Second // which asks all of the queue's machines, and none waits long
	}
	return len(left), nil
}

// letGo lets others see messages after a time. What is not for us was hidden while all
// was read, since the queue would have given it again and again. Where one cannot be
// let go the rest is left alone: it is seen all the same, somewhat later, and nobody
// who stops waits for a queue that is away.
func (in *inbox) letGo(ctx context.Context, list []queue.Message, after time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	for _, m := range list {
		if err := in.set.Queue.Release(ctx, m, after); err != nil {
			in.log.DebugContext(ctx, "messages could not be let go; others see them in a minute", "message", m.ID, "error", err)
			return
		}
	}
}

// take stores what a message brings and deletes it; not ours: it stays. An error says
// that it could not be stored.
func (in *inbox) take(ctx context.Context, m queue.Message) (ours bool, err error) {
	// What has come is stored, also where the caller ends.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	n, err := spapi.ReadNotification(m.Body)
	switch {
	case err != nil:
		in.once("unreadable "+m.ID, func() {
			in.log.ErrorContext(ctx, "a message in the queue cannot be read; it stays there", "message", m.ID, "error", err)
		})
		return false, nil
	case n.New != nil && n.New.ClientID == in.set.ClientID && in.set.ClientSecrets != nil:
		err = in.newSecret(ctx, n.New)
	case n.Expiry != nil && n.Expiry.ClientID == in.set.ClientID:
		err = in.secretExpires(ctx, n)
	default:
		in.once("other "+n.Type, func() {
			in.log.WarnContext(ctx, "the queue holds messages that are not for this application or of other types; they stay there", "type", n.Type, "message", m.ID)
		})
		return false, nil
	}
	if err != nil {
		return true, fmt.Errorf("store what a notification brought: %w", err)
	}
	if err := in.set.Queue.Delete(ctx, m); err != nil {
		// It comes again, and changes nothing then.
		in.log.WarnContext(ctx, "a message whose content is stored could not be deleted", "message", m.ID, "error", err)
	}
	return true, nil
}

func (in *inbox) newSecret(ctx context.Context, n *spapi.NewSecret) error {
	// No secret lives longer from now on: one that says so would stay the newest
	// whatever came after it.
	if latest := in.store.Now().Add(spapi.SecretLife); n.Ends.After(latest) {
		n.Ends = latest
	}
	newest, err := in.set.ClientSecrets.keep(ctx, n)
	switch {
	case err != nil:
		return err
	case newest:
		in.log.InfoContext(ctx, "a new client secret came and is stored; every process uses it from now on", "ends", n.Ends, "previousEnds", n.PreviousEnds)
	default:
		in.log.InfoContext(ctx, "a client secret came that is older than the stored one", "ends", n.Ends)
	}
	return nil
}

func (in *inbox) secretExpires(ctx context.Context, n spapi.Notification) error {
	// What was said later than now would stay the last word for ever.
	said := n.At
	if now := in.store.Now(); said.IsZero() || said.After(now) {
		said = now
	}
	if err := in.store.NoteSecretEnd(ctx, in.set.ClientID, said, n.Expiry.Ends); err != nil {
		return err
	}
	in.log.WarnContext(ctx, "Amazon says that the client secret ends", "ends", n.Expiry.Ends, "reason", n.Expiry.Reason, "remedy", in.secretRemedy())
	return nil
}

// once tells the log something once for each reader.
func (in *inbox) once(what string, tell func()) {
	if in.said[what] || len(in.said) > 1000 {
		return
	}
	in.said[what] = true
	tell()
}

// readOn reads the queue until what it returns is called, which waits for the end.
func (e *Engine) readOn(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var ended sync.WaitGroup
	ended.Go(func() {
		in := inbox{e, map[string]bool{}}
		for pause := firstPause; ctx.Err() == nil; {
			begun := time.Now()
			others, err := in.read(ctx, queue.MaxWait)
			switch {
			case ctx.Err() != nil:
			case err != nil:
				e.logInbox(ctx, err, pause)
				_ = sleep(ctx, pause) // its end is the loop's
				pause = min(2*pause, longestPause)
				continue
			case others > 0:
				_ = sleep(ctx, othersRest)
			case time.Since(begun) < time.Second: // a queue that does not wait
				_ = sleep(ctx, time.Second)
			}
			pause = firstPause
		}
	})
	return func() {
		cancel()
		ended.Wait()
	}
}

func (e *Engine) logInbox(ctx context.Context, err error, pause time.Duration) {
	var trouble *queue.Error
	if errors.As(err, &trouble) {
		e.log.ErrorContext(ctx, "notifications cannot be read", "error", err, "remedy", trouble.Remedy(), "again", pause)
		return
	}
	e.log.ErrorContext(ctx, "notifications could not be stored; they stay in the queue", "error", err, "again", pause)
}
