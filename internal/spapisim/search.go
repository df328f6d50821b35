package spapisim

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// searchOrders: Amazon model orders_2026-01-01.json.
func (s *Simulator) searchOrders(c *call) answer {
	now := s.Now()
	q, refused, ok := parseQuery(c.values, now, c.sw)
	if !ok {
		return refused
	}
	if c.personalRefused(q.included) {
		return denied("", "personal data without the role")
	}
	for _, id := range q.markets {
		if m, known := marketByID(id); known && m.region != c.sel.Region {
			return denied("", "marketplace "+id+" is not in region "+c.sel.Region)
		}
	}
	page, t, token := s.readPage(c, &q, now)
	if t == nil {
		return invalid("pagination token is dead, not this caller's, or came with other parameters")
	}
	body := append(make([]byte, 0, 1024+2048*len(page.versions)), `{"orders":[`...)
	for i := range page.versions {
		if i > 0 {
			body = append(body, ',')
		}
		body = c.appendVersion(body, &page.versions[i], q.included, now)
	}
	body = append(body, ']')
	if token != "" {
		body = append(appendText(append(body, `,"pagination":{"nextToken":`...), token), '}')
	}
	body = append(c.appendEcho(body, &q, t.walk.bound), '}')
	return answer{status: http.StatusOK, header: jsonHeader(), body: body, limited: true}
}

// readPage reads one page of a walk and makes the token of the next. A nil
// pageToken: the query's token does not hold.
func (s *Simulator) readPage(c *call, q *query, now time.Time) (found, *pageToken, string) {
	sel := c.sel
	sel.mu.Lock()
	defer sel.mu.Unlock()
	sel.orders.advance(now)
	t := sel.walks.start(q, c, now)
	if t == nil {
		return found{}, nil, ""
	}
	sel.orders.beforePage(t.page, now)
	page := sel.orders.read(q, t, c, now, s.seed)
	at := *t // the walk may be touched again once the lock is gone
	at.walk = &walk{bound: t.walk.bound}
	if page.next == nil {
		return page, &at, ""
	}
	next := *page.next
	if c.has(FaultSamePage) {
		next.after, next.offset, next.lastID = t.after, t.offset, t.lastID
	}
	if c.has(FaultSameToken) && q.token != "" {
		return page, &at, q.token
	}
	return page, &at, sel.walks.issue(s.seed, sel.Key, next)
}

// appendEcho writes the upper bound in force.
func (c *call) appendEcho(body []byte, q *query, bound time.Time) []byte {
	name := `,"lastUpdatedBefore":"`
	if q.created {
		name = `,"createdBefore":"`
	}
	switch c.sw.Echo {
	case EchoAbsent:
		return body
	case EchoWrong:
		bound = bound.Add(-time.Second)
	}
	return append(appendTime(append(body, name...), bound, c.sw.Seconds), '"')
}

// appendVersion writes one order as this caller may see it.
func (c *call) appendVersion(body []byte, v *version, included dataSet, now time.Time) []byte {
	o := v.order()
	p := projection{groups: included, seconds: c.sw.Seconds, damage: v.damage, pii: opened(c.roles, o, now)}
	if c.sw.UnknownFields {
		p.extra = unknownFields
	}
	return appendOrder(body, o, &p)
}

// personalRefused says whether a call is refused because it asks for personal
// data without a role that opens them. Amazon's documents say the fields are
// absent; threads report a 403.
func (c *call) personalRefused(included dataSet) bool {
	if !c.sw.PersonalRefused {
		return false
	}
	buyer := hasAny(c.roles, []Role{RoleDirectShipping, RoleTaxInvoicing, RoleTaxRemittance})
	recipient := slices.Contains(c.roles, RoleDirectShipping)
	return (included&dataSetByName("BUYER") != 0 && !buyer) || (included&dataSetByName("RECIPIENT") != 0 && !recipient)
}

// getOrder: Amazon model orders_2026-01-01.json.
func (s *Simulator) getOrder(c *call) answer {
	if reason := checkNames(c.values, []string{"includedData"}); reason != "" {
		return invalid(reason)
	}
	included, ok := parseIncludedData(c.values.Get("includedData"))
	if !ok {
		return invalid("includedData " + c.values.Get("includedData"))
	}
	if c.personalRefused(included) {
		return denied("", "personal data without the role")
	}
	now := s.Now()
	c.sel.mu.Lock()
	c.sel.orders.advance(now)
	r := c.sel.orders.records[c.orderID]
	var v version
	if r != nil {
		v = r.now
	}
	c.sel.mu.Unlock()
	if r == nil || v.created.Before(historyStart(v.marketplace, now)) {
		return refusal(http.StatusNotFound, "NotFound", textNotFound, "", "no such order of this seller")
	}
	body := append(c.appendVersion([]byte(`{"order":`), &v, included, now), '}')
	return answer{status: http.StatusOK, header: jsonHeader(), body: body, limited: true}
}

// wireMarketplace and wireParticipation: Amazon model sellers.json.
type wireMarketplace struct {
	ID                  string `json:"id"`
	Name                string `json:"name"`
	CountryCode         string `json:"countryCode"`
	DefaultCurrencyCode string `json:"defaultCurrencyCode"`
	DefaultLanguageCode string `json:"defaultLanguageCode"`
	DomainName          string `json:"domainName"`
}

type wireParticipation struct {
	Marketplace   wireMarketplace `json:"marketplace"`
	Participation struct {
		IsParticipating      bool `json:"isParticipating"`
		HasSuspendedListings bool `json:"hasSuspendedListings"`
	} `json:"participation"`
	StoreName string `json:"storeName"`
}

// getParticipations: Amazon model sellers.json, getMarketplaceParticipations.
// Its errors have the same shape as those of Orders.
func (s *Simulator) getParticipations(c *call) answer {
	if reason := checkNames(c.values, nil); reason != "" {
		return invalid(reason)
	}
	s.mu.Lock()
	payload := make([]wireParticipation, 0, len(c.sel.Participations))
	for _, p := range c.sel.Participations {
		m, known := marketByID(p.MarketplaceID)
		if !known { // off-Amazon channels have ids of their own
			m = market{id: p.MarketplaceID, country: "US", currency: "USD", language: "en_US", domain: "www.amazon.com"}
		}
		row := wireParticipation{StoreName: c.sel.StoreName, Marketplace: wireMarketplace{
			ID: m.id, Name: m.name(), CountryCode: m.country,
			DefaultCurrencyCode: m.currency, DefaultLanguageCode: m.language, DomainName: m.domain,
		}}
		row.Participation.IsParticipating = !p.NotActive
		row.Participation.HasSuspendedListings = p.Suspended
		payload = append(payload, row)
	}
	s.mu.Unlock()
	body, err := json.Marshal(map[string]any{"payload": payload})
	if err != nil {
		panic(err) // strings and booleans always marshal
	}
	return answer{status: http.StatusOK, header: jsonHeader(), body: body, limited: true}
}
