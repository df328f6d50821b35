package web

import (
	"context"
	"time"

	"ordersync"
)

// linkTime is how long a link to connect is good that is made on the page.
const linkTime = 7 * 24 * time.Hour

// linkData is a link for a seller, with a text to send it with.
type linkData struct {
	Address         string
	Until           time.Time
	English, French string
}

// linkOf dresses a link for sending.
func (d *dashboard) linkOf(ctx context.Context, v *visit, tenant ordersync.TenantID, id ordersync.ConnectionID, address string, until time.Time) *linkData {
	c, err := d.Reader.Tenant(tenant).Connection(ctx, id)
	if err != nil {
		c = ordersync.Connection{} // the text is then the plainest one
	}
	return &linkData{
		Address: address, Until: until,
		English: sellerText(words{}, c, d.Name, address, until, v.Now), French: sellerText(words{french: true}, c, d.Name, address, until, v.Now),
	}
}

// sellerText is what to write to a seller, in a language.
func sellerText(w words, c ordersync.Connection, service, address string, until, now time.Time) string {
	moment := func(t time.Time) string { return w.say("%s at %s UTC", w.date(t, now), t.UTC().Format("15:04")) }
	reason, actor := c.Need()
	text, lost := w.say("Hello,")+"\n\n", ""
	switch {
	case c.State == ordersync.Pending, c.ID == 0:
		text += w.say("So that %s can read your orders at Amazon, open this link, sign in to Seller Central with the main account, and choose “Confirm”.", service)
	case actor == ordersync.Tenant || reason == ordersync.TokenRevoked || reason == ordersync.AccessDenied:
		lost = " " + w.say("No order is lost: those placed meanwhile arrive at once.")
		text += w.say("Amazon does not let %s read your orders any more. To restore it, open this link, sign in to Seller Central with the main account, and choose “Confirm”.", service)
	case c.AuthorizedUntil().After(now):
		text += w.say("Amazon’s permission for %s to read your orders ends on %s. To renew it, open this link, sign in to Seller Central with the main account, and choose “Confirm”.", service, w.date(c.AuthorizedUntil(), now))
	default:
		text += w.say("To renew Amazon’s permission for %s to read your orders, open this link, sign in to Seller Central with the main account, and choose “Confirm”.", service)
	}
	text += "\n\n" + address + "\n\n" + w.say("It is good until %s, once, and for your account only.", moment(until))
	return text + lost + "\n"
}

// ordersHref lists the orders of a tenant.
func ordersHref(tenant ordersync.TenantID) string { return "/orders?tenant=" + string(tenant) }

// exact is a time of day within a day of now, else the day and its hour.
func (v *visit) exact(t time.Time) string {
	if d := v.Now.Sub(t); d < 24*time.Hour && d > -24*time.Hour {
		return v.words.clock(t, v.Now)
	}
	return v.Day(t)
}

// Day is a day and its hour, written out.
func (v *visit) Day(t time.Time) string {
	return v.T("%s at %s UTC", v.words.date(t, v.Now), t.UTC().Format("15:04"))
}
