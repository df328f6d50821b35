package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// orderBadge is a status of an order or a package: a shape, our word, and Amazon's
// own. Unknown says that Amazon's word is none that we know.
type orderBadge struct {
	Class, Icon, Text string // no text: nothing is said
	Calm              bool
	Amazon            string
	Unknown           bool
}

// either is one of two texts by the visitor's language, for tables that have both.
func (v *visit) either(english, french string) string {
	if v.Lang == "fr" {
		return french
	}
	return english
}

// orderBadge shows how far an order is.
func (v *visit) orderBadge(o store.StoredOrder) orderBadge {
	s := o.OrderStatus()
	out := orderBadge{Class: "skipped", Icon: "skipped", Calm: true, Text: v.either(s.Info().English, s.Info().French), Amazon: o.Status}
	switch s {
	case ordersync.OrderUnsaid:
		out.Text = v.T("not said by Amazon")
	case ordersync.OrderPartiallyShipped, ordersync.OrderShipped:
		out.Class, out.Icon = "partial", "partial"
	case ordersync.OrderDelivered:
		out.Class, out.Icon, out.Calm = "success", "success", false
	case ordersync.OrderUnknown:
		out.Calm, out.Unknown = false, true
	}
	return out
}

// deliveryBadge shows how far something is on its way.
func (v *visit) deliveryBadge(d ordersync.DeliveryStatus) orderBadge {
	out := orderBadge{Class: "skipped", Icon: "skipped", Calm: true, Text: v.either(d.Info().English, d.Info().French)}
	switch d {
	case ordersync.DeliveryLost, ordersync.DeliveryDamaged, ordersync.DeliveryUndeliverable, ordersync.DeliveryDelayed:
		out.Class, out.Icon, out.Calm = "failed", "failed", false
	case ordersync.DeliveryShipped, ordersync.DeliveryInTransit, ordersync.DeliveryOutForDelivery:
		out.Class, out.Icon = "partial", "partial"
	case ordersync.DeliveryDelivered:
		out.Class, out.Icon, out.Calm = "success", "success", false
	case ordersync.DeliveryUnknown:
		out.Calm, out.Unknown = false, true
	}
	return out
}

// orderHref is the page of an order.
func orderHref(tenant ordersync.TenantID, connection ordersync.ConnectionID, id string) string {
	return "/orders/" + url.PathEscape(string(tenant)) + "/" + strconv.FormatInt(int64(connection), 10) + "/" + url.PathEscape(id)
}

// looksWhole is a whole order id of Amazon's.
var looksWhole = regexp.MustCompile(`^[0-9A-Za-z]{3}-[0-9]{7}-[0-9]{7}$`)

// explainCommand is the command that says why an order is here, or is not; "" for an id
// that a shell would take otherwise.
func explainCommand(tenant ordersync.TenantID, id string) string {
	if !looksWhole.MatchString(id) {
		return ""
	}
	return "ordersync explain " + string(tenant) + " " + id + " --ask-amazon"
}

// orderMarkText is a place in a tenant's list as addresses have it.
func orderMarkText(m store.OrderMark) string {
	return fmt.Sprintf("%d-%d-%s", m.At.UnixMilli(), int64(m.Connection), m.OrderID)
}

func parseOrderMark(text string) (m store.OrderMark, err error) {
	parts := strings.SplitN(text, "-", 3)
	if len(parts) < 3 {
		return m, strconv.ErrSyntax
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return m, err
	}
	connection, err := strconv.ParseInt(parts[1], 10, 64)
	return store.OrderMark{At: time.UnixMilli(at), Connection: ordersync.ConnectionID(connection), OrderID: parts[2]}, err
}

// findMarkText is a place in what is found over all tenants, likewise.
func findMarkText(m store.FindMark) string {
	text, _ := json.Marshal([]string{string(m.Tenant), strconv.FormatInt(int64(m.Connection), 10), m.OrderID, m.SKU, m.Item}) // texts always can
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseFindMark(text string) (m store.FindMark, err error) {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return m, err
	}
	var parts []string
	if err := json.Unmarshal(decoded, &parts); err != nil {
		return m, err
	}
	if len(parts) != 5 {
		return m, strconv.ErrSyntax
	}
	if m.Tenant, err = ordersync.ParseTenantID(parts[0]); err != nil {
		return m, err
	}
	connection, err := strconv.ParseInt(parts[1], 10, 64)
	m.Connection, m.OrderID, m.SKU, m.Item = ordersync.ConnectionID(connection), parts[2], parts[3], parts[4]
	return m, err
}
