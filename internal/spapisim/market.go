package spapisim

import (
	"slices"
	"strings"
	"time"
)

// Operations and their usage plans. Amazon models orders_2026-01-01.json,
// sellers.json and application_2023-11-30.json, "Usage Plan" of each operation.
const (
	SearchOrders       = "searchOrders"
	GetOrder           = "getOrder"
	GetParticipations  = "getMarketplaceParticipations"
	RotateClientSecret = "rotateApplicationClientSecret" // grantless
	Token              = "token"                         // Login with Amazon; no documented plan
)

// apiOperations are those with a usage plan.
var apiOperations = []string{SearchOrders, GetOrder, GetParticipations, RotateClientSecret}

// grantless are the operations that take a token without a seller, and its
// scope. Docs page "Grantless operations".
var grantless = map[string]string{RotateClientSecret: "sellingpartnerapi::client_credential:rotation"}

var publishedRates = map[string]Rate{
	SearchOrders:       {PerSecond: 0.0056, Burst: 20},
	GetOrder:           {PerSecond: 0.5, Burst: 30},
	GetParticipations:  {PerSecond: 0.016, Burst: 15},
	RotateClientSecret: {PerSecond: 0.0167, Burst: 1},
}

// Regions in Amazon's order. Docs page "SP-API Endpoints".
var regions = []string{"na", "eu", "fe"}

func hostRegion(host string) string {
	for _, region := range regions {
		if strings.HasSuffix(host, "sellingpartnerapi-"+region+".amazon.com") {
			return region
		}
	}
	return ""
}

// sellerCentral are the hosts of the consent page by region. Docs page
// "Website authorization workflow"; the country hosts of the five that share
// sellercentral-europe, and those of IE and ZA, are known from third parties
// only.
var sellerCentral = map[string][]string{
	"na": {"sellercentral.amazon.com", "sellercentral.amazon.ca", "sellercentral.amazon.com.mx", "sellercentral.amazon.com.br"},
	"eu": {
		"sellercentral-europe.amazon.com", "sellercentral.amazon.es", "sellercentral.amazon.co.uk", "sellercentral.amazon.fr",
		"sellercentral.amazon.de", "sellercentral.amazon.it", "sellercentral.amazon.ie", "sellercentral.amazon.com.be",
		"sellercentral.amazon.nl", "sellercentral.amazon.se", "sellercentral.amazon.co.za", "sellercentral.amazon.pl",
		"sellercentral.amazon.eg", "sellercentral.amazon.com.tr", "sellercentral.amazon.sa", "sellercentral.amazon.ae",
		"sellercentral.amazon.in",
	},
	"fe": {"sellercentral.amazon.co.jp", "sellercentral.amazon.sg", "sellercentral.amazon.com.au"},
}

func consentRegion(host string) string {
	for region, hosts := range sellerCentral { // each host is in one
		if slices.Contains(hosts, host) {
			return region
		}
	}
	return ""
}

// market is one of Amazon's stores. Docs page "Marketplace IDs"; names, domains
// and languages as in the examples of sellers.json.
type market struct {
	id, country, region, currency, language, domain string
	decimals                                        int
}

