package spapisim

import (
	"slices"
	"strings"
	"time"
)

// includedData and personal data. Amazon model orders_2026-01-01.json,
// includedData; docs pages "Access Orders PII" and "Get order information".

// dataSet is a set of includedData values.
type dataSet uint16

// dataSets in the model's order; the value is 1 << index.
var dataSets = []string{
	"BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION",
	"FULFILLMENT", "PACKAGES", "TAX", "PAYMENT", "FULFILLMENT_ORDERS",
}

// DataSets lists the values of includedData.
func DataSets() []string { return slices.Clone(dataSets) }

// dataSetByName returns 0 for "": always shown.
func dataSetByName(name string) dataSet {
	if name == "" {
		return 0
	}
	i := slices.Index(dataSets, name)
	if i < 0 {
		panic("spapisim: no includedData value " + name)
	}
	return 1 << i
}

// parseIncludedData reads a comma-joined list; false: an unknown value.
func parseIncludedData(text string) (dataSet, bool) {
	var set dataSet
	if text == "" {
		return 0, true
	}
	for name := range strings.SplitSeq(text, ",") {
		if !slices.Contains(dataSets, name) {
			return 0, false
		}
		set |= dataSetByName(name)
	}
	return set, true
}

// personal is a set of rules that open personal fields.
type personal uint8

const (
	personalName    personal = 1 << iota // buyer.buyerName
	personalEmail                        // buyer.buyerEmail
	personalAddress                      // names, lines and postal codes of addresses
	personalPhone                        // the address's phone
	personalGift                         // gift messages
	personalCustom                       // links to customisation data
	personalAll     = personalName | personalEmail | personalAddress | personalPhone | personalGift | personalCustom
)

var personalNames = []string{"name", "email", "address", "phone", "gift", "custom"}

func personalByName(name string) personal {
	if name == "" {
		return 0
	}
	i := slices.Index(personalNames, name)
	if i < 0 {
		panic("spapisim: no personal-data rule " + name)
	}
	return 1 << i
}

// projection is what of an order one caller sees.
type projection struct {
	groups  dataSet
	pii     personal
	seconds bool
	damage  Damage // of this order
	extra   Damage // of all orders
}

func (p *projection) shows(f *fieldPlan) bool {
	return f.group&^p.groups == 0 && f.pii&^p.pii == 0
}

// opened are the personal fields of an order that roles open. What is not
// opened is absent, never empty.
func opened(roles []Role, o *Order, now time.Time) personal {
	direct := slices.Contains(roles, RoleDirectShipping)
	tax := slices.Contains(roles, RoleTaxInvoicing) || slices.Contains(roles, RoleTaxRemittance)
	if !direct && !tax && !slices.Contains(roles, RoleProfessional) {
		return 0
	}
	var status, by string
	if o.Fulfillment != nil {
		status, by = o.Fulfillment.FulfillmentStatus, o.Fulfillment.FulfilledBy
	}
	merchant := by == "MERCHANT"
	var p personal
	if slices.Contains([]string{"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"}, status) {
		m, _ := marketByID(o.SalesChannel.MarketplaceID)
		taxCountry := !slices.Contains([]string{"US", "JP", "SG"}, m.country)
		if direct && merchant {
			p |= personalEmail
		}
		if (tax && taxCountry) || (direct && merchant) {
			p |= personalName
		}
	}
	if direct {
		p |= personalAddress
		if merchant && !delivered(o, status, now) {
			p |= personalPhone
		}
	}
	// Which restricted role opens these two is not confirmed: any does.
	return p | personalGift | personalCustom
}

// delivered is when Amazon suppresses the phone of a merchant-fulfilled order:
// shipped, and past the latest delivery date.
func delivered(o *Order, status string, now time.Time) bool {
	window := o.Fulfillment.DeliverByWindow
	return status == "SHIPPED" && window != nil && !window.LatestDateTime.IsZero() && now.After(window.LatestDateTime)
}
