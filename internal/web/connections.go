package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// connectionsScreen lists connections, those whose last success is oldest first.
func connectionsScreen() screen {
	return screen{
		name: "connections", path: "/connections", nav: "connections", entry: "Connections", icon: "conn",
		load: (*dashboard).loadConnections,
	}
}

const (
	// listPage is how many connections a page of the list has.
	listPage = 50
	// maxSearch is how long a search may be.
	maxSearch = 200
)

// connectionsData fills the page.
type connectionsData struct {
	Q                       string
	Reasons, States, Region []choice
	Needs, Filtered, Stood  bool // Stood: the application stands still
	Sub                     string
	Rows                    []connectionLine
	Self, First, Next       string
}

// choice is one of a select.
type choice struct {
	Value, Text string
	Selected    bool
}

// connectionLine is a row of the list.
type connectionLine struct {
	Name, Tenant, Href, Region string
	Countries                  []string
	Badge                      badge
	Since, Until, DueAt        time.Time
	Acts                       string // icon of who acts
	Who                        string
}

// badge is how a connection stands, in short.
type badge struct {
	Class, Icon, Head, Code string
	Calm                    bool
}

// stateChoices are the states that can be chosen.
var stateChoices = []struct {
	state ordersync.State
	name  string
}{
	{ordersync.Connected, "Connected"}, {ordersync.Pending, "Not connected yet"}, {ordersync.NeedsReconnect, "Must connect again"}, {ordersync.Disabled, "Switched off"},
}

// listQuery is what a visitor's address asks for, checked.
func listQuery(v *visit) (l store.ConnectionList, err error) {
	l.Limit, l.Tenant = listPage, v.Tenant()
	l.Prefix = strings.TrimSpace(v.Query.Get("q"))
	if len(l.Prefix) > maxSearch {
		return l, wrong("a name has at most 200 bytes: search for its beginning")
	}
	if text := v.Query.Get("region"); text != "" {
		if l.Region, err = ordersync.ParseRegion(text); err != nil {
			return l, wrong("there is no such region: use eu, na or fe")
		}
	}
	if text := v.Query.Get("state"); text != "" {
		for _, c := range stateChoices {
			if string(c.state) == text {
				l.State = c.state
			}
		}
		if l.State == "" {
			return l, wrong("there is no such state: choose one of the list")
		}
	}
	if text := v.Query.Get("reason"); text != "" {
		switch l.Reason = ordersync.Reason(text); {
		case l.Reason == ordersync.OrdersSetAside:
			l.Reason, l.SetAside = "", true
		case !knownReason(l.Reason):
			return l, wrong("there is no such reason: choose one of the list")
		}
	}
	l.Needs = v.Query.Get("needs") != ""
	if text := v.Query.Get("after"); text != "" {
		if l.After, err = parseMark(text); err != nil {
			return l, wrong("the address of this page is broken: begin at the first page")
		}
	}
	return l, nil
}

func knownReason(r ordersync.Reason) bool {
	return slices.Contains(codes(), r)
}

// parseMark reads where a page begins, as markText writes it.
func parseMark(text string) (m store.StatusMark, err error) {
	success, id, _ := strings.Cut(text, "-")
	if m.Success, err = strconv.ParseInt(success, 10, 64); err != nil {
		return m, err
	}
	n, err := strconv.ParseInt(id, 10, 64)
	m.ID = ordersync.ConnectionID(n)
	return m, err
}

func markText(m store.StatusMark) string {
	return strconv.FormatInt(m.Success, 10) + "-" + strconv.FormatInt(int64(m.ID), 10)
}

func (d *dashboard) loadConnections(ctx context.Context, v *visit) (any, error) {
	l, err := listQuery(v)
	if err != nil {
		return nil, err
	}
	data := connectionsData{
		Q: l.Prefix, Needs: l.Needs, Self: v.With("live", ""), First: v.With("after", ""),
		Filtered: l.Prefix != "" || l.Region != "" || l.State != "" || l.Reason != "" || l.SetAside || l.Needs,
	}
	if l.After == (store.StatusMark{}) {
		data.First = ""
	}
	d.chooseFrom(ctx, v, l, &data)
	if data.Stood && l.Reason == ordersync.AppCredentialsInvalid {
		// Whatever they ended with last, all wait for the application.
		l.Reason, l.Working = "", true
	}
	page, next, err := d.Reader.ConnectionList(ctx, l)
	if err != nil {
		return nil, err
	}
	for _, c := range page {
		data.Rows = append(data.Rows, v.connectionLine(c))
	}
	if next != (store.StatusMark{}) {
		data.Next = v.With("after", markText(next))
	}
	return data, nil
}

