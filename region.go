package ordersync

import (
	"fmt"
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
}

// Marketplaces lists the marketplaces that Amazon has published. Orders of
// other ids occur (off-Amazon channels, new countries) and are stored all the
// same. Source: Amazon, "Marketplace IDs".
var Marketplaces = []Marketplace{
	{"A2EUQ1WTGCTBG2", "CA", RegionNA}, {"ATVPDKIKX0DER", "US", RegionNA},
	{"A1AM78C64UM0Y8", "MX", RegionNA}, {"A2Q3Y263D00KWC", "BR", RegionNA},
	{"A28R8C7NBKEWEA", "IE", RegionEU}, {"A1RKKUPIHCS9HS", "ES", RegionEU},
	{"A1F83G8C2ARO7P", "GB", RegionEU}, {"A13V1IB3VIYZZH", "FR", RegionEU},
	{"AMEN7PMS3EDWL", "BE", RegionEU}, {"A1805IZSGTT6HS", "NL", RegionEU},
	{"A1PA6795UKMFR9", "DE", RegionEU}, {"APJ6JRA9NG5V4", "IT", RegionEU},
	{"A2NODRKZP88ZB9", "SE", RegionEU}, {"AE08WJ6YKNBMC", "ZA", RegionEU},
	{"A1C3SOZRARQ6R3", "PL", RegionEU}, {"ARBP9OOSHTCHU", "EG", RegionEU},
	{"A33AVAJ2PDY3EV", "TR", RegionEU}, {"A17E79C6D8DWNP", "SA", RegionEU},
	{"A2VIGQ35RCS4UG", "AE", RegionEU}, {"A21TJRUUN4KGV", "IN", RegionEU},
	{"A19VAU5U5O7RUS", "SG", RegionFE}, {"A39IBJ37TRP1C6", "AU", RegionFE},
	{"A1VC38T7YXB528", "JP", RegionFE},
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
