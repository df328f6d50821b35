package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// need is one thing that needs a human, and for whom.
type need struct {
	Code        string          `json:"code"` // a reason, or one that says what else
	WhoActs     ordersync.Actor `json:"whoActs"`
	Message     string          `json:"message"`
	Connections int             `json:"connections"`
	Tenants     []string        `json:"tenants"` // the first few
}

// setAsideText says what orders set aside need.
const setAsideText = "Orders could not be read or stored and were set aside; each is tried again. `ordersync tenants show` lists them."

// shownTenants is how many tenants are named of each need.
const shownTenants = 10

// needsOf collects what needs a human.
type needsOf map[string]*need

func (n needsOf) add(c store.ConnectionStatus, now time.Time) {
	if reason, actor := c.Need(); actor != ordersync.Nobody {
		n.note(string(reason), actor, reason.Info().English, c.Tenant)
	}
	if days := c.AuthorizationWarning(now); days > 0 && c.State == ordersync.Connected {
		n.note(fmt.Sprintf("AUTHORIZATION_ENDS_IN_%d_DAYS", days), ordersync.Tenant,
			fmt.Sprintf("The seller's authorisation ends within %d days, a year after it was given: connect again before (`ordersync connect`).", days), c.Tenant)
	}
	if c.SetAside > 0 {
		n.note(ordersync.OrdersSetAside, ordersync.Operator, setAsideText, c.Tenant)
	}
}

func (n needsOf) note(code string, actor ordersync.Actor, message string, tenant ordersync.TenantID) {
	key := code + " " + string(actor)
	one := n[key]
	if one == nil {
		one = &need{Code: code, WhoActs: actor, Message: message, Tenants: []string{}}
		n[key] = one
	}
	one.Connections++
	if len(one.Tenants) < shownTenants && !slices.Contains(one.Tenants, string(tenant)) {
		one.Tenants = append(one.Tenants, string(tenant))
	}
}

// list is what was collected, what most connections share first; before all what
// stops the whole fleet, or will.
func (n needsOf) list(app store.Application, warnings []engine.Warning) []need {
	out := []need{}
	for _, key := range sortedKeys(n) {
		out = append(out, *n[key])
	}
	slices.SortStableFunc(out, func(a, b need) int { return cmp.Compare(b.Connections, a.Connections) })
	for _, w := range warnings {
		out = slices.Insert(out, 0, need{Code: w.Code, WhoActs: ordersync.Operator, Message: w.Message, Tenants: []string{}})
	}
	if app.Stopped() {
		reason := ordersync.AppCredentialsInvalid
		stopped := need{Code: string(reason), WhoActs: reason.Info().Acts, Message: reason.Info().English + " Since " + shown(moment(app.StoppedAt)) + ".", Tenants: []string{}}
		out = slices.DeleteFunc(out, func(o need) bool { return o.Code == string(reason) })
		out = slices.Insert(out, 0, stopped)
	}
	return out
}

// printNeeds prints what a human must do. That it cannot be printed is noticed by
// what is printed next.
func (s screen) printNeeds(list []need) {
	if len(list) > 0 {
		_, _ = fmt.Fprintln(s, "\n"+s.paint(headline, s.tr("What a human must do:")))
	}
	for _, n := range list {
		_, _ = fmt.Fprintf(s, "  %s %s\n", s.paint(strong, n.Code), s.say("(who acts: %s): %s", s.tr(string(n.WhoActs)), plain(s.needed(n))))
		if len(n.Tenants) > 0 {
			_, _ = fmt.Fprintf(s, "    %s\n", s.who(n))
		}
	}
}

// needed is the sentence of what is needed.
func (s screen) needed(n need) string {
	r := ordersync.Reason(n.Code)
	return strings.Replace(s.sentence(n.Message), r.Info().English, s.reason(r), 1)
}

// who names the tenants.
func (s screen) who(n need) string {
	text := strings.Join(n.Tenants, ", ")
	if n.Connections > len(n.Tenants) {
		text += " " + s.say("(%s in all)", s.counted(n.Connections, "connection"))
	}
	return text
}
