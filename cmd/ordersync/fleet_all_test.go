package main

import (
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// troublesOfAll are those that meet the whole fleet, after it has been in good
// health. Nobody is told to reconnect because of them.
var troublesOfAll = []struct {
	name   string
	begin  func(f *fleet)
	reason string
}{
	{"the client secret is wrong", func(f *fleet) {
		f.all(spapisim.Fault{Kind: spapisim.FaultLWA, Operation: spapisim.Token, Variant: "invalid_client"})
	}, "APP_CREDENTIALS_INVALID"},
	{"the client secret has expired", func(f *fleet) { f.must(f.sim.ExpireSecret(f.app.ClientID, true)) }, "APP_CREDENTIALS_INVALID"},
	{"the API names the client secret", func(f *fleet) {
		f.all(spapisim.Fault{Kind: spapisim.FaultForbidden, Variant: "secret"})
	}, "APP_CREDENTIALS_INVALID"},
	{"everybody is denied", func(f *fleet) { f.all(spapisim.Fault{Kind: spapisim.FaultForbidden}) }, "PLATFORM_DENIED"},
	{"everybody is revoked", func(f *fleet) {
		f.all(spapisim.Fault{Kind: spapisim.FaultLWA, Operation: spapisim.Token, Variant: "invalid_grant"})
	}, "TOKEN_REVOKED"},
	{"Amazon is down", func(f *fleet) { f.all(spapisim.Fault{Kind: spapisim.FaultUnavailable}) }, "AMAZON_UNAVAILABLE"},
	{"Login is down", func(f *fleet) {
		f.all(spapisim.Fault{Kind: spapisim.FaultInternal, Operation: spapisim.Token})
	}, "AMAZON_UNAVAILABLE"},
	{"the clocks differ", func(f *fleet) {
		f.must(f.sim.SetSwitches(func(s *spapisim.Switches) { s.ClockSkew = spapisim.Duration(-7 * time.Minute) }))
	}, "SUCCESS"}, // it is learned from the answers
	{"all sellers share a plan", func(f *fleet) {
		f.must(f.sim.SetSwitches(func(s *spapisim.Switches) { s.AppRate, s.AppBurst = 100, 100 }))
	}, "SUCCESS"},
}

func (f *fleet) all(fault spapisim.Fault) {
	f.t.Helper()
	_, err := f.sim.AddFault(fault)
	f.must(err)
}

// endAll ends whatever troubles the whole fleet.
func (f *fleet) endAll() {
	f.t.Helper()
	f.sim.ClearFaults()
	f.must(f.sim.ExpireSecret(f.app.ClientID, false))
	f.must(f.sim.SetSwitches(func(s *spapisim.Switches) { *s = spapisim.Switches{} }))
}

// What troubles all at once is told from what troubles one, and passes without
// leaving anything behind.
func TestTroublesOfAll(t *testing.T) {
	inFleet(t, func(f *fleet) {
		members, err := f.sim.Fleet(spapisim.FleetSpec{
			ClientID: f.app.ClientID, Sellers: 6, Orders: 3, From: f.begun.Add(-20 * time.Hour), To: f.begun.Add(-10 * time.Minute), Living: true,
		})
		f.must(err)
		for i, m := range members {
			f.members = append(f.members, &member{Member: m, tenant: "tenant-" + string(rune('a'+i)), ending: well})
		}
		f.importAll()
		f.wantAll("at first", f.global(), "SUCCESS")
		for _, trouble := range troublesOfAll {
			trouble.begin(f)
			var got map[string]resultReport
			for range 2 { // the first run finds out that it is everybody's
				f.later(6 * time.Minute)
				got = f.global()
			}
			f.wantAll(trouble.name, got, trouble.reason)
			if n := len(f.query(`SELECT id FROM connections WHERE state <> 'CONNECTED'`)); n > 0 {
				f.t.Errorf("%s: %d connections are no longer connected", trouble.name, n)
			}
			f.endAll()
			for range 3 { // the application is tried once a minute
				f.later(20 * time.Minute)
				got = f.global()
			}
			f.wantAll("after "+trouble.name, got, "SUCCESS")
		}
	})
}

func (f *fleet) wantAll(when string, got map[string]resultReport, reason string) {
	f.t.Helper()
	for _, m := range f.members {
		if r := got[m.tenant]; r.ReasonCode != reason {
			f.t.Errorf("%s: %s: %s (%s), want %s", when, m.tenant, r.ReasonCode, r.Message, reason)
		}
	}
}
