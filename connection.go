package ordersync

import (
	"fmt"
	"regexp"
	"time"
)

// ConnectionID identifies a connection; 0 is none.
type ConnectionID int64

// State is where a connection stands with Amazon.
type State string

// The states. Paused is no state but stands beside it: an operator's word, not
// Amazon's.
const (
	Pending        State = "PENDING"         // known, not yet authorised
	Connected      State = "CONNECTED"       // authorised
	NeedsReconnect State = "NEEDS_RECONNECT" // Amazon said, twice and apart, that the seller must authorise again
	Disabled       State = "DISABLED"        // switched off
)

// SeedName is the state's name in the JSON of the system that this one
// replaces, and in import files: NEEDS_RECONNECT is ERROR there.
func (s State) SeedName() string {
	if s == NeedsReconnect {
		return "ERROR"
	}
	return string(s)
}

// ParseState reads a state by the name that SeedName gives.
func ParseState(s string) (State, error) {
	switch s {
	case "PENDING", "CONNECTED", "DISABLED":
		return State(s), nil
	case "ERROR":
		return NeedsReconnect, nil
	}
	return "", fmt.Errorf("status %s is unknown: use CONNECTED, PENDING, DISABLED or ERROR", ShowBytes([]byte(s)))
}

// Connection is one authorised seller account of a tenant.
type Connection struct {
	ID          ConnectionID
	Tenant      TenantID
	Region      Region
	SellerID    string // Amazon's selling partner id; "" until known
	DisplayName string

	State      State
	StateSince time.Time
	Paused     bool
	PausedAt   time.Time // zero: it is not, or nobody kept since when

	// Marketplaces are the ids that searches ask for, sorted. Explicit ones came
	// by import and change only by it; others are discovered and asked again
	// daily.
	Marketplaces         []string
	MarketplacesExplicit bool
	MarketplacesAt       time.Time // last discovery; zero when never
	// MarketplacesEmptyAt is when Amazon first named none although some were
	// known, zero once it names some again; MarketplacesAgainAt is before when it
	// is not asked again, zero when nothing forbids it.
	MarketplacesEmptyAt time.Time
	MarketplacesAgainAt time.Time

	// PersonalData tells whether buyer and recipient may be asked for and held.
	PersonalData bool
	// PersonalDeniedAt is when Amazon last refused a search because it asked for
	// them; zero when it did not.
	PersonalDeniedAt time.Time
	AuthorizedAt     time.Time // zero when unknown

	// Cursor is the upper end of live coverage; zero before the first window.
	Cursor time.Time
	// GivenCursor is a cursor that came by import and was not yet judged.
	GivenCursor []byte

	LiveWidth time.Duration // the next live window may be this wide
	BackWidth time.Duration // and the next window of back work
	LivePages int           // of the last live work, for the pace
	Slow      bool          // the last call took long or timed out
	// StuckAt is since when live work stands before a window that Amazon does not
	// answer while it answers others, zero: it does not; StuckTo is the end of the
	// narrowest such window.
	StuckAt, StuckTo time.Time

	Interval    time.Duration // 0: the service's setting
	History     time.Duration // 0: the service's setting
	WantedSince time.Time     // history is wanted from here on; zero: as History says
	Sweep       SweepState    // without its period
	BackCalls   int64         // calls of back work, and those of the sweep
	SweepCalls  int64

	LastPolledAt  time.Time // last execution of live work that called Amazon or tried to
	LastSuccessAt time.Time
	LastReason    Reason // of the last settled live work; "" before any
	LastMessage   string
	LastConfirmed bool      // of an outcome that somebody is told about: Amazon said it twice and apart
	LastReasonAt  time.Time // of the last such outcome
	ReasonSince   time.Time // since when every outcome has had that reason; zero: since before this was kept
	Failures      int       // failed executions in a row, for backoff
	BackFailures  int       // the same of back work

	// RevokedAt and DeniedAt are when Amazon first said so; zero once it said
	// otherwise. Nobody is told to act before it has said so again, later.
	RevokedAt time.Time
	DeniedAt  time.Time

	Orders, Items int64 // stored now
}

