package ordersync_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"ordersync"
)

var someVersion = rapid.Custom(func(t *rapid.T) ordersync.Version {
	zone := rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("east", 7200)}).Draw(t, "zone")
	return ordersync.Version{
		LastUpdatedAt: start.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "updated"))).In(zone),
		Epoch:         rapid.Int64Range(0, 2).Draw(t, "epoch"),
		Step:          rapid.Int64Range(0, 2).Draw(t, "step"),
	}
})

// A strict total order: nothing replaces itself, of two unlike versions just one
// replaces the other, and what replaces the second replaces the third.
func TestVersionIsAStrictOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := someVersion.Draw(t, "a"), someVersion.Draw(t, "b"), someVersion.Draw(t, "c")
		same := a.LastUpdatedAt.Equal(b.LastUpdatedAt) && a.Epoch == b.Epoch && a.Step == b.Step
		if a.After(a) {
			t.Fatalf("%v is after itself", a)
		}
		if after, before := a.After(b), b.After(a); after && before || same == (after || before) {
			t.Fatalf("%v after %v: %v, the other way: %v", a, b, after, before)
		}
		if a.After(b) && b.After(c) && !a.After(c) {
			t.Fatalf("%v is after %v, and that after %v, but the first not after the last", a, b, c)
		}
	})
}

// Of all versions of an order the greatest is kept, in whatever order they come and
// however often.
func TestGreatestVersionIsKeptWhateverComesFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(someVersion, 1, 12).Draw(t, "versions")
		keep := func(versions []ordersync.Version) (kept ordersync.Version) {
			for _, v := range versions {
				if v.After(kept) {
					kept = v
				}
			}
			return kept
		}
		kept := keep(all)
		again := keep(append(rapid.Permutation(all).Draw(t, "order"), all...))
		if again.After(kept) || kept.After(again) {
			t.Fatalf("%v is kept, and in another order %v", kept, again)
		}
		for _, v := range all {
			if v.After(kept) {
				t.Fatalf("%v is kept, and %v is after it", kept, v)
			}
		}
	})
}

// Amazon's time counts first, whatever token was taken for the request.
func TestVersionOrder(t *testing.T) {
	v := ordersync.Version{LastUpdatedAt: start, Epoch: 5, Step: 5}
	for _, test := range []struct {
		name     string
		by       ordersync.Version
		replaced bool
	}{
		{"the same", v, false},
		{"later update, older epoch", ordersync.Version{LastUpdatedAt: start.Add(1), Epoch: 1, Step: 1}, true},
		{"earlier update, newer epoch", ordersync.Version{LastUpdatedAt: start.Add(-1), Epoch: 9, Step: 9}, false},
		{"newer epoch, older step", ordersync.Version{LastUpdatedAt: start, Epoch: 6, Step: 1}, true},
		{"older epoch, newer step", ordersync.Version{LastUpdatedAt: start, Epoch: 4, Step: 9}, false},
		{"newer step", ordersync.Version{LastUpdatedAt: start, Epoch: 5, Step: 6}, true},
	} {
		if got := test.by.After(v); got != test.replaced {
			t.Errorf("%s replaces: %v", test.name, got)
		}
	}
	if !v.After(ordersync.Version{}) {
		t.Error("the first version does not replace none")
	}
}
