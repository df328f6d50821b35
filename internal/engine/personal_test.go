package engine_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
)

// held are the personal fields that are stored of an account, opened, by order and
// data group.
func (w *world) held(a account) map[string]string {
	w.t.Helper()
	rows, err := w.store.Database().QueryContext(w.ctx, `SELECT order_id, data_group, sealed FROM order_personal WHERE connection_id = $1`, int64(a.connection))
	w.must(err)
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var id string
		var group int64
		var sealed []byte
		w.must(rows.Scan(&id, &group, &sealed))
		g := ordersync.Groups(group)
		plain, err := w.box.Open(sealed, secret.Owner{Tenant: a.tenant, Connection: a.connection, Purpose: "order " + id + " " + g.String()})
		w.must(err)
		out[id+" "+g.String()] = string(plain)
	}
	w.must(rows.Err())
	return out
}

// Amazon leaves out, field by field, what a role does not open any more. What came
// before stays, and what comes anew is taken.
func TestLostRoleErasesNothing(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 20, 20*time.Hour, time.Hour)
		on := true
		a := w.connect("acme", s, startAt(21*time.Hour), func(spec *engine.ConnectionSpec) { spec.PersonalData = &on })
		w.syncs(a, ordersync.Success)
		before := w.held(a)
		names := 0
		for _, fields := range before {
			names += strings.Count(fields, `"name":`) + strings.Count(fields, `"buyerEmail":`)
		}
		if names < 20 {
			t.Fatalf("only %d names and addresses are held: this test proves nothing", names)
		}

		w.must(w.sim.SetApplicationRoles(w.app.ClientID, spapisim.RoleInventory))
		w.syncs(a, ordersync.Success)
		for _, id := range ids {
			w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: id, Apply: func(o *spapisim.Order) {
				if o.Recipient != nil && o.Recipient.DeliveryAddress != nil {
					o.Recipient.DeliveryAddress.City = "Elsewhere" // that Amazon shows without a role
				}
			}}))
		}
		w.serve(30 * time.Minute)
		w.wantAll(a, 21*time.Hour)
		after := w.held(a)
		cancelled := map[string]bool{}
		truths, err := w.sim.Orders(s.Key)
		w.must(err)
		for _, truth := range truths {
			cancelled[truth.Order.OrderID] = strings.HasPrefix(truth.Order.Fulfillment.FulfillmentStatus, "CANCEL")
		}
		for key, fields := range before {
			order, _, _ := strings.Cut(key, " ")
			for _, field := range []string{"name", "addressLine1", "postalCode", "phone", "buyerName", "buyerEmail", "giftMessage", "customizedUrl"} {
				was := value(fields, field)
				if now := value(after[key], field); !cancelled[order] && was != "" && now != was {
					t.Errorf("%s: %s was %q and is %q", key, field, was, now)
				}
			}
		}
	}, allRoles)
}

// value is a field's text in JSON, "" where it is not there.
func value(fields, name string) string {
	_, rest, _ := strings.Cut(fields, `"`+name+`":"`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

// Stored fields that do not open are damaged: they give way, and stop nothing.
func TestDamagedPersonalFieldsGiveWay(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		ids := w.orders(s, 5, 20*time.Hour, time.Hour)
		on := true
		a := w.connect("acme", s, startAt(21*time.Hour), func(spec *engine.ConnectionSpec) { spec.PersonalData = &on })
		w.syncs(a, ordersync.Success)
		_, err := w.store.Database().ExecContext(w.ctx, `UPDATE order_personal SET sealed = $1`, bytes.Repeat([]byte{1}, 100))
		w.must(err)
		for _, id := range ids {
			w.must(w.sim.Change(s.Key, spapisim.Change{OrderID: id, Apply: func(o *spapisim.Order) {
				if o.Recipient != nil && o.Recipient.DeliveryAddress != nil {
					o.Recipient.DeliveryAddress.Name = "somebody else"
				}
			}}))
		}
		w.serve(30 * time.Minute)
		w.wantAll(a, 21*time.Hour)
		if !strings.Contains(w.log.String(), "stored personal fields do not open") {
			t.Error("nothing is logged of fields that do not open")
		}
	}, allRoles)
}
