package ordersync

import "time"

// Need is why a human must see to a connection as it stands, and who. [Nobody]
// must when it is in order, goes on by itself, or is switched off, which is
// somebody's wish.
func (c Connection) Need() (Reason, Actor) {
	switch {
	case c.State == Disabled:
		return "", Nobody
	case c.Paused:
		return Paused, Paused.Info().Acts
	case c.State == Pending:
		return NotConnected, NotConnected.Info().Acts
	case c.State == NeedsReconnect:
		return TokenRevoked, TokenRevoked.Info().Acts2
	case c.LastReason == "":
		return "", Nobody
	case c.LastReason == TokenRevoked:
		// It was confirmed, and then a new token came.
		return TokenRevoked, TokenRevoked.Info().Acts
	}
	return c.LastReason, Outcome{Reason: c.LastReason, Confirmed: c.LastConfirmed}.Actor()
}

// OrdersSetAside stands among the reasons that need a human for orders that could not be
// read or stored and were set aside, whatever the connection's own reason. It is none
// itself: no outcome has it.
const OrdersSetAside = "SET_ASIDE"

// Since is since when a connection stands as it does: paused, in its state, or with
// the reason of its last outcome. Zero: nobody kept since when.
func (c Connection) Since() time.Time {
	switch {
	case c.Paused && c.State != Disabled:
		return c.PausedAt
	case c.State != Connected || c.LastReason == "":
		return c.StateSince
	}
	return c.ReasonSince
}

// Actor is who must act on an outcome.
func (o Outcome) Actor() Actor {
	info := o.Reason.Info()
	if o.Confirmed {
		return info.Acts2
	}
	return info.Acts
}
