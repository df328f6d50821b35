package spapisim

import (
	"fmt"
	"slices"
)

// Switches choose among behaviours that Amazon does not document, or that it
// has shown in different ways. The zero value is the plainest reading of the
// documents. They can be changed while the simulator runs, for all sellers or
// for one.
type Switches struct {
	// ClockSkew is how far Amazon's clock is ahead of Config.Now. For all
	// sellers at once only.
	ClockSkew Duration `json:"clockSkew,omitzero"`
	// MinLatency and MaxLatency bound a delay drawn for every answer.
	MinLatency Duration `json:"minLatency,omitzero"`
	MaxLatency Duration `json:"maxLatency,omitzero"`

	// ExpiresInText writes expires_in as a string, as LWA's pages once show it.
	ExpiresInText bool `json:"expiresInText,omitzero"`
	// RotateRefreshTokens gives a new refresh token at each refresh; the old
	// one keeps working until the new one was used.
	RotateRefreshTokens bool `json:"rotateRefreshTokens,omitzero"`
	// RevokedAtOnce ends access tokens with their authorisation, when it is
	// revoked and when it expires. Otherwise they live until their hour ends.
	// Amazon does not say which.
	RevokedAtOnce bool `json:"revokedAtOnce,omitzero"`
	// OldToken is what becomes of a seller's refresh tokens when the seller
	// authorises again.
	OldToken OldToken `json:"oldToken,omitzero"`
	// SelfAuthorizedForever lets an authorisation by Authorize never expire.
	// Amazon states no end for self-authorised applications, and 365 days for
	// all others.
	SelfAuthorizedForever bool `json:"selfAuthorizedForever,omitzero"`
	// ExpiredSecretRefused lets Login with Amazon refuse a client secret that was
	// not rotated in 180 days, with 401 invalid_client. Otherwise it answers, and
	// the API refuses. Amazon's page says that it may. For all sellers at once
	// only.
	ExpiredSecretRefused bool `json:"expiredSecretRefused,omitzero"`
	// CancelReturns sends a seller who cancels on the consent page back to the
	// redirect URI, with state and without a code. Otherwise the page says that it
	// can be closed: Amazon promises no callback.
	CancelReturns bool `json:"cancelReturns,omitzero"`
	// MWSAuthToken adds the parameter mws_auth_token to redirects with a code, as
	// Amazon historically did.
	MWSAuthToken bool `json:"mwsAuthToken,omitzero"`
	// LoginURIRequired answers MD9100 also in the website workflow when the
	// application has no login URI, which that workflow does not use.
	LoginURIRequired bool `json:"loginUriRequired,omitzero"`
	// StrictUserAgent refuses a user-agent without the Language attribute.
	StrictUserAgent bool `json:"strictUserAgent,omitzero"`

	// RateHeader is what x-amzn-RateLimit-Limit reports: "" the truth, "off" no
	// header, any other text is sent as it stands ("0", "-1", "much").
	RateHeader string `json:"rateHeader,omitzero"`
	// RetryAfter is the value of a Retry-After header on 429; "" sends none.
	RetryAfter string `json:"retryAfter,omitzero"`
	// FailuresFree gives the token back when the answer is not a success.
	FailuresFree bool `json:"failuresFree,omitzero"`
	// AppRate and AppBurst, when set, are a second plan per application and
	// operation over all of its sellers.
	AppRate  float64 `json:"appRate,omitzero"`
	AppBurst float64 `json:"appBurst,omitzero"`

	Sort   Sort       `json:"sort,omitzero"`
	Tokens TokenKind  `json:"tokens,omitzero"`
	Life   TokenLife  `json:"tokenLife,omitzero"`
	TTL    Duration   `json:"tokenTTL,omitzero"` // default 24 h
	Echo   Echo       `json:"echo,omitzero"`
	Delay  DelayText  `json:"delayText,omitzero"`
	Twice  Duplicates `json:"duplicates,omitzero"`
	// SearchDelay is how old an upper bound must be. Default 2 minutes.
	SearchDelay Duration `json:"searchDelay,omitzero"`
	// ShortPages draws page sizes below the asked one, also 0, with a token.
	ShortPages bool `json:"shortPages,omitzero"`
	// LateBy is how long every change stays out of searchOrders; single changes
	// can say more.
	LateBy Duration `json:"lateBy,omitzero"`

	// Seconds writes times without milliseconds, as the model's examples do.
	Seconds bool `json:"seconds,omitzero"`
	// UnknownFields adds fields that the model does not know.
	UnknownFields bool `json:"unknownFields,omitzero"`
	// PersonalRefused answers 403 when BUYER or RECIPIENT is asked for without
	// the role, instead of leaving the fields out.
	PersonalRefused bool `json:"personalRefused,omitzero"`
}

// OldToken is what becomes of the refresh tokens that an application holds when
// their seller authorises it again. Docs page "Renew authorizations" says only
// that the application overwrites the stored one.
type OldToken string

// The values of OldToken.
const (
	OldTokenOwnYear OldToken = ""        // works until its own 365 days end
	OldTokenRenewed OldToken = "renewed" // lives as long as the new one
	OldTokenEnds    OldToken = "ends"    // ends with the exchange of the new code
)

// Sort is the order of searchOrders. Amazon documents none.
type Sort string

// The values of Sort.
const (
	SortUpdated     Sort = ""             // oldest update first
	SortUpdatedDesc Sort = "updated-desc" // newest update first
	SortCreated     Sort = "created"      // oldest order first
)

