package engine_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"

	"github.com/klauspost/compress/zstd"
)

// everyByte is all that lies on disk, packed bodies unpacked.
func (w *world) everyByte() []byte {
	w.t.Helper()
	all := w.onDisk()
	return append(all, unpacked(all)...)
}

// onDisk is all that lies on disk.
func (w *world) onDisk() (all []byte) {
	w.t.Helper()
	for _, name := range []string{w.file, w.file + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			w.t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// unpacked are the contents of all zstd frames that lie in one piece.
func unpacked(b []byte) []byte {
	var out bytes.Buffer
	for {
		i := bytes.Index(b, []byte{0x28, 0xB5, 0x2F, 0xFD})
		if i < 0 {
			return out.Bytes()
		}
		b = b[i:]
		if d, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1)); err == nil {
			_, _ = out.ReadFrom(d) // what follows the frame is none, and ends it
			d.Close()
		}
		b = b[4:]
	}
}

// wantSealed checks that no refresh or access token lies in the clear, on disk
// or in the log.
func (w *world) wantSealed(accounts ...account) {
	w.t.Helper()
	disk, log := w.everyByte(), w.log.String()
	for _, text := range []string{"Atzr|", "Atza|", w.app.ClientSecret} {
		if bytes.Contains(disk, []byte(text)) {
			w.t.Errorf("%.12s… lies in the database", text)
		}
		if strings.Contains(log, text) {
			w.t.Errorf("%.12s… stands in the log", text)
		}
	}
	for _, a := range accounts {
		sealed, err := w.store.Secret(w.ctx, a.tenant, a.connection, "refresh_token")
		w.must(err)
		if len(sealed) == 0 || bytes.Contains(sealed, []byte("Atzr|")) {
			w.t.Errorf("%s: the stored token has %d bytes", a.tenant, len(sealed))
		}
	}
}

// personal lists the personal texts of orders.
func personal(orders []spapisim.Truth) []string {
	var out []string
	for _, t := range orders {
		o := t.Order
		if o.Buyer != nil {
			out = append(out, o.Buyer.BuyerName, o.Buyer.BuyerEmail)
		}
		if o.Recipient != nil && o.Recipient.DeliveryAddress != nil {
			a := o.Recipient.DeliveryAddress
			out = append(out, a.Name, a.AddressLine1, a.PostalCode, a.Phone)
		}
		for _, i := range o.OrderItems {
			if i.Fulfillment != nil && i.Fulfillment.Packing != nil && i.Fulfillment.Packing.GiftOption != nil {
				out = append(out, i.Fulfillment.Packing.GiftOption.GiftMessage)
			}
			if i.Product.Customization != nil {
				out = append(out, i.Product.Customization.CustomizedURL)
			}
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return len(s) < 6 }) // shorter ones may occur by chance
}

// allRoles lets Amazon show everything personal.
func allRoles(s *setup) {
	s.app.Roles = []spapisim.Role{spapisim.RoleInventory, spapisim.RoleDirectShipping, spapisim.RoleTaxInvoicing}
	s.sim.Switches.UnknownFields = true
}

// wantNothingPersonal checks disk and log against the truth.
func (w *world) wantNothingPersonal(s spapisim.Seller) {
	w.t.Helper()
	truths, err := w.sim.Orders(s.Key)
	w.must(err)
	disk, log := w.everyByte(), w.log.String()
	texts := personal(truths)
	if len(texts) < 50 {
		w.t.Fatalf("only %d personal texts to look for", len(texts))
	}
	for _, text := range texts {
		if bytes.Contains(disk, []byte(text)) {
			w.t.Errorf("%q lies in the database", text)
		}
		if strings.Contains(log, text) {
			w.t.Errorf("%q stands in the log", text)
		}
	}
	if n := bytes.Count(disk, []byte(`{"orderId":"`)); n < len(truths)*8/10 {
		w.t.Errorf("only %d bodies of %d were unpacked: this test proves nothing", n, len(truths))
	}
}

