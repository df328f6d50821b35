package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"ordersync"
	"ordersync/internal/store"
)

// tank is a connection's square.
type tank struct{ Class, Href, Title string }

// regionTanks are the squares of a region, or of a large fleet how many connections
// each colour has: by the bands of freshness, then those that need a human and the
// paused.
type regionTanks struct {
	Name  string
	N     int64
	Tanks []tank
	Bands [tankKinds]int64
}

// The kinds of squares: the bands of freshness come first.
const (
	kindNeed  = 5
	kindOff   = 6
	tankKinds = 7
)

// tankClasses are the kinds in the style sheet.
var tankClasses = [tankKinds]string{"", "l3", "l2", "l1", "l0", "need", "off"}

// kindOf is the kind of a square.
func kindOf(s store.Standing) int {
	if s.Paused || s.State == ordersync.Disabled {
		return kindOff
	}
	if (standing{s}).acts() != actsNobody {
		return kindNeed
	}
	if s.Band < 0 {
		return kindNeed - 1 // nothing was read yet: as old as can be
	}
	return s.Band
}

// regionNames are in the order in which regions are shown.
var regionNames = []struct {
	region ordersync.Region
	name   string
}{{ordersync.RegionEU, "Europe"}, {ordersync.RegionNA, "North America"}, {ordersync.RegionFE, "Far East"}}

// tanks draws the fleet: a square a connection, or a thousand squares for all.
func (f fleetNow) tanks(v *visit, data *fleetData) {
	of := map[ordersync.Region]*regionTanks{}
	for _, r := range regionNames {
		of[r.region] = &regionTanks{Name: v.T(r.name)}
	}
	for _, s := range f.standings {
		if r := of[s.Region]; r != nil {
			r.N += s.N
			r.Bands[kindOf(s)] += s.N
		}
	}
	aside := map[ordersync.ConnectionID]bool{}
	for _, s := range f.aside.Some {
		aside[s.ID] = true
	}
	for _, s := range f.stands {
		if r := of[s.Region]; r != nil {
			r.Tanks = append(r.Tanks, v.tank(s, aside[s.ID]))
		}
	}
	for _, r := range regionNames {
		if of[r.region].N > 0 {
			data.Regions = append(data.Regions, *of[r.region])
		}
	}
	if data.Large = f.stands == nil; data.Large {
		f.waffle(v, data)
	}
}

// tank is the square of a connection, which may have orders set aside.
func (v *visit) tank(s store.Stand, aside bool) tank {
	one := tank{Class: tankClasses[kindOf(s.Standing)], Href: connectionHref(s.Tenant, s.ID), Title: v.tankTitle(s)}
	if aside && kindOf(s.Standing) < kindNeed {
		one.Class = tankClasses[kindNeed]
		one.Title += "; " + v.T("needs a human") + ", " + strings.ToLower(v.T(sayingOf(ordersync.OrdersSetAside, false).head))
	}
	return one
}

// tankTitle says of a square what it shows.
func (v *visit) tankTitle(s store.Stand) string {
	name := nameOf(s.DisplayName, s.Tenant) + ", " + regionTag(s.Region) + ": "
	switch kind := kindOf(s.Standing); {
	case s.State == ordersync.Disabled:
		return name + v.T("switched off")
	case kind == kindOff:
		return name + v.T("paused")
	case kind == kindNeed:
		reason, _ := s.Connection().Need()
		return name + v.T("needs a human") + ", " + strings.ToLower(v.T(sayingOf(reason, true).head))
	case s.Cursor.IsZero():
		return name + v.T("nothing read yet")
	case kind == 0:
		return name + v.T("fresh, %s", v.words.span(v.Now.Sub(s.Cursor)))
	default:
		return name + v.T("%s old", v.words.span(v.Now.Sub(s.Cursor)))
	}
}

// wafflePath draws some squares at once.
type wafflePath struct{ Class, Path string }