// TokenKind is how a pagination token remembers its place.
type TokenKind string

// The values of TokenKind.
const (
	TokenKeyset TokenKind = ""       // after the last order served
	TokenOffset TokenKind = "offset" // after so many orders: changes during a walk shift the rest
)

// TokenLife is from when the 24 hours of a token count.
type TokenLife string

// The values of TokenLife.
const (
	LifePage TokenLife = ""     // each page's token lives its own 24 h
	LifeWalk TokenLife = "walk" // all tokens of a walk end 24 h after its first page
)

// Echo is what searchOrders reports as lastUpdatedBefore or createdBefore.
type Echo string

// The values of Echo.
const (
	EchoFrozen Echo = ""         // the bound in force, the same on every page
	EchoMoving Echo = "moving"   // without a bound of the client: two minutes ago, anew per page
	EchoAbsent Echo = "absent"   // nothing
	EchoWrong  Echo = "disagree" // a second less than the bound in force
)

// DelayText is the message of the two-minute rule.
type DelayText string

// The values of DelayText.
const (
	DelayNamed   DelayText = ""        // the text since 2025 that names the delay
	DelayGeneric DelayText = "generic" // the text of 2021 that gives no hint
)

// Duplicates is whether a walk repeats orders.
type Duplicates string

// The values of Duplicates.
const (
	DuplicatesNone Duplicates = ""     // never
	DuplicatesWalk Duplicates = "walk" // each page begins with the last order of the page before
	DuplicatesPage Duplicates = "page" // pages contain one order twice
)

func (sw Switches) check() error {
	for _, e := range []struct {
		name, value string
		known       []string
	}{
		{"oldToken", string(sw.OldToken), []string{"", "renewed", "ends"}},
		{"sort", string(sw.Sort), []string{"", "updated-desc", "created"}},
		{"tokens", string(sw.Tokens), []string{"", "offset"}},
		{"tokenLife", string(sw.Life), []string{"", "walk"}},
		{"echo", string(sw.Echo), []string{"", "moving", "absent", "disagree"}},
		{"delayText", string(sw.Delay), []string{"", "generic"}},
		{"duplicates", string(sw.Twice), []string{"", "walk", "page"}},
	} {
		if !slices.Contains(e.known, e.value) {
			return fmt.Errorf("spapisim: switch %s has no value %q (it has %q)", e.name, e.value, e.known)
		}
	}
	if sw.MaxLatency < sw.MinLatency && sw.MaxLatency != 0 {
		return fmt.Errorf("spapisim: maxLatency %s is below minLatency %s", sw.MaxLatency.D(), sw.MinLatency.D())
	}
	if sw.AppRate < 0 || sw.AppBurst < 0 || sw.SearchDelay < 0 || sw.TTL < 0 || sw.LateBy < 0 {
		return fmt.Errorf("spapisim: a negative rate, burst or time in %+v", sw)
	}
	return nil
}

// SetSwitches changes the switches of all sellers that have none of their own.
// Nothing changes when the result makes no sense.
func (s *Simulator) SetSwitches(change func(*Switches)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sw := s.switches
	change(&sw)
	if err := sw.check(); err != nil {
		return err
	}
	s.changeRates(func() { s.switches = sw })
	return nil
}

// SetSellerSwitches gives one seller switches of its own, beginning with those
// in force for it now.
func (s *Simulator) SetSellerSwitches(seller string, change func(*Switches)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sel, err := s.seller(seller)
	if err != nil {
		return err
	}
	sw := s.switchesOf(sel)
	change(&sw)
	if err := sw.check(); err != nil {
		return err
	}
	sel.switches = &sw
	return nil
}

// Switches returns the switches in force for all sellers without their own.
func (s *Simulator) Switches() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches
}

// DrawSwitches sets every search switch from a seed, for simulations that want
// to meet all of them. Clock and rates stay honest.
func DrawSwitches(seed uint64) Switches {
	rng := draw(seed, "switches")
	flip := func() bool { return rng.IntN(2) == 0 }
	return Switches{
		ExpiresInText:   flip(),
		RevokedAtOnce:   flip(),
		FailuresFree:    rng.IntN(4) == 0,
		Sort:            []Sort{SortUpdated, SortUpdatedDesc, SortCreated}[rng.IntN(3)],
		Tokens:          []TokenKind{TokenKeyset, TokenOffset}[rng.IntN(2)],
		Life:            []TokenLife{LifePage, LifeWalk}[rng.IntN(2)],
		Echo:            []Echo{EchoFrozen, EchoMoving, EchoAbsent, EchoWrong}[rng.IntN(4)],
		Delay:           []DelayText{DelayNamed, DelayGeneric}[rng.IntN(2)],
		Twice:           []Duplicates{DuplicatesNone, DuplicatesWalk, DuplicatesPage}[rng.IntN(3)],
		ShortPages:      flip(),
		Seconds:         flip(),
		UnknownFields:   flip(),
		PersonalRefused: flip(),
		RateHeader:      []string{"", "off"}[rng.IntN(2)],
	}
}

// switchesOf returns the switches in force for a seller; s.mu is held.
func (s *Simulator) switchesOf(sel *seller) Switches {
	if sel == nil || sel.switches == nil {
		return s.switches
	}
	sw := *sel.switches
	sw.ClockSkew = s.switches.ClockSkew
	return sw
}
