package store_test

import (
	"fmt"
	"testing"
	"time"

	"ordersync/internal/store"
)

func (d *database) clientSecrets() store.ClientSecrets {
	d.t.Helper()
	c, err := d.Reader().ClientSecrets(d.ctx, "client")
	d.must(err)
	return c
}

// kept are the digests of the stored secrets, the one that ends last first.
func (d *database) kept() (out []string) {
	d.t.Helper()
	for _, c := range d.clientSecrets().Stored {
		out = append(out, string(c.Digest))
	}
	return out
}

// The secret that ends last is the newest, in whatever order and however often they
// come; the one before stays, and no more.
func TestClientSecretsAreKept(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		save := func(digest string, ends time.Duration, want bool) {
			t.Helper()
			newest, err := d.SaveClientSecret(d.ctx, "client", store.ClientSecret{
				Digest: []byte(digest), Sealed: []byte("sealed " + digest), EndsAt: begin.Add(ends), PreviousEnds: begin.Add(time.Hour),
			})
			d.must(err)
			equal(t, "newest", newest, want)
			d.clock.add(time.Minute)
		}
		equal(t, "at first", d.clientSecrets(), store.ClientSecrets{})
		save("b", 20*time.Hour, true)
		save("a", 10*time.Hour, false)
		equal(t, "out of order", fmt.Sprint(d.kept()), "[b a]")
		first := d.clientSecrets()
		save("b", 20*time.Hour, true)
		save("a", 10*time.Hour, false)
		equal(t, "twice", d.clientSecrets(), first)
		equal(t, "the first", first.Stored[0], store.ClientSecret{
			Digest: []byte("b"), Sealed: []byte("sealed b"), SeenAt: begin, EndsAt: begin.Add(20 * time.Hour), PreviousEnds: begin.Add(time.Hour),
		})
		save("c", 30*time.Hour, true)
		save("a", 10*time.Hour, false)
		equal(t, "the oldest goes", fmt.Sprint(d.kept()), "[c b]")
		other, err := d.Reader().ClientSecrets(d.ctx, "other")
		d.must(err)
		equal(t, "another application", other, store.ClientSecrets{})
	})
}

// Of a secret that is set from outside it is remembered since when it is known.
func TestSetClientSecretsAreSeen(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		see := func(digest string) {
			t.Helper()
			d.must(d.SawClientSecret(d.ctx, "client", []byte(digest)))
			d.clock.add(time.Hour)
		}
		see("a")
		see("a")
		equal(t, "seen first", d.clientSecrets().Set, store.ClientSecret{Digest: []byte("a"), SeenAt: begin})
		see("b")
		see("a")
		equal(t, "the last new one", d.clientSecrets().Set, store.ClientSecret{Digest: []byte("b"), SeenAt: begin.Add(2 * time.Hour)})
		for n := range 20 {
			see(fmt.Sprint(n))
		}
		equal(t, "remembered", d.number(`SELECT COUNT(*) FROM client_secrets`), 10)

		// The one that came by rotation and is set too is one.
		_, err := d.SaveClientSecret(d.ctx, "client", store.ClientSecret{Digest: []byte("19"), Sealed: []byte("s"), EndsAt: begin.Add(99 * time.Hour)})
		d.must(err)
		see("19")
		got := d.clientSecrets()
		equal(t, "stored", fmt.Sprint(d.kept()), "[19]")
		equal(t, "set", string(got.Set.Digest), "18")
	})
}

