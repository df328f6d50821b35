package spapisim

import (
	"fmt"
	"slices"
	"time"
)

// Trouble is a named way in which one seller of a fleet is not healthy.
type Trouble string

// The troubles.
const (
	Healthy             Trouble = ""
	TroubleNoToken      Trouble = "no-token"      // there is no refresh token
	TroubleRevoked      Trouble = "revoked"       // the seller withdrew the authorisation
	TroubleOtherClient  Trouble = "other-client"  // the refresh token belongs to another application
	TroubleNoRole       Trouble = "no-role"       // the seller authorised no role that opens Orders
	TroubleWrongRegion  Trouble = "wrong-region"  // asked at another region's host
	TroubleNoMarket     Trouble = "no-market"     // participates nowhere
	TroubleSecret       Trouble = "secret"        // 403 that names the application's secret
	TroubleForbidden    Trouble = "forbidden"     // 403 for the first 25 minutes
	TroubleThrottled    Trouble = "throttled"     // a hundredth of the rate, a burst of one
	TroubleUnavailable  Trouble = "unavailable"   // always 503
	TroubleFlaky        Trouble = "flaky"         // a third of the calls end in 500
	TroubleHangs        Trouble = "hangs"         // never answers
	TroubleSlow         Trouble = "slow"          // eight seconds before each answer
	TroubleResets       Trouble = "resets"        // a third of the connections are reset
	TroubleBadJSON      Trouble = "bad-json"      // 200 with something that is no JSON
	TroubleHTML         Trouble = "html"          // 400 with HTML
	TroubleDataIncident Trouble = "data-incident" // 400 for whoever asks for FULFILLMENT
	TroubleCircular     Trouble = "circular"      // the same pagination token again
	TroubleDeadToken    Trouble = "dead-token"    // half of the pagination tokens are dead
	TroubleUnreadable   Trouble = "unreadable"    // one order in ten cannot be read
	TroubleOdd          Trouble = "odd"           // hard texts, unknown values
	TroubleHugeOrder    Trouble = "huge-order"    // one order of 500 items
	TroubleManyOrders   Trouble = "many-orders"   // fifty times the orders
	TroubleLate         Trouble = "late"          // searchOrders learns of everything 30 minutes late
	TroubleShifting     Trouble = "shifting"      // offset tokens, short pages, orders twice
	TroubleNoLogin      Trouble = "no-login"      // Login with Amazon answers 500
)

// troubles is what is done to a seller, after it was made and authorised.
var troubles = []struct {
	name  Trouble
	apply func(s *Simulator, m *Member, spec *FleetSpec) error
}{
	{Healthy, nil},
	{TroubleNoToken, func(_ *Simulator, m *Member, _ *FleetSpec) error { m.RefreshToken = ""; return nil }},
	{TroubleRevoked, func(s *Simulator, m *Member, f *FleetSpec) error { return s.Revoke(f.ClientID, m.Key) }},
	{TroubleOtherClient, otherClient},
	{TroubleNoRole, func(s *Simulator, m *Member, f *FleetSpec) error {
		var err error
		m.RefreshToken, err = s.Authorize(f.ClientID, m.Key, RoleBrandAnalytics)
		return err
	}},
	{TroubleWrongRegion, always(FaultWrongRegion, "", "", 0, 0)},
	{TroubleNoMarket, func(s *Simulator, m *Member, _ *FleetSpec) error {
		list := slices.Clone(m.Participations)
		for i := range list {
			list[i].NotActive = true
		}
		return s.SetParticipations(m.Key, list)
	}},
	{TroubleSecret, always(FaultForbidden, "", "secret", 0, 0)},
	{TroubleForbidden, func(s *Simulator, m *Member, _ *FleetSpec) error {
		_, err := s.AddFault(Fault{Kind: FaultForbidden, Seller: m.Key, Until: s.Now().Add(25 * time.Minute)})
		return err
	}},
	{TroubleThrottled, func(s *Simulator, m *Member, _ *FleetSpec) error {
		return s.SetRate(SearchOrders, m.Key, Rate{PerSecond: publishedRates[SearchOrders].PerSecond / 100, Burst: 1})
	}},
	{TroubleUnavailable, always(FaultUnavailable, "", "", 0, 0)},
	{TroubleFlaky, always(FaultInternal, "", "", 1./3, 0)},
	{TroubleHangs, always(FaultHang, "", "", 0, 0)},
	{TroubleSlow, always(FaultSlow, "", "", 0, 8*time.Second)},
	{TroubleResets, always(FaultReset, "", "", 1./3, 0)},
	{TroubleBadJSON, always(FaultBadJSON, "", "", 0, 0)},
	{TroubleHTML, always(FaultHTML, "", "", 0, 0)},
	{TroubleDataIncident, func(s *Simulator, m *Member, _ *FleetSpec) error {
		_, err := s.AddFault(Fault{Kind: FaultInvalid, Seller: m.Key, IncludedData: "FULFILLMENT"})
		return err
	}},
	{TroubleCircular, always(FaultSameToken, SearchOrders, "", 0, 0)},
	{TroubleDeadToken, always(FaultDeadToken, SearchOrders, "", 0.5, 0)},
	{TroubleUnreadable, nil}, // these four are a matter of the orders
	{TroubleOdd, nil},
	{TroubleHugeOrder, nil},
	{TroubleManyOrders, nil},
	{TroubleLate, func(s *Simulator, m *Member, _ *FleetSpec) error {
		return s.SetSellerSwitches(m.Key, func(sw *Switches) { sw.LateBy = Duration(30 * time.Minute) })
	}},
	{TroubleShifting, func(s *Simulator, m *Member, _ *FleetSpec) error {
		return s.SetSellerSwitches(m.Key, func(sw *Switches) {
			sw.Tokens, sw.ShortPages, sw.Twice = TokenOffset, true, DuplicatesWalk
		})
	}},
	{TroubleNoLogin, always(FaultInternal, Token, "", 0, 0)},
}

