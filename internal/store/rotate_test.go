package store_test

import (
	"testing"

	"ordersync/internal/store"
)

// Amazon's new refresh token takes the place of the one that was used, and of no
// other; what an operator's file still says of the first one is known from then on.
func TestRotatedTokenReplacesOnlyTheOneThatWasUsed(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.bring(line(bearing("first"))).Connection
		stored := func() string {
			sealed, err := d.Secret(d.ctx, "acme", id, store.RefreshToken)
			d.must(err)
			return string(sealed)
		}
		rotate := func(used, fresh string) bool {
			saved, err := d.RotateToken(d.ctx, "acme", id, []byte("sealed "+used), []byte("sealed "+fresh))
			d.must(err)
			return saved
		}
		equal(t, "another was used", rotate("other", "second"), false)
		equal(t, "stored", stored(), "sealed first")
		equal(t, "another tenant's", d.number(`SELECT COUNT(*) FROM secrets WHERE tenant <> 'acme'`), int64(0))
		equal(t, "the second", rotate("first", "second"), true)
		equal(t, "the third", rotate("second", "third"), true)
		equal(t, "stored", stored(), "sealed third")

		for _, known := range []string{"first", "third"} {
			equal(t, "imported again: "+known, d.bring(line(bearing(known))).Changed, false)
			equal(t, "stored", stored(), "sealed third")
		}
		equal(t, "imported anew", d.bring(line(bearing("new"))).Changed, true)
		equal(t, "rotated too late", rotate("third", "fourth"), false)
		equal(t, "stored", stored(), "sealed new")
		equal(t, "the first is new again", d.bring(line(bearing("first"))).Changed, true)
		equal(t, "stored", stored(), "sealed first")
	})
}

func TestRotationWhoseAnswerWasLostIsSaved(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.bring(line(bearing("first"))).Connection
		d.decide(store.CommitAnswerLost)
		saved, err := d.RotateToken(d.ctx, "acme", id, []byte("sealed first"), []byte("sealed second"))
		d.must(err)
		equal(t, "saved", saved, true)
		d.decide(store.CommitLost)
		saved, err = d.RotateToken(d.ctx, "acme", id, []byte("sealed second"), []byte("sealed third"))
		equal(t, "lost", []bool{saved, err != nil}, []bool{false, true})
	})
}
