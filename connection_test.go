package ordersync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync"
)

func TestCheckMarketplaces(t *testing.T) {
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprintf("A%d", i)
	}
	for _, test := range []struct {
		name   string
		ids    []string
		region ordersync.Region
		want   string // "" when they are taken
	}{
		{"none: discovered later", nil, ordersync.RegionEU, ""},
		{"FR and DE", []string{"A13V1IB3VIYZZH", "A1PA6795UKMFR9"}, ordersync.RegionEU, ""},
		{"a new country", []string{"AXXXXXXXXXXXXX"}, ordersync.RegionEU, ""},
		{"50", many[:50], ordersync.RegionEU, ""},
		{"51", many, ordersync.RegionEU, "at most 50"},
		{"twice", []string{"A13V1IB3VIYZZH", "A13V1IB3VIYZZH"}, ordersync.RegionEU, "stands twice"},
		{"of another region", []string{"ATVPDKIKX0DER"}, ordersync.RegionEU, "belongs to region na"},
		{"one of another region", []string{"A13V1IB3VIYZZH", "A1VC38T7YXB528"}, ordersync.RegionEU, "belongs to region fe"},
		{"empty", []string{""}, ordersync.RegionEU, "wrong shape"},
		{"a country", []string{"fr"}, ordersync.RegionEU, "wrong shape"},
		{"small letters", []string{"a13v1ib3viyzzh"}, ordersync.RegionEU, "wrong shape"},
		{"two in one", []string{"A13V1IB3VIYZZH,A1PA6795UKMFR9"}, ordersync.RegionEU, "wrong shape"},
		{"a line end", []string{"A13V1IB3VIYZZH\n"}, ordersync.RegionEU, "wrong shape"},
		{"10 kB", []string{strings.Repeat("A", 10_240)}, ordersync.RegionEU, "wrong shape"},
	} {
		err := ordersync.CheckMarketplaces(test.ids, test.region)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		case err != nil && !strings.Contains(err.Error(), "marketplaceIds"):
			t.Errorf("%s: the error does not name the field: %v", test.name, err)
		}
	}
}

func TestCheckSellerID(t *testing.T) {
	for _, good := range []string{"", "A3TH9S8BH6GOGM", "A"} {
		if err := ordersync.CheckSellerID(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{" ", "a3th9s8bh6gogm", "A3TH9S8BH6GOGM ", "A-B", "\x00", strings.Repeat("A", 33)} {
		if err := ordersync.CheckSellerID(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestStatesReadAsTheyAreWritten(t *testing.T) {
	names := []string{"PENDING", "CONNECTED", "ERROR", "DISABLED"}
	var written []string
	for _, state := range []ordersync.State{ordersync.Pending, ordersync.Connected, ordersync.NeedsReconnect, ordersync.Disabled} {
		written = append(written, state.SeedName())
		if got, err := ordersync.ParseState(state.SeedName()); err != nil || got != state {
			t.Errorf("%s reads as %s, %v", state.SeedName(), got, err)
		}
	}
	if !slices.Equal(written, names) {
		t.Errorf("states are written %v, want %v", written, names)
	}
	for _, bad := range []string{"", "connected", "NEEDS_RECONNECT", "PAUSED", "\x00"} {
		if got, err := ordersync.ParseState(bad); err == nil {
			t.Errorf("%q reads as %s", bad, got)
		}
	}
}

func TestRefusedIsAmazonsOwnWord(t *testing.T) {
	since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		state   ordersync.State
		revoked time.Time
		want    bool
	}{
		{"refused before the state", ordersync.NeedsReconnect, since.Add(-time.Minute), true},
		{"refused at the same moment", ordersync.NeedsReconnect, since, true},
		{"refused after an operator's word", ordersync.NeedsReconnect, since.Add(time.Minute), false},
		{"never refused", ordersync.NeedsReconnect, time.Time{}, false},
		{"refused once", ordersync.Connected, since, false},
	} {
		got := ordersync.Connection{State: c.state, StateSince: since, RevokedAt: c.revoked}.Refused()
		if got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestAuthorizationEnds(t *testing.T) {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	c := ordersync.Connection{AuthorizedAt: at}
	if got := c.AuthorizedUntil(); !got.Equal(at.AddDate(1, 0, 0)) {
		t.Errorf("until %s", got)
	}
	if none := (ordersync.Connection{}); !none.AuthorizedUntil().IsZero() || none.AuthorizationWarning(at) != 0 {
		t.Error("one of which nobody said when it began has an end")
	}
	day := 24 * time.Hour
	for after, want := range map[time.Duration]int{
		0: 0, 335*day - time.Second: 0, 335 * day: 30, 350*day - time.Second: 30, 350 * day: 15, 360*day - time.Second: 15,
		360 * day: 5, 365*day - time.Second: 5, 365 * day: 0, 400 * day: 0,
	} {
		if got := c.AuthorizationWarning(at.Add(after)); got != want {
			t.Errorf("after %s: %d, want %d", after, got, want)
		}
	}
}
