package ordersync

import (
	"slices"
	"time"
)

// MomentKind says what happened to an order at a moment.
type MomentKind string

// The kinds of moment.
const (
	MomentPlaced    MomentKind = "placed"
	MomentShipped   MomentKind = "shipped"
	MomentDelivered MomentKind = "delivered"
)

// Moment is one moment of an order's life.
type Moment struct {
	Kind MomentKind
	At   time.Time
	// Package is the package that was shipped; "" when the whole order is meant.
	Package string
	// Seen says that Amazon names no time: it is when its word was first seen.
	Seen bool
}

// TimelineOf is an order's life by what Amazon tells, the earliest first.
// shippedSeen and deliveredSeen are when Amazon's word that all was shipped and
// delivered was first seen; zero for never.
func TimelineOf(o Order, shippedSeen, deliveredSeen time.Time) []Moment {
	var out []Moment
	if !o.CreatedAt.IsZero() {
		out = append(out, Moment{Kind: MomentPlaced, At: o.CreatedAt})
	}
	told := false
	for _, p := range o.Packages {
		if !p.ShippedAt.IsZero() {
			told = true
			out = append(out, Moment{Kind: MomentShipped, At: p.ShippedAt, Package: p.ID})
		}
	}
	if !told && !shippedSeen.IsZero() {
		out = append(out, Moment{Kind: MomentShipped, At: shippedSeen, Seen: true})
	}
	if !deliveredSeen.IsZero() {
		out = append(out, Moment{Kind: MomentDelivered, At: deliveredSeen, Seen: true})
	}
	slices.SortStableFunc(out, func(a, b Moment) int { return a.At.Compare(b.At) })
	return out
}
