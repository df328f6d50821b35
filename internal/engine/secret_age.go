package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// SecretAge is how old the application's client secret is and when it ends. Its zero
// value is a secret of which nothing is known.
type SecretAge struct {
	// Since is when it came; where Seen is set it was first seen then, and may be
	// older. Zero: nothing is known.
	Since time.Time
	Seen  bool
	// Rotated: it came by rotation and is stored.
	Rotated bool
	// Ends is when it has to be rotated; where Latest is set at the latest: 180 days
	// after it was first seen. Zero: nothing is known.
	Ends   time.Time
	Latest bool
	// PreviousEnds is when the one before stops to be good; zero: nobody has told.
	PreviousEnds time.Time
	// AskedAt is when a new one was last asked for; zero: never.
	AskedAt time.Time
}

// Known tells whether anything is known.
func (a SecretAge) Known() bool { return !a.Since.IsZero() }

// Ended tells whether it must have been rotated by now.
func (a SecretAge) Ended(now time.Time) bool { return a.Known() && !now.Before(a.Ends) }

// Warning is the last warning that is due at now, in days before the end, one of
// [ordersync.AuthorizationWarnings]; 0: none, or it has ended.
func (a SecretAge) Warning(now time.Time) (days int) {
	if !a.Known() {
		return 0
	}
	return ordersync.WarningBefore(a.Ends, now)
}

// Days is how old it is, at least where Seen is set.
func (a SecretAge) Days(now time.Time) int { return max(0, int(now.Sub(a.Since)/(24*time.Hour))) }

// Text says it for people.
func (a SecretAge) Text(now time.Time) string {
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	if !a.Known() {
		return "nobody has told how old the client secret is, and no process has worked with it yet"
	}
	age := fmt.Sprintf("the client secret is %d days old, of %s", a.Days(now), day(a.Since))
	if a.Seen {
		age = fmt.Sprintf("the client secret is at least %d days old: it was first seen on %s", a.Days(now), day(a.Since))
	}
	switch {
	case a.Ended(now) && a.Latest:
		return age + ", and must have ended by " + day(a.Ends)
	case a.Ended(now):
		return age + ", and ended on " + day(a.Ends)
	case a.Latest:
		return age + ", and ends on " + day(a.Ends) + " at the latest"
	}
	return age + ", and ends on " + day(a.Ends)
}

// SecretAge tells how old the application's client secret is: of the one that came
// last, by rotation or from outside.
func (e *Engine) SecretAge(ctx context.Context) (SecretAge, error) {
	known, err := e.store.Reader().ClientSecrets(ctx, e.set.ClientID)
	if err != nil {
		return SecretAge{}, err
	}
	return secretAge(known), nil
}

func secretAge(known store.ClientSecrets) SecretAge {
	a := SecretAge{AskedAt: known.AskedAt}
	if len(known.Stored) > 0 {
		newest := known.Stored[0]
		a.Rotated, a.Ends, a.PreviousEnds = true, newest.EndsAt, newest.PreviousEnds
		a.Since = newest.EndsAt.Add(-spapi.SecretLife)
		if a.Since.After(newest.SeenAt) { // Amazon gives them a shorter life by now
			a.Since = newest.SeenAt
		}
	}
	if set := known.Set; len(known.Stored) == 0 && !set.SeenAt.IsZero() || len(known.Stored) > 0 && set.SeenAt.After(known.Stored[0].SeenAt) {
		// An operator has rotated by hand since, in the console.
		a = SecretAge{AskedAt: known.AskedAt, Since: set.SeenAt, Seen: true, Ends: set.SeenAt.Add(spapi.SecretLife), Latest: true}
	}
	// What Amazon said of the end is about the secret of then.
	if a.Known() && known.NoticedAt.After(a.Since) && (a.Latest || known.NoticeEnds.Before(a.Ends)) {
		a.Ends, a.Latest = known.NoticeEnds, false
	}
	return a
}

const (
	// secretLooked is how often a process looks at the secret's age.
	secretLooked = 10 * time.Minute
	// secretSaid is how often the log is told that it ends.
	secretSaid = 24 * time.Hour
)

// warnOfSecret notes which client secret is set from outside, and tells the log once
// a day that the secret ends soon, or has.
func (e *Engine) warnOfSecret(ctx context.Context) error {
	now := e.store.Now()
	last := e.looked.Load()
	if last != 0 && now.Sub(time.UnixMilli(last)).Abs() < secretLooked || !e.looked.CompareAndSwap(last, now.UnixMilli()) {
		return nil
	}
	if err := e.set.ClientSecrets.saw(ctx); err != nil {
		return err
	}
	age, err := e.SecretAge(ctx)
	if err != nil || !age.Ended(now) && age.Warning(now) == 0 {
		return err
	}
	said, err := e.store.TakeSecretWarning(ctx, e.set.ClientID, secretSaid)
	if err == nil && said {
		e.log.WarnContext(ctx, age.Text(now), "remedy", e.secretRemedy())
	}
	return err
}

// secretRemedy says how the secret is rotated.
func (e *Engine) secretRemedy() string {
	if e.set.RotatesByCommand {
		return "run `ordersync app rotate-secret`"
	}
	return "rotate it in Amazon's developer console and set ORDERSYNC_AMAZON_CLIENT_SECRET, or set ORDERSYNC_AMAZON_NOTIFICATIONS_QUEUE and run `ordersync app rotate-secret`"
}

// Warning is something about the whole installation that an operator must see to
// before a day. It holds no secret.
type Warning struct {
	Code    string
	Message string
	EndsAt  time.Time
}

// Warnings lists what an operator must see to.
func (e *Engine) Warnings(ctx context.Context) ([]Warning, error) {
	age, err := e.SecretAge(ctx)
	if err != nil {
		return nil, err
	}
	now := e.store.Now()
	code := ""
	switch days := age.Warning(now); {
	case age.Ended(now):
		code = "CLIENT_SECRET_ENDED"
	case days > 0:
		code = fmt.Sprintf("CLIENT_SECRET_ENDS_IN_%d_DAYS", days)
	default:
		return nil, nil
	}
	text := age.Text(now)
	return []Warning{{code, strings.ToUpper(text[:1]) + text[1:] + ": " + e.secretRemedy() + ".", age.Ends}}, nil
}
