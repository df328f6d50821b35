package ordersync_test

import (
	"testing"

	"ordersync"
)

func TestNeed(t *testing.T) {
	type C = ordersync.Connection
	for _, c := range []struct {
		name   string
		given  C
		reason ordersync.Reason
		actor  ordersync.Actor
	}{
		{"new", C{State: ordersync.Connected}, "", ordersync.Nobody},
		{"in order", C{State: ordersync.Connected, LastReason: ordersync.Success}, ordersync.Success, ordersync.Nobody},
		{"goes on by itself", C{State: ordersync.Connected, LastReason: ordersync.AmazonRateLimit}, ordersync.AmazonRateLimit, ordersync.Nobody},
		{"not yet connected", C{State: ordersync.Pending}, ordersync.NotConnected, ordersync.Tenant},
		{"switched off", C{State: ordersync.Disabled, LastReason: ordersync.TokenMissing, Paused: true}, "", ordersync.Nobody},
		{"paused", C{State: ordersync.NeedsReconnect, Paused: true, LastReason: ordersync.TokenRevoked}, ordersync.Paused, ordersync.Operator},
		{"without a token", C{State: ordersync.Connected, LastReason: ordersync.TokenMissing}, ordersync.TokenMissing, ordersync.Tenant},
		{"refused once", C{State: ordersync.Connected, LastReason: ordersync.TokenRevoked}, ordersync.TokenRevoked, ordersync.Nobody},
		{"refused for good", C{State: ordersync.NeedsReconnect, LastReason: ordersync.TokenRevoked, LastConfirmed: true}, ordersync.TokenRevoked, ordersync.Tenant},
		{"connected again", C{State: ordersync.Connected, LastReason: ordersync.TokenRevoked, LastConfirmed: true}, ordersync.TokenRevoked, ordersync.Nobody},
		{"must reconnect, as another system said", C{State: ordersync.NeedsReconnect}, ordersync.TokenRevoked, ordersync.Tenant},
		{"denied once", C{State: ordersync.Connected, LastReason: ordersync.AccessDenied}, ordersync.AccessDenied, ordersync.Nobody},
		{"denied for good", C{State: ordersync.Connected, LastReason: ordersync.AccessDenied, LastConfirmed: true}, ordersync.AccessDenied, ordersync.TenantOrOperator},
		{"broken answers", C{State: ordersync.Connected, LastReason: ordersync.AmazonBadResponse}, ordersync.AmazonBadResponse, ordersync.Operator},
		{"of a newer version", C{State: ordersync.Connected, LastReason: "NEW"}, "NEW", ordersync.Us},
	} {
		if reason, actor := c.given.Need(); reason != c.reason || actor != c.actor {
			t.Errorf("%s: %s, %s; want %s, %s", c.name, reason, actor, c.reason, c.actor)
		}
	}
}
