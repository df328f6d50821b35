package spapisim

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The parameters of searchOrders. Amazon model orders_2026-01-01.json,
// searchOrders.

const (
	maxResults      = 100
	maxMarketplaces = 50
	defaultDelay    = 2 * time.Minute // createdBefore, lastUpdatedBefore
	defaultTTL      = 24 * time.Hour  // Pagination
)

var (
	searchParameters = []string{
		"createdAfter", "createdBefore", "lastUpdatedAfter", "lastUpdatedBefore", "fulfillmentStatuses",
		"marketplaceIds", "fulfilledBy", "maxResultsPerPage", "paginationToken", "includedData",
	}
	// mayChange are the parameters that may differ between the pages of a walk.
	mayChange = []string{"maxResultsPerPage", "includedData", "paginationToken"}

	fulfillmentStatuses = []string{
		"PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE",
	}
	fulfillers = []string{"MERCHANT", "AMAZON"}
)

// query is what a searchOrders call asks for.
type query struct {
	created  bool // by createdTime; otherwise by lastUpdatedTime
	from, to time.Time
	closed   bool // to was given
	statuses []string
	markets  []string
	by       []string
	results  int
	included dataSet
	token    string
	fixed    string // the parameters that may not change, as sent
}

// parseQuery reads the parameters. What is refused says nothing to the client
// but carries its reason for people.
func parseQuery(values url.Values, now time.Time, sw Switches) (query, answer, bool) {
	q := query{results: maxResults, token: values.Get("paginationToken"), fixed: fixedParameters(values)}
	if reason := checkNames(values, searchParameters); reason != "" {
		return q, invalid(reason), false
	}
	if reason := q.readDates(values, now); reason != "" {
		return q, invalid(reason), false
	}
	if reason := q.readLists(values); reason != "" {
		return q, invalid(reason), false
	}
	if text := values.Get("maxResultsPerPage"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxResults {
			return q, invalid("maxResultsPerPage " + text), false
		}
		q.results = n
	}
	if q.closed && q.to.After(now.Add(-sw.searchDelay())) {
		reason := fmt.Sprintf("upper bound %s is less than %s before %s", q.to.Format(time.RFC3339), sw.searchDelay(), now.Format(time.RFC3339))
		if sw.Delay == DelayGeneric {
			return q, invalid(reason), false
		}
		return q, refusal(400, "InvalidInput", textDelay, "", reason), false
	}
	return q, answer{}, true
}

func (sw Switches) searchDelay() time.Duration {
	if sw.SearchDelay == 0 {
		return defaultDelay
	}
	return sw.SearchDelay.D()
}

// checkNames refuses unknown, repeated and empty parameters.
func checkNames(values url.Values, known []string) (reason string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch v := values[name]; {
		case !slices.Contains(known, name):
			return "no parameter " + name
		case len(v) > 1:
			return "parameter " + name + " given twice: lists are comma-joined"
		case v[0] == "":
			return "parameter " + name + " is empty"
		}
	}
	return ""
}

// readDates: exactly one of createdAfter and lastUpdatedAfter; an upper bound
// only with its own lower bound, and not before it.
func (q *query) readDates(values url.Values, now time.Time) (reason string) {
	created, updated := values.Has("createdAfter"), values.Has("lastUpdatedAfter")
	if created == updated {
		return "exactly one of createdAfter and lastUpdatedAfter is needed"
	}
	after, before, other := "lastUpdatedAfter", "lastUpdatedBefore", "createdBefore"
	if created {
		after, before, other = "createdAfter", "createdBefore", "lastUpdatedBefore"
	}
	if values.Has(other) {
		return other + " together with " + after
	}
	q.created, q.closed = created, values.Has(before)
	var ok bool
	if q.from, ok = parseTime(values.Get(after)); !ok {
		return after + " is no date"
	}
	if q.from.After(now) {
		return after + " lies in the future"
	}
	if !q.closed {
		return ""
	}
	if q.to, ok = parseTime(values.Get(before)); !ok {
		return before + " is no date"
	}
	if q.to.Before(q.from) {
		return before + " is before " + after
	}
	return ""
}

func (q *query) readLists(values url.Values) (reason string) {
	q.statuses = list(values.Get("fulfillmentStatuses"))
	q.markets = list(values.Get("marketplaceIds"))
	q.by = list(values.Get("fulfilledBy"))
	if bad := outside(q.statuses, fulfillmentStatuses); bad != "" {
		return "no fulfillment status " + bad
	}
	if bad := outside(q.by, fulfillers); bad != "" {
		return "fulfilledBy " + bad
	}
	if len(q.markets) > maxMarketplaces {
		return fmt.Sprintf("%d marketplaceIds, at most %d", len(q.markets), maxMarketplaces)
	}
	if slices.Contains(q.markets, "") {
		return "an empty marketplaceId"
	}
	var ok bool
	if q.included, ok = parseIncludedData(values.Get("includedData")); !ok {
		return "includedData " + values.Get("includedData")
	}
	return ""
}

// list splits a comma-joined parameter; nil when it is absent.
func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func outside(values, known []string) string {
	for _, v := range values {
		if !slices.Contains(known, v) {
			return strconv.Quote(v)
		}
	}
	return ""
}

// parseTime reads ISO 8601 as Amazon's pages show it: a date and time with an
// offset and any fraction, or a date alone.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// fixedParameters are the parameters of a walk that may not change, in one text.
func fixedParameters(values url.Values) string {
	kept := url.Values{}
	for name, v := range values {
		if !slices.Contains(mayChange, name) {
			kept[name] = v
		}
	}
	return kept.Encode() // sorted by name
}

// askedResults is the page size a call asks for, as far as it can be read.
func askedResults(values url.Values) int {
	if n, err := strconv.Atoi(values.Get("maxResultsPerPage")); err == nil {
		return n
	}
	return maxResults
}

// wants says whether the filters let an order pass.
func (q *query) wants(v *version, now time.Time) bool {
	switch {
	case q.markets != nil && !slices.Contains(q.markets, v.marketplace),
		q.statuses != nil && !slices.Contains(q.statuses, v.status),
		q.by != nil && !slices.Contains(q.by, v.by),
		v.created.Before(historyStart(v.marketplace, now)):
		return false
	}
	return true
}