// Troubles lists every trouble but Healthy.
func Troubles() []Trouble {
	var names []Trouble
	for _, t := range troubles[1:] {
		names = append(names, t.name)
	}
	return names
}

// always sets a fault for good.
func always(kind FaultKind, operation, variant string, probability float64, delay time.Duration) func(*Simulator, *Member, *FleetSpec) error {
	return func(s *Simulator, m *Member, _ *FleetSpec) error {
		_, err := s.AddFault(Fault{
			Kind: kind, Seller: m.Key, Operation: operation, Variant: variant, Probability: probability, Delay: Duration(delay),
		})
		return err
	}
}

func otherClient(s *Simulator, m *Member, _ *FleetSpec) error {
	app, err := s.AddApplication(ApplicationSpec{})
	if err != nil {
		return err
	}
	m.RefreshToken, err = s.Authorize(app.ClientID, m.Key)
	return err
}

const maxFleet = 1_000_000

// FleetSpec describes many sellers of one application.
type FleetSpec struct {
	ClientID string    `json:"clientId"`
	Sellers  int       `json:"sellers"`
	Orders   int       `json:"orders"` // each
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Living   bool      `json:"living,omitzero"`  // see Generate
	Regions  []string  `json:"regions,omitzero"` // in turn; default eu
	// Troubles go to one seller each, drawn from the seed; the rest is healthy.
	Troubles []Trouble `json:"troubles,omitzero"`
}

// Member is one seller of a fleet.
type Member struct {
	Seller
	RefreshToken string  `json:"refreshToken"`
	Trouble      Trouble `json:"trouble,omitzero"`
}

// Fleet makes sellers, authorises the application for each, grows their orders
// and gives some of them troubles.
func (s *Simulator) Fleet(spec FleetSpec) ([]Member, error) {
	if spec.Sellers < len(spec.Troubles) {
		return nil, fmt.Errorf("spapisim: %d troubles for %d sellers", len(spec.Troubles), spec.Sellers)
	}
	if spec.Sellers > maxFleet || spec.Orders > maxGenerated {
		return nil, fmt.Errorf("spapisim: %d sellers of %d orders are too many", spec.Sellers, spec.Orders)
	}
	if len(spec.Regions) == 0 {
		spec.Regions = []string{"eu"}
	}
	assigned := make([]Trouble, spec.Sellers)
	for i, at := range draw(s.seed, "fleet", spec.ClientID).Perm(spec.Sellers)[:len(spec.Troubles)] {
		assigned[at] = spec.Troubles[i]
	}
	members := make([]Member, 0, spec.Sellers)
	for i, trouble := range assigned {
		m, err := s.member(&spec, spec.Regions[i%len(spec.Regions)], trouble)
		if err != nil {
			return nil, fmt.Errorf("seller %d: %w", i, err)
		}
		members = append(members, m)
	}
	return members, nil
}

func (s *Simulator) member(spec *FleetSpec, region string, trouble Trouble) (Member, error) {
	i := slices.IndexFunc(troubles, func(t struct {
		name  Trouble
		apply func(*Simulator, *Member, *FleetSpec) error
	}) bool {
		return t.name == trouble
	})
	if i < 0 {
		return Member{}, fmt.Errorf("spapisim: no trouble %q (there are %q)", trouble, Troubles())
	}
	seller, err := s.AddSeller(SellerSpec{Region: region})
	if err != nil {
		return Member{}, err
	}
	m := Member{Seller: seller, Trouble: trouble}
	if m.RefreshToken, err = s.Authorize(spec.ClientID, m.Key); err != nil {
		return Member{}, err
	}
	for _, g := range spec.generations(trouble) {
		if _, err := s.Generate(m.Key, g); err != nil {
			return Member{}, err
		}
	}
	if apply := troubles[i].apply; apply != nil {
		err = apply(s, &m, spec)
	}
	return m, err
}

// generations are the orders of a seller with a trouble.
func (spec *FleetSpec) generations(trouble Trouble) []Generate {
	g := Generate{N: spec.Orders, From: spec.From, To: spec.To, Living: spec.Living}
	switch trouble {
	case TroubleUnreadable:
		g.Unreadable = 0.1
	case TroubleOdd:
		g.Odd, g.Unknown = 0.5, 0.3
	case TroubleManyOrders:
		g.N *= 50
	case TroubleHugeOrder:
		huge := g
		huge.N, huge.Items = 1, 500
		return []Generate{g, huge}
	}
	return []Generate{g}
}
