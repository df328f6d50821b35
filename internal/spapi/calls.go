package spapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ordersync"
)

// hosts are Amazon's production hosts. Source: Amazon, "SP-API Endpoints".
var hosts = map[ordersync.Region]string{
	ordersync.RegionNA: "https://sellingpartnerapi-na.amazon.com",
	ordersync.RegionEU: "https://sellingpartnerapi-eu.amazon.com",
	ordersync.RegionFE: "https://sellingpartnerapi-fe.amazon.com",
}

const (
	ordersPath       = "/orders/2026-01-01/orders"
	marketplacesPath = "/sellers/v1/marketplaceParticipations"
)

// maxOrderID is the longest order id that is taken, in bytes; Amazon's have 19.
const maxOrderID = 64

// Page is one page of a search.
type Page struct {
	Meta
	Orders     []ordersync.Order
	Unreadable []ordersync.Unreadable
	// NextToken asks for the next page; "" on the last.
	NextToken string
	// Digest is equal for pages of equal content: the orders' ids, update times
	// and digests, in order. It is 0 for an empty page.
	Digest uint64
	// UpperBound is the lastUpdatedBefore that Amazon echoes; zero when absent.
	UpperBound time.Time
}

// OrderAnswer is the answer to one order asked for by id. Order is empty when
// Unreadable is set.
type OrderAnswer struct {
	Meta
	Order      ordersync.Order
	Unreadable *ordersync.Unreadable
}

// ParticipationsAnswer lists a seller's marketplaces, also those in which it
// does not participate.
type ParticipationsAnswer struct {
	Meta
	Participations []ordersync.Participation
}

// SearchQuery is the query of a search without its pagination token, encoded.
// Equal arguments give equal text. It is stored with the token and replayed
// verbatim, since Amazon answers 400 to a token sent with other parameters. A
// pageSize of 0 leaves the page size to Amazon (100).
// Amazon model orders_2026-01-01.json, searchOrders.
func SearchQuery(w ordersync.Window, marketplaceIDs []string, groups ordersync.Groups, pageSize int) string {
	values := url.Values{
		"lastUpdatedAfter":  {w.From.UTC().Format("2006-01-02T15:04:05Z")},
		"lastUpdatedBefore": {w.To.UTC().Format("2006-01-02T15:04:05Z")},
	}
	if len(marketplaceIDs) > 0 {
		values.Set("marketplaceIds", strings.Join(marketplaceIDs, ","))
	}
	includeData(values, groups)
	if pageSize > 0 {
		values.Set("maxResultsPerPage", strconv.Itoa(pageSize))
	}
	return values.Encode()
}

// includeData asks for data groups; core comes always and has no name.
func includeData(values url.Values, groups ordersync.Groups) {
	if names := (groups &^ ordersync.GroupCore).Names(); len(names) > 0 {
		values.Set("includedData", strings.Join(names, ","))
	}
}

// SearchOrders reads one page: query is a [SearchQuery] and token the previous
// page's NextToken, "" for the first page. groups must be the query's.
// Amazon model orders_2026-01-01.json, searchOrders.
func (c *Client) SearchOrders(ctx context.Context, a Account, groups ordersync.Groups, query, token string) (Page, error) {
	if token != "" {
		query += "&" + url.Values{"paginationToken": {token}}.Encode()
	}
	got, err := c.call(ctx, a, ordersync.SearchOrders, ordersPath, query)
	if err != nil {
		return Page{Meta: got.meta}, err
	}
	page, err := c.orders.page(got.body, groups, a.PersonalData)
	page.Meta = got.meta
	if err != nil {
		return Page{Meta: got.meta}, badAnswer(ordersync.SearchOrders, got, err)
	}
	return page, nil
}

