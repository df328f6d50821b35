package engine_test

import (
	"strings"
	"testing"
	"time"

	"ordersync/internal/engine"
	"ordersync/internal/store"
)

func TestSecretAge(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return start.AddDate(0, 0, n) }
	came := func(at int) []store.ClientSecret {
		return []store.ClientSecret{{SeenAt: day(at), EndsAt: day(at + 180), PreviousEnds: day(at + 7)}, {SeenAt: day(at - 100), EndsAt: day(at + 80)}}
	}
	set := func(at int) store.ClientSecret { return store.ClientSecret{SeenAt: day(at)} }
	for _, c := range []struct {
		name  string
		known store.ClientSecrets
		now   int
		want  engine.SecretAge
		warns int
		text  string
	}{
		{"nothing", store.ClientSecrets{}, 0, engine.SecretAge{}, 0, "nobody has told"},
		{"set", store.ClientSecrets{Set: set(0)}, 10, engine.SecretAge{Since: day(0), Seen: true, Ends: day(180), Latest: true}, 0, "at least 10 days old: it was first seen on 2026-01-01, and ends on 2026-06-30 at the latest"},
		{"set, 29 days before", store.ClientSecrets{Set: set(0)}, 151, engine.SecretAge{Since: day(0), Seen: true, Ends: day(180), Latest: true}, 30, "151"},
		{"set, a day too long", store.ClientSecrets{Set: set(0)}, 181, engine.SecretAge{Since: day(0), Seen: true, Ends: day(180), Latest: true}, 0, "must have ended by 2026-06-30"},
		{"came", store.ClientSecrets{Stored: came(0)}, 3, engine.SecretAge{Since: day(0), Rotated: true, Ends: day(180), PreviousEnds: day(7)}, 0, "is 3 days old, of 2026-01-01, and ends on 2026-06-30"},
		{"came, and ended", store.ClientSecrets{Stored: came(0)}, 180, engine.SecretAge{Since: day(0), Rotated: true, Ends: day(180), PreviousEnds: day(7)}, 0, "ended on 2026-06-30"},
		{"came after it was set", store.ClientSecrets{Stored: came(0), Set: set(-50)}, 170, engine.SecretAge{Since: day(0), Rotated: true, Ends: day(180), PreviousEnds: day(7)}, 15, "170"},
		{"set after it came", store.ClientSecrets{Stored: came(0), Set: set(50)}, 176, engine.SecretAge{Since: day(50), Seen: true, Ends: day(230), Latest: true}, 0, "at least 126"},
		{"came late", store.ClientSecrets{Stored: []store.ClientSecret{{SeenAt: day(5), EndsAt: day(180)}}}, 6, engine.SecretAge{Since: day(0), Rotated: true, Ends: day(180)}, 0, "6 days"},
		{"came for a longer life", store.ClientSecrets{Stored: []store.ClientSecret{{SeenAt: day(5), EndsAt: day(365)}}}, 6, engine.SecretAge{Since: day(5), Rotated: true, Ends: day(365)}, 0, "1 days"},
		{"set, and Amazon told", store.ClientSecrets{Set: set(0), NoticedAt: day(10), NoticeEnds: day(100)}, 96, engine.SecretAge{Since: day(0), Seen: true, Ends: day(100)}, 5, "ends on 2026-04-11"},
		{"Amazon told of the one before", store.ClientSecrets{Stored: came(0), NoticedAt: day(-1), NoticeEnds: day(80)}, 1, engine.SecretAge{Since: day(0), Rotated: true, Ends: day(180), PreviousEnds: day(7)}, 0, "ends on 2026-06-30"},
		{"asked", store.ClientSecrets{AskedAt: day(1)}, 1, engine.SecretAge{AskedAt: day(1)}, 0, "nobody"},
	} {
		got := engine.SecretAgeOf(c.known)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if warns := got.Warning(day(c.now)); warns != c.warns {
			t.Errorf("%s: warned %d days before, want %d", c.name, warns, c.warns)
		}
		if text := got.Text(day(c.now)); !strings.Contains(text, c.text) {
			t.Errorf("%s: %q, want %q", c.name, text, c.text)
		}
	}
}