// chooseFrom fills what can be chosen; operators are told how many there are of each
// reason.
func (d *dashboard) chooseFrom(ctx context.Context, v *visit, l store.ConnectionList, data *connectionsData) {
	counts := map[ordersync.Reason]int64{}
	if v.Operator() {
		// Without the counts the page is good enough.
		if f, err := d.fleet.get(ctx); err == nil {
			data.Stood = f.app.Stopped()
			var needs [actsNobody + 1]int64
			for _, t := range f.troubles() {
				counts[t.reason] += t.n
				needs[t.acts] += t.n - t.elsewhere
			}
			data.Sub = v.TN(f.count(), "%s connection", "%s connections") + ". " +
				v.TN(needs[actsYou]+needs[actsSeller], "%s needs a human: %s an operator, %s its seller.", "%s need a human: %s an operator, %s their seller.", needs[actsYou], needs[actsSeller])
		}
	}
	chosen := l.Reason
	if l.SetAside {
		chosen = ordersync.OrdersSetAside
	}
	data.Reasons = append(data.Reasons, choice{"", v.T("All"), chosen == ""})
	for _, code := range append(codes(), ordersync.OrdersSetAside) {
		text := v.T(sayingOf(code, false).head)
		if n := counts[code]; n > 0 {
			text += " (" + v.words.number(n) + ")"
		}
		data.Reasons = append(data.Reasons, choice{string(code), text, chosen == code})
	}
	data.States = append(data.States, choice{"", v.T("All"), l.State == ""})
	for _, c := range stateChoices {
		data.States = append(data.States, choice{string(c.state), v.T(c.name), l.State == c.state})
	}
	data.Region = append(data.Region, choice{"", v.T("All"), l.Region == ""})
	for _, r := range regionNames {
		data.Region = append(data.Region, choice{string(r.region), v.T(r.name), l.Region == r.region})
	}
}

// codes are all reasons.
func codes() (out []ordersync.Reason) {
	for _, info := range ordersync.Reasons() {
		out = append(out, info.Code)
	}
	return out
}

func (v *visit) connectionLine(c store.ListedConnection) connectionLine {
	out := connectionLine{
		Name: nameOf(c.DisplayName, c.Tenant), Tenant: string(c.Tenant), Href: connectionHref(c.Tenant, c.ID), Region: regionTag(c.Region),
		Badge: v.badgeOf(c.Connection), Since: c.Since(), Until: c.Cursor, DueAt: c.LiveDueAt,
	}
	if c.Paused || c.State == ordersync.Disabled || c.State == ordersync.Pending {
		out.DueAt = time.Time{}
	}
	for _, id := range c.Marketplaces {
		out.Countries = append(out.Countries, marketplaceTag(id))
	}
	reason, actor := c.Need()
	if reason == ordersync.Success && c.SetAside > 0 {
		actor, out.Badge = ordersync.Operator, badge{"partial", "partial", v.T("Some orders are set aside"), ordersync.OrdersSetAside, false}
	}
	out.Acts, out.Who = v.whoActs(actor)
	return out
}

// whoActs is the icon and the word of who acts; "" for nobody.
func (v *visit) whoActs(actor ordersync.Actor) (icon, word string) {
	switch actor {
	case ordersync.Nobody:
		return "", ""
	case ordersync.Tenant:
		return "seller", v.T("Seller")
	case ordersync.TenantOrOperator:
		return "you", v.T("Seller or operator")
	case ordersync.Us:
		return "you", v.T("The makers of ordersync")
	}
	return "you", v.T("Operator")
}

// badgeOf is how a connection stands, in short.
func (v *visit) badgeOf(c ordersync.Connection) badge {
	reason, actor := c.Need()
	switch {
	case c.State == ordersync.Disabled:
		return badge{"skipped", "skipped", v.T("Switched off"), "", true}
	case reason == "":
		return badge{"partial", "partial", v.T("Waits for its first reading"), "", true}
	}
	status := string(reason.Info().Status)
	return badge{status, status, v.T(sayingOf(reason, actor != ordersync.Nobody).head), string(reason), false}
}

// tenantHref lists the connections of a tenant.
func tenantHref(tenant ordersync.TenantID) string {
	return "/connections?" + url.Values{"q": {string(tenant)}}.Encode()
}