// GetOrder reads one order by its id. An order that Amazon does not have is an
// [Error] of kind [NotFound].
// Amazon model orders_2026-01-01.json, getOrder.
func (c *Client) GetOrder(ctx context.Context, a Account, groups ordersync.Groups, orderID string) (OrderAnswer, error) {
	if !visibleID(orderID) || orderID == "." || orderID == ".." {
		return OrderAnswer{}, &Error{Operation: ordersync.GetOrder, Kind: Bug, detail: "the order id is none"}
	}
	values := url.Values{}
	includeData(values, groups)
	got, err := c.call(ctx, a, ordersync.GetOrder, ordersPath+"/"+url.PathEscape(orderID), values.Encode())
	if err != nil {
		return OrderAnswer{Meta: got.meta}, err
	}
	order, unreadable, err := c.orders.order(got.body, groups, a.PersonalData)
	switch {
	case err != nil:
	case unreadable != nil && unreadable.OrderID == "":
		// It was asked for by its id, and can be again.
		unreadable.OrderID, unreadable.Key = orderID, orderID
	case unreadable == nil && order.ID != orderID:
		err = errOtherOrder
	}
	if err != nil {
		return OrderAnswer{Meta: got.meta}, badAnswer(ordersync.GetOrder, got, err)
	}
	return OrderAnswer{Meta: got.meta, Order: order, Unreadable: unreadable}, nil
}

// Marketplaces reads in which marketplaces of the region a seller takes part.
// Amazon model sellers.json, getMarketplaceParticipations.
func (c *Client) Marketplaces(ctx context.Context, a Account) (ParticipationsAnswer, error) {
	got, err := c.call(ctx, a, ordersync.GetMarketplaces, marketplacesPath, "")
	if err != nil {
		return ParticipationsAnswer{Meta: got.meta}, err
	}
	rows, err := readParticipations(got.body)
	if err != nil {
		return ParticipationsAnswer{Meta: got.meta}, badAnswer(ordersync.GetMarketplaces, got, err)
	}
	return ParticipationsAnswer{Meta: got.meta, Participations: rows}, nil
}

// call gets an access token and asks the API. An access token that Amazon
// refuses although a fresh one might do is replaced, and the call repeated,
// once.
func (c *Client) call(ctx context.Context, a Account, op ordersync.Operation, path, query string) (answer, error) {
	if c.host(a.Region) == "" {
		return answer{}, &Error{Operation: op, Kind: Bug, detail: "the account's region is unknown"}
	}
	bounded, cancel := context.WithTimeout(ctx, 2*c.config.CallTimeout)
	defer cancel()
	var got answer
	for calls := 0; ; {
		token, err := c.accessToken(bounded, a)
		if err != nil {
			return got, callError(ctx, err, got.meta, calls)
		}
		got, err = c.send(bounded, op, a.Region, c.apiRequest(a.Region, path, query, token))
		calls++
		got.meta.Calls = calls
		c.clock.saw(c.host(a.Region), got.meta.Date, got.start, got.end)
		if err != nil {
			return got, callError(ctx, err, got.meta, calls)
		}
		if got.status == http.StatusOK {
			return got, nil
		}
		verdict := classifyAPI(got)
		stale, failure := verdict.staleToken, error(nil)
		if verdict.kind == AppSecretExpired {
			stale, failure = c.otherSecret(bounded, c.tokens.from(c.sellerIdentity(a), token))
		}
		if stale {
			c.tokens.drop(c.sellerIdentity(a), token)
			if calls == 1 {
				continue
			}
		}
		if failure != nil {
			return got, unreadSecrets(op, failure)
		}
		return got, verdict.error(op, got)
	}
}

// callError completes an error of send or accessToken: which of the contexts
// ended is known only here.
func callError(ctx context.Context, err error, meta Meta, calls int) error {
	var failed *Error
	if !errors.As(err, &failed) {
		return err
	}
	whole := *failed // an error of a token request is shared by its waiters
	whole.Calls = calls
	if whole.Date.IsZero() {
		whole.Date = meta.Date
	}
	if whole.Kind == Cancelled && ctx.Err() == nil {
		whole.Kind = TimedOut
	}
	return &whole
}

func (c *Client) apiRequest(region ordersync.Region, path, query, token string) *http.Request {
	u, err := url.Parse(c.host(region) + path)
	if err != nil { // the host was checked by New, the path is ours
		u = &url.URL{}
	}
	u.RawQuery = query
	return &http.Request{
		Method: http.MethodGet,
		URL:    u,
		Host:   u.Host,
		Header: http.Header{
			"Accept":             {"application/json"},
			"X-Amz-Access-Token": {token},
		},
	}
}

// host is where the API of a region is.
func (c *Client) host(r ordersync.Region) string {
	if c.config.APIURL != "" {
		return c.config.APIURL
	}
	return hosts[r]
}

// visibleID tells whether an id has 1 to 64 characters of visible ASCII.
func visibleID(id string) bool {
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return id != "" && len(id) <= maxOrderID
}
