package store_test

import (
	"fmt"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// Sealed values are listed page by page, each once, and replaced only where they are
// what was read.
func TestReseal(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for _, tenant := range []ordersync.TenantID{"acme", "globex"} {
			l := d.connected(tenant, "S1")
			_, err := d.ReplaceSecret(d.ctx, tenant, l.Connection.ID, store.RefreshToken, nil, []byte("token"))
			d.must(err)
			for i := range 7 {
				d.page(l, order(fmt.Sprint(i), time.Duration(i)*time.Minute, sealed(ordersync.GroupBuyer, "b"), sealed(ordersync.GroupRecipient, "r")))
			}
		}
		for personal, want := range map[bool]int{false: 2, true: 28} {
			var all []store.Sealed
			for after := (store.Sealed{}); ; {
				page, err := d.SealedAfter(d.ctx, personal, after, 3)
				d.must(err)
				if len(page) == 0 {
					break
				}
				all, after = append(all, page...), page[len(page)-1]
			}
			equal(t, "values", len(all), want)
			fresh := make([]store.Resealed, len(all))
			for i, v := range all {
				fresh[i] = store.Resealed{Sealed: v, Fresh: append([]byte("new "), v.Value...)}
			}
			// One has changed meanwhile, and one is gone.
			fresh[0].Value = []byte("other")
			fresh[1].Name += "?"
			n, err := d.Reseal(d.ctx, fresh)
			d.must(err)
			equal(t, "replaced", n, int64(want-2))
			again, err := d.SealedAfter(d.ctx, personal, store.Sealed{}, 100)
			d.must(err)
			for i, v := range again {
				wanted := fresh[i].Fresh
				if i < 2 {
					wanted = all[i].Value
				}
				equal(t, fmt.Sprint(v.Tenant, v.Name, v.Group), v.Value, wanted)
			}
		}
	})
}

func TestReplaceSetting(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		_, err := d.SetOnce(d.ctx, "name", []byte("a"))
		d.must(err)
		for _, c := range []struct {
			name, used, fresh string
			want              bool
		}{{"name", "x", "b", false}, {"other", "a", "b", false}, {"name", "a", "b", true}, {"name", "a", "c", false}} {
			replaced, err := d.ReplaceSetting(d.ctx, c.name, []byte(c.used), []byte(c.fresh))
			d.must(err)
			equal(t, fmt.Sprint(c), replaced, c.want)
		}
		value, err := d.Setting(d.ctx, "name")
		d.must(err)
		equal(t, "value", string(value), "b")
	})
}

// A secret is replaced where it is what was read; nothing stands for none.
func TestReplaceSecret(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		id := d.connect("acme", "S1")
		d.exec(`DELETE FROM secrets`)
		for _, c := range []struct {
			used, fresh, after string
			want               bool
		}{
			{"x", "a", "", false}, {"", "a", "a", true}, {"", "b", "a", false}, {"x", "b", "a", false},
			{"a", "b", "b", true}, {"a", "", "b", false}, {"b", "", "", true}, {"", "", "", false},
		} {
			part := func(s string) []byte {
				if s == "" {
					return nil
				}
				return []byte(s)
			}
			replaced, err := d.ReplaceSecret(d.ctx, "acme", id, store.RefreshToken, part(c.used), part(c.fresh))
			d.must(err)
			equal(t, fmt.Sprint(c), replaced, c.want)
			got, err := d.Secret(d.ctx, "acme", id, store.RefreshToken)
			d.must(err)
			equal(t, fmt.Sprint(c, " after"), string(got), c.after)
		}
		replaced, err := d.ReplaceSecret(d.ctx, "globex", id, store.RefreshToken, nil, []byte("a"))
		d.must(err)
		equal(t, "of another tenant", replaced, false)
		replaced, err = d.ReplaceSecret(d.ctx, "acme", 999, store.RefreshToken, nil, []byte("a"))
		d.must(err)
		equal(t, "of no connection", replaced, false)
	})
}
