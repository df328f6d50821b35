package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ordersync/internal/store"
)

func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.must(d.CreateKey(d.ctx, store.Key{ID: "k1", Name: "ops"}, "osk_one"))
		d.must(d.CreateKey(d.ctx, store.Key{ID: "k2", Name: "shop", Tenant: "acme"}, "osk_two"))
		ends := begin.Add(12 * time.Hour)
		d.must(d.OpenSession(d.ctx, "osk_one", "first", ends))
		d.must(d.OpenSession(d.ctx, "osk_two", "second", ends))
		for _, wrong := range []string{"", "osk_", "first"} {
			if err := d.OpenSession(d.ctx, wrong, "third", ends); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("a session of the key %q: %v", wrong, err)
			}
		}
		s, err := d.Reader().Session(d.ctx, "second")
		d.must(err)
		equal(t, "session", s, store.Session{Key: store.Key{ID: "k2", Name: "shop", Tenant: "acme", CreatedAt: begin}, EndsAt: ends})
		gone := func(what, session string) {
			t.Helper()
			if _, err := d.Reader().Session(d.ctx, session); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, wrong := range []string{"", "third", "osk_one", "secon"} {
			gone("the session "+wrong, wrong)
		}
		if dump := d.dump(); strings.Contains(dump, "second") {
			t.Error("the database holds what the browser has")
		}

		d.must(d.CloseSession(d.ctx, "first"))
		d.must(d.CloseSession(d.ctx, "first"))
		gone("one that was closed", "first")
		d.must(d.OpenSession(d.ctx, "osk_one", "again", ends.Add(time.Hour)))
		d.must(d.RevokeKey(d.ctx, "k1"))
		gone("one whose key was revoked", "again")

		d.clock.add(12*time.Hour - time.Millisecond)
		if _, err := d.Reader().Session(d.ctx, "second"); err != nil {
			t.Errorf("until its end: %v", err)
		}
		d.clock.add(time.Millisecond)
		gone("one that has ended", "second")
		d.must(d.OpenSession(d.ctx, "osk_two", "fourth", ends.Add(time.Hour)))
		equal(t, "sessions kept", d.number(`SELECT COUNT(*) FROM sessions`), int64(2)) // the revoked key's has an hour left
	})
}
