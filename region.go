package ordersync

import (
	"fmt"
	"strings"
	"time"
)

// Region is one of Amazon's three Selling Partner API regions. One consent of a
// seller covers all marketplaces of one region.
type Region string

// The regions. Source: Amazon, "SP-API Endpoints".
const (
	RegionEU Region = "eu"
	RegionNA Region = "na"
	RegionFE Region = "fe"
)

// ParseRegion reads eu, na or fe.
func ParseRegion(s string) (Region, error) {
	switch r := Region(s); r {
	case RegionEU, RegionNA, RegionFE:
		return r, nil
	}
	return "", fmt.Errorf("region %s is unknown: use eu, na or fe", ShowBytes([]byte(s)))
}

// Marketplace is one country shop of Amazon.
type Marketplace struct {
	ID      string
	Country string // ISO 3166-1 alpha-2
	Region  Region
	// SellerCentral is the host on which its sellers sign in and consent.
	SellerCentral string
}

// Marketplaces lists the marketplaces that Amazon has published. Orders of
// other ids occur (off-Amazon channels, new countries) and are stored all the
// same. Source: Amazon, "Marketplace IDs", and for the hosts "Seller Central URLs";
// those of Ireland and South Africa are not confirmed.
var Marketplaces = []Marketplace{
	{"A2EUQ1WTGCTBG2", "CA", RegionNA, "sellercentral.amazon.ca"},
	{"ATVPDKIKX0DER", "US", RegionNA, "sellercentral.amazon.com"},
	{"A1AM78C64UM0Y8", "MX", RegionNA, "sellercentral.amazon.com.mx"},
	{"A2Q3Y263D00KWC", "BR", RegionNA, "sellercentral.amazon.com.br"},
	{"A28R8C7NBKEWEA", "IE", RegionEU, "sellercentral.amazon.ie"},
	{"A1RKKUPIHCS9HS", "ES", RegionEU, "sellercentral-europe.amazon.com"},
	{"A1F83G8C2ARO7P", "GB", RegionEU, "sellercentral-europe.amazon.com"},
	{"A13V1IB3VIYZZH", "FR", RegionEU, "sellercentral-europe.amazon.com"},
	{"AMEN7PMS3EDWL", "BE", RegionEU, "sellercentral.amazon.com.be"},
	{"A1805IZSGTT6HS", "NL", RegionEU, "sellercentral.amazon.nl"},
	{"A1PA6795UKMFR9", "DE", RegionEU, "sellercentral-europe.amazon.com"},
	{"APJ6JRA9NG5V4", "IT", RegionEU, "sellercentral-europe.amazon.com"},
	{"A2NODRKZP88ZB9", "SE", RegionEU, "sellercentral.amazon.se"},
	{"AE08WJ6YKNBMC", "ZA", RegionEU, "sellercentral.amazon.co.za"},
	{"A1C3SOZRARQ6R3", "PL", RegionEU, "sellercentral.amazon.pl"},
	{"ARBP9OOSHTCHU", "EG", RegionEU, "sellercentral.amazon.eg"},
	{"A33AVAJ2PDY3EV", "TR", RegionEU, "sellercentral.amazon.com.tr"},
	{"A17E79C6D8DWNP", "SA", RegionEU, "sellercentral.amazon.sa"},
	{"A2VIGQ35RCS4UG", "AE", RegionEU, "sellercentral.amazon.ae"},
	{"A21TJRUUN4KGV", "IN", RegionEU, "sellercentral.amazon.in"},
	{"A19VAU5U5O7RUS", "SG", RegionFE, "sellercentral.amazon.sg"},
	{"A39IBJ37TRP1C6", "AU", RegionFE, "sellercentral.amazon.com.au"},
	{"A1VC38T7YXB528", "JP", RegionFE, "sellercentral.amazon.co.jp"},
}

// since2016 are the marketplaces whose orders Amazon keeps from 2016 on;
// all others keep two years. Source: Amazon model orders_2026-01-01.json.
var since2016 = map[string]bool{"A19VAU5U5O7RUS": true, "A39IBJ37TRP1C6": true, "A1VC38T7YXB528": true}

// AmazonHistory is the earliest time of which Amazon still shows orders of a
// marketplace at now.
func AmazonHistory(marketplaceID string, now time.Time) time.Time {
	if since2016[marketplaceID] {
		return time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return now.UTC().AddDate(-2, 0, 0)
}

// OldestHistory is the earliest AmazonHistory of several marketplaces; without
// any it is that of an ordinary one.
func OldestHistory(marketplaceIDs []string, now time.Time) time.Time {
	oldest := AmazonHistory("", now)
	for _, id := range marketplaceIDs {
		if h := AmazonHistory(id, now); h.Before(oldest) {
			oldest = h
		}
	}
	return oldest
}

// MarketplaceRegion tells the region of a published marketplace; false for an
// id that is not in the table.
func MarketplaceRegion(id string) (Region, bool) {
	for _, m := range Marketplaces {
		if m.ID == id {
			return m.Region, true
		}
	}
	return "", false
}

// FindMarketplace finds a published marketplace by its id or by its country, such as
// FR; GB may be written UK.
func FindMarketplace(name string) (Marketplace, bool) {
	country := strings.ToUpper(name)
	if country == "UK" {
		country = "GB"
	}
	for _, m := range Marketplaces {
		if m.ID == name || m.Country == country {
			return m, true
		}
	}
	return Marketplace{}, false
}

// countryCentrals are hosts of Seller Central that occur beside the one of Europe. They
// are not confirmed: Amazon may use them or not.
var countryCentrals = []struct{ Host, Country string }{
	{"sellercentral.amazon.es", "ES"},
	{"sellercentral.amazon.co.uk", "GB"},
	{"sellercentral.amazon.fr", "FR"},
	{"sellercentral.amazon.de", "DE"},
	{"sellercentral.amazon.it", "IT"},
}

// FindSellerCentral tells what a host of Seller Central, in small letters, serves: its
// region, and the marketplace's id where it is one country's only. false: it is no
// host of Seller Central that is known.
func FindSellerCentral(host string) (region Region, marketplaceID string, known bool) {
	for _, m := range Marketplaces {
		switch {
		case m.SellerCentral != host:
		case known:
			marketplaceID = "" // several countries'
		default:
			region, marketplaceID, known = m.Region, m.ID, true
		}
	}
	for _, c := range countryCentrals {
		if m, ok := FindMarketplace(c.Country); ok && c.Host == host {
			return m.Region, m.ID, true
		}
	}
	return region, marketplaceID, known
}