func TestPersonalDataOff(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 30, 20*time.Hour, time.Hour, func(g *spapisim.Generate) { g.Unreadable = 0.2 })
		a := w.connect("acme", s, startAt(21*time.Hour))
		w.syncs(a, ordersync.Success)
		for _, search := range w.asked(s) {
			if strings.Contains(search.groups, "BUYER") || strings.Contains(search.groups, "RECIPIENT") {
				t.Errorf("personal data was asked for: %s", search.groups)
			}
		}
		w.wantNothingPersonal(s)
		w.wantAll(a, 21*time.Hour)
	}, allRoles)
}

func TestPersonalDataOnIsSealed(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		w.orders(s, 30, 20*time.Hour, time.Hour, func(g *spapisim.Generate) { g.Unreadable = 0.2 })
		on := true
		a := w.connect("acme", s, startAt(21*time.Hour), func(spec *engine.ConnectionSpec) { spec.PersonalData = &on })
		w.syncs(a, ordersync.Success)
		for _, search := range w.asked(s) {
			if !strings.Contains(search.groups, "BUYER") || !strings.Contains(search.groups, "RECIPIENT") {
				t.Errorf("personal data was not asked for: %s", search.groups)
			}
		}
		w.wantNothingPersonal(s)
		w.wantAll(a, 21*time.Hour)
	}, allRoles)
}

// A key that does not open the token is the store's trouble, never the tenant's.
func TestWrongMasterKeyIsNoVerdict(t *testing.T) {
	play(t, func(w *world) {
		s := w.seller()
		a := w.connect("acme", s, startAt(time.Hour))
		box, err := secret.ParseMasterKey(secret.GenerateMasterKey())
		w.must(err)
		w.box = box
		right := w.engine
		w.engine = w.newEngine(w.store)
		got := w.syncs(a, ordersync.SecretStoreUnavailable)
		if c := w.connection(a); c.State != ordersync.Connected || got.Outcome.Confirmed {
			t.Errorf("the connection is %s, confirmed %t", c.State, got.Outcome.Confirmed)
		}
		if n := w.counters().Total("", "", -1); n != 0 {
			t.Errorf("%d calls without a token", n)
		}
		w.engine = right
		w.syncs(a, ordersync.Success)
	})
}

// A token that is not there is skipped without any call, asked for hourly, and
// there is never a fallback to another tenant's.
func TestTokenMissing(t *testing.T) {
	var p tape
	play(t, func(w *world) {
		s := w.seller()
		missing := w.connect("missing", s, startAt(time.Hour), noToken)
		w.connect("other", s, startAt(time.Hour))
		got := w.run(ordersync.GlobalRun, "")
		wantReason(t, got["missing"], ordersync.TokenMissing)
		wantReason(t, got["other"], ordersync.Success)
		if text := got["missing"].Outcome.Text(); text != "No refresh token in Vault - reconnect Amazon required" {
			t.Errorf("it says %q", text)
		}
		var asked []time.Duration
		last := w.connection(missing).LastReasonAt
		begun := last
		for range 42 {
			w.serve(5 * time.Minute)
			if c := w.connection(missing); !c.LastReasonAt.Equal(last) {
				// A tick comes each second: some seconds add up.
				asked, last = append(asked, c.LastReasonAt.Sub(begun).Round(10*time.Second)), c.LastReasonAt
			}
		}
		if want := []time.Duration{time.Hour, 2 * time.Hour, 3 * time.Hour}; !slices.Equal(asked, want) {
			t.Errorf("it was looked for again after %s", asked)
		}
		before := len(p.all())
		w.syncs(missing, ordersync.TokenMissing)
		if n := len(p.all()) - before; n != 0 {
			t.Errorf("%d calls for a tenant without a token", n)
		}
		w.reauthorize(missing)
		w.syncs(missing, ordersync.Success)
	}, p.record())
}
