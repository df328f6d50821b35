package simulation

import (
	"slices"

	"ordersync/internal/spapisim"
)

// fault is a trouble by the name under which it is counted.
type fault string

// The troubles that are ours.
const (
	crashBeforeCall   fault = "crash before a call"
	crashAfterCall    fault = "crash after a call"
	crashBeforeTx     fault = "crash before a transaction"
	crashBeforeCommit fault = "crash before COMMIT"
	crashAfterCommit  fault = "crash after COMMIT"
	commitLost        fault = "COMMIT lost"
	answerLost        fault = "answer to COMMIT lost"
	stallBeforeTx     fault = "stall before a transaction"
	stallAfterCall    fault = "stall past the lease after a call"
	databaseAway      fault = "database away"
	processCutOff     fault = "process cut off from the database"
	doorbellLost      fault = "doorbell lost"
	doorbellTwice     fault = "doorbell in vain"
	wrongKey          fault = "secrets do not open"
	longLease         fault = "process with a longer lease"
	panics            fault = "panic"
)

// The troubles that last, and what operators do.
const (
	sellerAway      fault = "seller unavailable"
	sellerDenied    fault = "seller denied"
	regionDenied    fault = "region denied"
	regionRevoked   fault = "region refused by Login"
	regionAway      fault = "region unavailable"
	regionHangs     fault = "region hangs"
	appRefused      fault = "application refused by Login"
	appExpired      fault = "client secret expired"
	revocation      fault = "authorisation revoked"
	tokenGone       fault = "refresh token missing"
	marketGone      fault = "marketplace left and joined"
	marketAdded     fault = "marketplace taken out and brought by an operator"
	sellerRefused   fault = "seller refused by Login"
	nobodyAnswers   fault = "nobody answers doorbells"
	noMarket        fault = "no marketplace"
	rolesLost       fault = "roles lost"
	rateLowered     fault = "rate lowered"
	rateLies        fault = "rate header lies"
	clockMoves      fault = "Amazon's clock moves"
	shownLate       fault = "orders are shown later than said"
	poisonedMinute  fault = "minute that is never answered"
	tokensDie       fault = "pagination tokens die"
	pausing         fault = "pause and resume"
	disabling       fault = "disabled and enabled"
	removal         fault = "removed and brought back"
	newSecret       fault = "new refresh token"
	importedAgain   fault = "the same line imported again"
	settings        fault = "settings changed"
	backfilling     fault = "backfill"
	importOne       fault = "one order asked for"
	globalRun       fault = "global run"
	singleRun       fault = "single run"
	cancelledRun    fault = "run cancelled"
	lateOrder       fault = "order shown late"
	betweenPages    fault = "order changed between two pages"
	quietChange     fault = "order changed without a new time"
	damagedOrder    fault = "order that cannot be read"
	orderWithoutID  fault = "order without an id"
	cursorGarbage   fault = "cursor that is no date"
	cursorAhead     fault = "cursor in the future"
	cursorStale     fault = "cursor before Amazon's history"
	personalRefused fault = "personal data comes and goes"
)

// wireFaults are answers other than the right one, by the operations that they
// can meet.
var wireFaults = []struct {
	kind    spapisim.FaultKind
	variant string
	login   bool // at Login with Amazon, too
	page    bool // only for a page behind the first
}{
	{kind: spapisim.FaultInternal, login: true},
	{kind: spapisim.FaultUnavailable, login: true},
	{kind: spapisim.FaultBadGateway, login: true},
	{kind: spapisim.FaultGatewayTimeout},
	{kind: spapisim.FaultHTML, login: true},
	{kind: spapisim.FaultEmpty, login: true},
	{kind: spapisim.FaultBadJSON, login: true},
	{kind: spapisim.FaultBadStructure, login: true},
	{kind: spapisim.FaultNullMessage},
	{kind: spapisim.FaultForbidden},
	{kind: spapisim.FaultInvalid},
	{kind: spapisim.FaultTooLarge},
	{kind: spapisim.FaultThrottle, login: true},
	{kind: spapisim.FaultReset, login: true},
	{kind: spapisim.FaultHang, login: true},
	{kind: spapisim.FaultSlow, login: true},
	{kind: spapisim.FaultDrip},
	{kind: spapisim.FaultCut},
	{kind: spapisim.FaultTruncated, login: true},
	{kind: spapisim.FaultContentType},
	{kind: spapisim.FaultDate},
	{kind: spapisim.FaultDeadToken, page: true},
	{kind: spapisim.FaultSameToken, page: true},
	{kind: spapisim.FaultSamePage, page: true},
}

// faults is every trouble that a seed turns on or off.
var faults = allFaults()

func allFaults() []fault {
	all := []fault{
		crashBeforeCall, crashAfterCall, crashBeforeTx, crashBeforeCommit, crashAfterCommit, commitLost, answerLost,
		stallBeforeTx, stallAfterCall, databaseAway, processCutOff, doorbellLost, doorbellTwice, wrongKey, longLease, panics,
		sellerAway, sellerDenied, regionDenied, regionRevoked, regionAway, regionHangs, appRefused, appExpired, revocation,
		marketAdded, sellerRefused, nobodyAnswers, tokenGone, marketGone, noMarket, rolesLost, rateLowered, rateLies, clockMoves, shownLate, poisonedMinute, tokensDie,
		pausing, disabling, removal, newSecret, importedAgain, settings, backfilling, importOne, globalRun, singleRun, cancelledRun,
		lateOrder, betweenPages, quietChange, damagedOrder, orderWithoutID, cursorGarbage, cursorAhead, cursorStale, personalRefused,
	}
	for _, f := range wireFaults {
		all = append(all, answered(f.kind))
	}
	return slices.Concat(all, vaultTroubles(), consentFaults, []fault{disconnecting, secretRotated, secretMistyped, secretWrong, keyRotated, tokensMoved})
}

// answered is the name of a wire fault.
func answered(k spapisim.FaultKind) fault { return fault("answer: " + string(k)) }

// hit tells whether a trouble that is on happens now, with a probability.
func (w *world) hit(f fault, p float64) bool {
	return w.stormy && w.plan.on[f] && w.rng.Float64() < p
}

// count counts a trouble that has happened.
func (w *world) count(f fault) { w.fired[f]++ }
