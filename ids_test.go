package ordersync_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"ordersync"
)

// maxRefusal is the longest refusal, in characters: a sentence, and the value as
// far as it is shown.
const maxRefusal = 1000

// Whatever comes as an id or a word of a closed list: what is taken is kept as it
// came and is plain ASCII within its bounds, and a refusal can be printed, names
// what is wrong, and never repeats a long text whole.
func FuzzIDs(f *testing.F) {
	for _, seed := range []string{
		"", "acme", "-acme", "a b", "Global", "SYSTEM-GLOBAL", "eu", "EU", "CONNECTED", "ERROR", "NEEDS_RECONNECT", "A3TH9S8BH6GOGM", "a3th",
		"A13V1IB3VIYZZH", "ATVPDKIKX0DER,A13V1IB3VIYZZH", "CORE,BUYER,CORE", "CORE,", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "é", "a\x00", "\x1b[31m", "a\n",
		strings.Repeat("a", 128), strings.Repeat("a", 129), strings.Repeat("A", 33),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tenant, err := ordersync.ParseTenantID(s)
		taken(t, "tenant", s, string(tenant), err, 128)
		if err == nil && strings.Contains(strings.ToLower(s), "global") && len(s) == len("global") {
			t.Fatalf("%q names one tenant", s)
		}
		region, err := ordersync.ParseRegion(s)
		taken(t, "region", s, string(region), err, 2)
		run, err := ordersync.ParseRunID(s)
		taken(t, "run id", s, string(run), err, 26)
		state, err := ordersync.ParseState(s)
		taken(t, "status", s, state.SeedName(), err, 16)
		taken(t, "sellingPartnerId", s, s, ordersync.CheckSellerID(s), 32)
		groups, err := ordersync.ParseGroups(s)
		refused(t, "data group", s, err)
		if again, err := ordersync.ParseGroups(groups.String()); err != nil || again != groups {
			t.Fatalf("%q are the groups %s, and those %s, %v", s, groups, again, err)
		}
		checkMarketplaces(t, strings.Split(s, ","))
	})
}

// taken checks what became of a text that stays what it is when it is taken.
func taken(t *testing.T, what, given, got string, err error, most int) {
	t.Helper()
	if err != nil {
		refused(t, what, given, err)
		return
	}
	if got != given || len(given) > most {
		t.Fatalf("%s %q is taken as %q", what, given, got)
	}
	for i := range len(given) {
		if given[i] <= ' ' || given[i] > '~' {
			t.Fatalf("%s %q is taken", what, given)
		}
	}
}

func refused(t *testing.T, what, given string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	said := err.Error()
	if !strings.HasPrefix(said, what) || utf8.RuneCountInString(said) > maxRefusal || len(given) > 100 && strings.Contains(said, escaped.Replace(given)) {
		t.Fatalf("%s %q is refused with %q", what, given, said)
	}
	for _, r := range said {
		if !strconv.IsPrint(r) {
			t.Fatalf("%s %q is refused with %q", what, given, said)
		}
	}
}

// escaped writes a printable text as a refusal shows it.
var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// checkMarketplaces checks a list in every region: it fits one at most, unless
// nobody knows any of its ids.
func checkMarketplaces(t *testing.T, ids []string) {
	t.Helper()
	fits, known := 0, false
	for _, id := range ids {
		_, published := ordersync.MarketplaceRegion(id)
		known = known || published
	}
	for _, region := range []ordersync.Region{ordersync.RegionEU, ordersync.RegionNA, ordersync.RegionFE} {
		err := ordersync.CheckMarketplaces(ids, region)
		refused(t, "marketplaceIds", strings.Join(ids, ","), err)
		if err != nil {
			continue
		}
		fits++
		seen := map[string]bool{}
		for _, id := range ids {
			if seen[id] || id == "" || strings.Contains(id, ",") {
				t.Fatalf("%q are taken", ids)
			}
			seen[id] = true
		}
	}
	if len(ids) > ordersync.MaxMarketplaces && fits > 0 || known && fits > 1 {
		t.Fatalf("%q fit %d regions", ids, fits)
	}
}