// squares is how many a picture of a large fleet has.
const squares = 1000

// worstFirst is the order of kinds in the picture.
var worstFirst = []int{kindNeed, kindOff, 4, 3, 2, 1, 0}

// waffle draws a large fleet as a thousand squares, the worst first. A kind that exists
// has one square at least.
func (f fleetNow) waffle(v *visit, data *fleetData) {
	var counts [tankKinds]int64
	total := int64(0)
	for _, r := range data.Regions {
		for kind, n := range r.Bands {
			counts[kind] += n
			total += n
		}
	}
	data.PerSquare = max(1, total/squares)
	shares := sharesOf(counts, total)
	var kinds []int
	for _, kind := range worstFirst {
		kinds = append(kinds, slices.Repeat([]int{kind}, shares[kind])...)
	}
	data.Waffle, data.WaffleSlim = drawWaffle(kinds, 50), drawWaffle(kinds, 25)
	data.WaffleStory = v.T("%s squares, worst first: %s stand for connections younger than 30 minutes, %s for those up to 12 hours, %s for older ones, %s for paused ones, %s for connections that need a human.",
		squares, shares[0]+shares[1], shares[2]+shares[3], shares[4], shares[kindOff], shares[kindNeed])
}

// sharesOf divides the squares among the kinds, none of which vanishes.
func sharesOf(counts [tankKinds]int64, total int64) (shares [tankKinds]int) {
	left := squares
	order := []int{0, 1, 2, 3, 4, kindNeed, kindOff}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(counts[a], counts[b]) })
	for i, kind := range order {
		if counts[kind] == 0 {
			continue
		}
		shares[kind] = max(1, int(counts[kind]*squares/max(total, 1)))
		if i == len(order)-1 {
			shares[kind] = left // the largest takes what rounding left
		}
		left -= shares[kind]
	}
	return shares
}

// A square is 9 wide, at every 12.
const squareStep = 12

// waffleParts draw a kind: where its rim and its level begin, and its mark.
var waffleParts = [tankKinds]struct {
	rim, fill string
	level     float64 // of 9
	mark      string  // path of a mark in the middle, relative to the square's corner
}{
	0:        {rim: "st-ok", fill: "fl-tank", level: 9},
	1:        {rim: "st-ok", fill: "fl-tank", level: 6.75},
	2:        {rim: "st-part", fill: "fl-part", level: 4.5},
	3:        {rim: "st-part", fill: "fl-part", level: 2.25},
	4:        {rim: "st-fail"},
	kindNeed: {rim: "st-fail", fill: "fl-fail", mark: "diamond"},
	kindOff:  {rim: "st-skip", mark: "dash"},
}

// drawWaffle draws squares in so many columns.
func drawWaffle(kinds []int, columns int) []wafflePath {
	paths := map[string]*strings.Builder{}
	var order []string
	add := func(class, d string) {
		b := paths[class]
		if b == nil {
			b = &strings.Builder{}
			paths[class] = b
			order = append(order, class)
		}
		b.WriteString(d)
	}
	for i, kind := range kinds {
		x, y := float64(i%columns*squareStep)+0.5, float64(i/columns*squareStep)+0.5
		part := waffleParts[kind]
		switch part.mark {
		case "diamond":
			add(part.fill, "M"+at(x+4.5)+" "+at(y+.5)+"l4 4-4 4-4-4z")
		case "dash":
			add(part.rim, "M"+at(x+2.5)+" "+at(y+4.5)+"h4")
		default:
			if part.level > 0 {
				add(part.fill, "M"+at(x)+" "+at(y+9-part.level)+"h9v"+at(part.level)+"h-9z")
			}
		}
		add(part.rim, "M"+at(x)+" "+at(y)+"h9v9h-9z")
	}
	out := make([]wafflePath, 0, len(order))
	for _, class := range order {
		out = append(out, wafflePath{class, paths[class].String()})
	}
	return out
}

func at(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
