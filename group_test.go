package ordersync_test

import (
	"testing"

	"ordersync"
)

func TestGroups(t *testing.T) {
	all := ordersync.OrderGroups | ordersync.PersonalGroups
	if got := len(all.Names()); got != ordersync.GroupCount {
		t.Errorf("%d groups have names, want %d", got, ordersync.GroupCount)
	}
	if ordersync.OrderGroups&ordersync.PersonalGroups != 0 {
		t.Error("a group is personal and is not")
	}
	for g := range all + 1 {
		got, err := ordersync.ParseGroups(g.String())
		if err != nil || got != g {
			t.Fatalf("%q reads as %v, %v", g.String(), got, err)
		}
	}
	for _, bad := range []string{"core", "CORE,", ",CORE", "CORE, TAX", "CORE,NEW", "\x00"} {
		if got, err := ordersync.ParseGroups(bad); err == nil {
			t.Errorf("%q reads as %v", bad, got)
		}
	}
	plain, personal := ordersync.Connection{}, ordersync.Connection{PersonalData: true}
	if plain.Groups().Has(ordersync.GroupBuyer) || plain.Groups().Has(ordersync.GroupRecipient) {
		t.Error("a connection that may not hold personal data asks for it")
	}
	if personal.Groups() != all {
		t.Errorf("a connection that may hold personal data asks for %v", personal.Groups())
	}
}
