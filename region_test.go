package ordersync_test

import (
	"regexp"
	"testing"
	"time"

	"ordersync"
)

func TestMarketplaces(t *testing.T) {
	if got := len(ordersync.Marketplaces); got != 23 {
		t.Errorf("%d marketplaces, want 23", got)
	}
	ids, countries := map[string]bool{}, map[string]bool{}
	for _, m := range ordersync.Marketplaces {
		if ids[m.ID] || countries[m.Country] {
			t.Errorf("%s (%s) stands twice", m.ID, m.Country)
		}
		ids[m.ID], countries[m.Country] = true, true
		if !regexp.MustCompile(`^A[A-Z0-9]{12,13}$`).MatchString(m.ID) || !regexp.MustCompile(`^[A-Z]{2}$`).MatchString(m.Country) {
			t.Errorf("%q (%q) has an odd shape", m.ID, m.Country)
		}
		if region, err := ordersync.ParseRegion(string(m.Region)); err != nil || region != m.Region {
			t.Errorf("%s: region %q, %v", m.ID, m.Region, err)
		}
		if region, known := ordersync.MarketplaceRegion(m.ID); !known || region != m.Region {
			t.Errorf("%s is in %q, %v", m.ID, region, known)
		}
	}
	// Two that are wrong in many lists, and one of each region.
	for id, want := range map[string]ordersync.Marketplace{
		"A1C3SOZRARQ6R3": {Country: "PL", Region: ordersync.RegionEU, SellerCentral: "sellercentral.amazon.pl"},
		"A28R8C7NBKEWEA": {Country: "IE", Region: ordersync.RegionEU, SellerCentral: "sellercentral.amazon.ie"},
		"A13V1IB3VIYZZH": {Country: "FR", Region: ordersync.RegionEU, SellerCentral: "sellercentral-europe.amazon.com"},
		"ATVPDKIKX0DER":  {Country: "US", Region: ordersync.RegionNA, SellerCentral: "sellercentral.amazon.com"},
		"A1VC38T7YXB528": {Country: "JP", Region: ordersync.RegionFE, SellerCentral: "sellercentral.amazon.co.jp"},
	} {
		want.ID = id
		found := false
		for _, m := range ordersync.Marketplaces {
			found = found || m == want
		}
		if !found {
			t.Errorf("%+v is missing", want)
		}
	}
	if _, known := ordersync.MarketplaceRegion("AXXXXXXXXXXXXX"); known {
		t.Error("an unknown marketplace has a region")
	}
}

func TestParseRegion(t *testing.T) {
	for _, bad := range []string{"", "EU", " eu", "eu\x00", "us", "europe"} {
		if got, err := ordersync.ParseRegion(bad); err == nil {
			t.Errorf("%q reads as %q", bad, got)
		}
	}
}

func TestOldestHistory(t *testing.T) {
	year2016 := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name string
		ids  []string
		want time.Time
	}{
		{"none", nil, oldest},
		{"FR", []string{"A13V1IB3VIYZZH"}, oldest},
		{"JP", []string{"A1VC38T7YXB528"}, year2016},
		{"unknown and AU", []string{"AXXXXXXXXXXXXX", "A39IBJ37TRP1C6"}, year2016},
	} {
		if got := ordersync.OldestHistory(test.ids, start); !got.Equal(test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	// Two years before 29 February there was none.
	leap := time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC)
	if got, want := ordersync.AmazonHistory("", leap), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("history at %v begins at %v, want %v", leap, got, want)
	}
}

func TestFindMarketplace(t *testing.T) {
	for name, want := range map[string]string{
		"FR": "A13V1IB3VIYZZH", "fr": "A13V1IB3VIYZZH", "UK": "A1F83G8C2ARO7P", "gb": "A1F83G8C2ARO7P", "A1VC38T7YXB528": "A1VC38T7YXB528",
	} {
		if m, ok := ordersync.FindMarketplace(name); !ok || m.ID != want {
			t.Errorf("%s is %+v, %v", name, m, ok)
		}
	}
	for _, name := range []string{"", "XX", "a13v1ib3viyzzh", "FRA"} {
		if m, ok := ordersync.FindMarketplace(name); ok {
			t.Errorf("%q is %+v", name, m)
		}
	}
}

// A host of Seller Central tells its region, and its country where it has one only.
func TestFindSellerCentral(t *testing.T) {
	for host, want := range map[string]ordersync.Marketplace{
		"sellercentral.amazon.com":        {ID: "ATVPDKIKX0DER", Region: ordersync.RegionNA},
		"sellercentral-europe.amazon.com": {Region: ordersync.RegionEU},
		"sellercentral.amazon.de":         {ID: "A1PA6795UKMFR9", Region: ordersync.RegionEU},
		"sellercentral.amazon.co.uk":      {ID: "A1F83G8C2ARO7P", Region: ordersync.RegionEU},
		"sellercentral.amazon.sg":         {ID: "A19VAU5U5O7RUS", Region: ordersync.RegionFE},
	} {
		if region, id, known := ordersync.FindSellerCentral(host); !known || region != want.Region || id != want.ID {
			t.Errorf("%s: %s, %q, %v", host, region, id, known)
		}
	}
	for _, host := range []string{"", "amazon.com", "SELLERCENTRAL.AMAZON.COM", "sellercentral.amazon.com.", "sellercentral.amazon.com:443", "vendorcentral.amazon.com"} {
		if region, _, known := ordersync.FindSellerCentral(host); known {
			t.Errorf("%q is a host of %s", host, region)
		}
	}
}