var markets = []market{
	{"A2EUQ1WTGCTBG2", "CA", "na", "CAD", "en_CA", "www.amazon.ca", 2},
	{"ATVPDKIKX0DER", "US", "na", "USD", "en_US", "www.amazon.com", 2},
	{"A1AM78C64UM0Y8", "MX", "na", "MXN", "es_MX", "www.amazon.com.mx", 2},
	{"A2Q3Y263D00KWC", "BR", "na", "BRL", "pt_BR", "www.amazon.com.br", 2},
	{"A28R8C7NBKEWEA", "IE", "eu", "EUR", "en_IE", "www.amazon.ie", 2},
	{"A1RKKUPIHCS9HS", "ES", "eu", "EUR", "es_ES", "www.amazon.es", 2},
	{"A1F83G8C2ARO7P", "GB", "eu", "GBP", "en_GB", "www.amazon.co.uk", 2},
	{"A13V1IB3VIYZZH", "FR", "eu", "EUR", "fr_FR", "www.amazon.fr", 2},
	{"AMEN7PMS3EDWL", "BE", "eu", "EUR", "fr_BE", "www.amazon.com.be", 2},
	{"A1805IZSGTT6HS", "NL", "eu", "EUR", "nl_NL", "www.amazon.nl", 2},
	{"A1PA6795UKMFR9", "DE", "eu", "EUR", "de_DE", "www.amazon.de", 2},
	{"APJ6JRA9NG5V4", "IT", "eu", "EUR", "it_IT", "www.amazon.it", 2},
	{"A2NODRKZP88ZB9", "SE", "eu", "SEK", "sv_SE", "www.amazon.se", 2},
	{"AE08WJ6YKNBMC", "ZA", "eu", "ZAR", "en_ZA", "www.amazon.co.za", 2},
	{"A1C3SOZRARQ6R3", "PL", "eu", "PLN", "pl_PL", "www.amazon.pl", 2},
	{"ARBP9OOSHTCHU", "EG", "eu", "EGP", "ar_EG", "www.amazon.eg", 2},
	{"A33AVAJ2PDY3EV", "TR", "eu", "TRY", "tr_TR", "www.amazon.com.tr", 2},
	{"A17E79C6D8DWNP", "SA", "eu", "SAR", "ar_SA", "www.amazon.sa", 2},
	{"A2VIGQ35RCS4UG", "AE", "eu", "AED", "ar_AE", "www.amazon.ae", 2},
	{"A21TJRUUN4KGV", "IN", "eu", "INR", "en_IN", "www.amazon.in", 2},
	{"A19VAU5U5O7RUS", "SG", "fe", "SGD", "en_SG", "www.amazon.sg", 2},
	{"A39IBJ37TRP1C6", "AU", "fe", "AUD", "en_AU", "www.amazon.com.au", 2},
	{"A1VC38T7YXB528", "JP", "fe", "JPY", "ja_JP", "www.amazon.co.jp", 0},
}

func marketByID(id string) (market, bool) {
	i := slices.IndexFunc(markets, func(m market) bool { return m.id == id })
	if i < 0 {
		return market{}, false
	}
	return markets[i], true
}

// name is the store's name as orders show it: Amazon.co.jp.
func (m market) name() string { return "A" + strings.TrimPrefix(m.domain, "www.a") }

// Marketplaces returns the marketplace ids of a region in Amazon's order.
func Marketplaces(region string) []string {
	var ids []string
	for _, m := range markets {
		if m.region == region {
			ids = append(ids, m.id)
		}
	}
	return ids
}

// historyStart is the oldest creation time that Amazon still shows at now.
// Amazon model orders_2026-01-01.json, description: no data more than two years
// old, except in JP, AU and SG, where it begins in 2016.
func historyStart(marketplaceID string, now time.Time) time.Time {
	if m, ok := marketByID(marketplaceID); ok && slices.Contains([]string{"JP", "AU", "SG"}, m.country) {
		return time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return now.AddDate(-2, 0, 0)
}

// Role is what an application may see of a seller, when both the application
// has it and the seller authorised it. Docs pages "Get order information" and
// "Access Orders PII".
type Role string

// The roles that open Orders.
const (
	RoleFulfillment     Role = "Amazon Fulfillment"
	RoleCommunication   Role = "Buyer Communication"
	RoleSolicitation    Role = "Buyer Solicitation"
	RoleFinance         Role = "Finance and Accounting"
	RoleInventory       Role = "Inventory and Order Tracking"
	RolePricing         Role = "Pricing"
	RoleListing         Role = "Product Listing"
	RoleProfessional    Role = "Professional Services"       // restricted
	RoleInsights        Role = "Selling Partner Insights"    //
	RoleDirectShipping  Role = "Direct-to-Consumer Shipping" // restricted
	RoleTaxInvoicing    Role = "Tax Invoicing"               // restricted
	RoleTaxRemittance   Role = "Tax Remittance"              // restricted
	RoleBrandAnalytics  Role = "Brand Analytics"             // opens nothing here
	RoleAmazonMarketing Role = "Amazon Marketing"            // opens nothing here
)

// orderRoles open the Orders API; any one of them suffices.
var orderRoles = []Role{
	RoleFulfillment, RoleCommunication, RoleSolicitation, RoleFinance, RoleInventory, RolePricing,
	RoleListing, RoleProfessional, RoleInsights, RoleDirectShipping, RoleTaxInvoicing, RoleTaxRemittance,
}