// Refused tells whether Amazon itself has said, twice and apart, that the seller
// must authorise again. It is false in NEEDS_RECONNECT as long as that is an
// operator's word, or was said of an authorisation that a new one has replaced.
func (c Connection) Refused() bool {
	return c.State == NeedsReconnect && !c.RevokedAt.IsZero() && !c.StateSince.Before(c.RevokedAt)
}

// Groups are the data groups that requests for this connection ask for.
func (c Connection) Groups() Groups {
	if c.PersonalData {
		return OrderGroups | PersonalGroups
	}
	return OrderGroups
}

// PersonalAgain is how long after a refusal personal data is asked for again.
const PersonalAgain = 24 * time.Hour

// GroupsAt are the data groups that a walk begun at a time asks for: without
// personal data for a day after Amazon refused it.
func (c Connection) GroupsAt(now time.Time) Groups {
	if !c.PersonalDeniedAt.IsZero() && now.Sub(c.PersonalDeniedAt) < PersonalAgain {
		return c.Groups() &^ PersonalGroups
	}
	return c.Groups()
}

var (
	sellerID      = regexp.MustCompile(`^[A-Z0-9]{1,32}$`)
	marketplaceID = regexp.MustCompile(`^[A-Z0-9]{1,32}$`)
)

// CheckSellerID checks the shape of a selling partner id, such as
// A3TH9S8BH6GOGM; "" is allowed and means unknown.
func CheckSellerID(s string) error {
	if s != "" && !sellerID.MatchString(s) {
		return fmt.Errorf("sellingPartnerId %s has a wrong shape: use Amazon's id of 1 to 32 capital letters and digits, such as A3TH9S8BH6GOGM", ShowBytes([]byte(s)))
	}
	return nil
}

// MaxMarketplaces is how many marketplaces one search may name. Amazon model
// orders_2026-01-01.json, parameter marketplaceIds.
const MaxMarketplaces = 50

// CheckMarketplaces checks ids for a connection of the region: their shape, no
// double, at most 50, and none that Amazon publishes for another region.
// Unknown ids are allowed: Amazon adds countries.
func CheckMarketplaces(ids []string, region Region) error {
	if len(ids) > MaxMarketplaces {
		return fmt.Errorf("marketplaceIds has %d entries, at most %d are allowed", len(ids), MaxMarketplaces)
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if !marketplaceID.MatchString(id) {
			return fmt.Errorf("marketplaceIds: %s has a wrong shape: use Amazon's marketplace ids, such as A13V1IB3VIYZZH", ShowBytes([]byte(id)))
		}
		if seen[id] {
			return fmt.Errorf("marketplaceIds: %s stands twice", id)
		}
		seen[id] = true
		if r, known := MarketplaceRegion(id); known && r != region {
			return fmt.Errorf("marketplaceIds: %s belongs to region %s, the connection is in %s", id, r, region)
		}
	}
	return nil
}

// Participation is one row of what Amazon says of a seller's marketplaces.
type Participation struct {
	MarketplaceID string
	Country       string
	Participating bool
}

// AuthorizationTime is how long a seller's authorisation lasts from the consent on.
// Amazon, "Authorization errors".
const AuthorizationTime = 365 * 24 * time.Hour

// AuthorizedUntil is when Amazon's authorisation ends; zero where nobody said when the
// seller consented, or the application is a private one.
func (c Connection) AuthorizedUntil() time.Time {
	if c.AuthorizedAt.IsZero() {
		return time.Time{}
	}
	return c.AuthorizedAt.Add(AuthorizationTime)
}

// AuthorizationWarnings are how many days before its end an authorisation is warned
// of, the last one last. Amazon itself writes to sellers some 30 days before.
var AuthorizationWarnings = []int{30, 15, 5}

// AuthorizationWarning is the last warning that is due at now, in days before the end:
// one of [AuthorizationWarnings]; 0: none, or it has ended.
func (c Connection) AuthorizationWarning(now time.Time) (days int) {
	return WarningBefore(c.AuthorizedUntil(), now)
}

// WarningBefore is the last of [AuthorizationWarnings] that is due at now before an
// end, in days; 0: none, it has ended, or there is no end.
func WarningBefore(end, now time.Time) (days int) {
	if end.IsZero() || !now.Before(end) {
		return 0
	}
	for _, warning := range AuthorizationWarnings {
		if end.Sub(now) <= time.Duration(warning)*24*time.Hour {
			days = warning
		}
	}
	return days
}