// One that is set from outside and came by rotation is not new when its place is taken.
func TestSetClientSecretIsRememberedAfterItsPlaceWasTaken(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		save := func(digest string, ends time.Duration) {
			t.Helper()
			_, err := d.SaveClientSecret(d.ctx, "client", store.ClientSecret{Digest: []byte(digest), Sealed: []byte("s"), EndsAt: begin.Add(ends)})
			d.must(err)
			d.clock.add(time.Hour)
		}
		d.must(d.SawClientSecret(d.ctx, "client", []byte("a")))
		d.clock.add(time.Hour)
		save("a", 10*time.Hour)
		save("b", 20*time.Hour)
		save("c", 30*time.Hour)
		d.must(d.SawClientSecret(d.ctx, "client", []byte("a")))
		equal(t, "stored", fmt.Sprint(d.kept()), "[c b]")
		equal(t, "set", d.clientSecrets().Set, store.ClientSecret{Digest: []byte("a"), SeenAt: begin})
		save("b2", 25*time.Hour) // out of order; b, which came before c, loses its place
		save("b3", 26*time.Hour) // and b2, which came after c
		if got := d.clientSecrets(); got.Set.SeenAt.After(got.Stored[0].SeenAt) {
			t.Errorf("one that lost its place is newer than the newest: %+v", got)
		}
		equal(t, "remembered", d.number(`SELECT COUNT(*) FROM client_secrets`), 5)
		save("early", time.Hour)
		equal(t, "one that was kept for no moment", d.number(`SELECT COUNT(*) FROM client_secrets`), 5)
	})
}

func TestRotationIsAskedForOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		ask := func(want bool, at time.Time) {
			t.Helper()
			asked, ok, err := d.AskRotation(d.ctx, "client", 10*time.Minute)
			d.must(err)
			equal(t, "asked", ok, want)
			equal(t, "when", asked, at)
		}
		ask(true, begin)
		d.clock.add(time.Minute)
		ask(false, begin)
		d.must(d.DropRotation(d.ctx, "client", begin.Add(time.Second)))
		ask(false, begin)
		d.must(d.DropRotation(d.ctx, "client", begin))
		equal(t, "dropped", d.clientSecrets().AskedAt, time.Time{})
		ask(true, begin.Add(time.Minute))
		d.clock.add(10 * time.Minute)
		ask(true, begin.Add(11*time.Minute))
		d.clock.add(-time.Minute) // clocks of processes differ somewhat
		ask(false, begin.Add(11*time.Minute))
		d.clock.add(-time.Hour) // a clock that was set back keeps nobody from asking
		ask(true, begin.Add(-50*time.Minute))
		equal(t, "the application works", d.application(), store.Application{})
	})
}

func TestWordsOnTheSecretsEnd(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		note := func(said, ends, want time.Duration) {
			t.Helper()
			d.must(d.NoteSecretEnd(d.ctx, "client", begin.Add(said), begin.Add(ends)))
			equal(t, "ends", d.clientSecrets().NoticeEnds, begin.Add(want))
		}
		note(time.Hour, 10*time.Hour, 10*time.Hour)
		note(0, 5*time.Hour, 10*time.Hour)
		note(2*time.Hour, 20*time.Hour, 20*time.Hour)
		take := func(want bool) {
			t.Helper()
			ok, err := d.TakeSecretWarning(d.ctx, "client", 24*time.Hour)
			d.must(err)
			equal(t, "time to warn", ok, want)
		}
		take(true)
		take(false)
		d.clock.add(23 * time.Hour)
		take(false)
		d.clock.add(time.Hour)
		take(true)
		d.clock.add(-48 * time.Hour) // a clock that was set back keeps nobody silent
		take(true)
	})
}

func TestStoredClientSecretsAreSealedAnew(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		_, err := d.SaveClientSecret(d.ctx, "client", store.ClientSecret{Digest: []byte("a"), Sealed: []byte("old"), EndsAt: begin})
		d.must(err)
		d.must(d.SawClientSecret(d.ctx, "client", []byte("b")))
		all, err := d.SealedSecrets(d.ctx)
		d.must(err)
		equal(t, "sealed", len(all), 1)
		for _, want := range []bool{true, false} {
			done, err := d.ResealClientSecret(d.ctx, all[0], []byte("new"))
			d.must(err)
			equal(t, "replaced", done, want)
		}
		equal(t, "now", string(d.clientSecrets().Stored[0].Sealed), "new")
	})
}
