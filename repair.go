package ordersync

import "time"

// RepairCode names what was mended. It stands beside an outcome and is no
// outcome itself: a tenant whose date was fixed reports SUCCESS.
type RepairCode string

// The repairs.
const (
	InvalidDateFixed   RepairCode = "INVALID_DATE_FIXED"   // the cursor was no date
	FutureCursorFixed  RepairCode = "FUTURE_CURSOR_FIXED"  // over 5 minutes ahead of Amazon
	StaleCursorClamped RepairCode = "STALE_CURSOR_CLAMPED" // before Amazon's history
	WalkRestarted      RepairCode = "WALK_RESTARTED"       // the pagination token was dead
)

// RepairInfo is one row of the table of repairs.
type RepairInfo struct {
	Code    RepairCode
	English string
	French  string
}

var repairTable = []RepairInfo{
	{InvalidDateFixed, "the stored cursor was no date; it was set to the end of what is covered", "le curseur enregistré n'était pas une date ; il a été mis à la fin de ce qui est couvert"},
	{FutureCursorFixed, "the stored cursor lay in the future; it was set to the end of what is covered", "le curseur enregistré était dans le futur ; il a été mis à la fin de ce qui est couvert"},
	{StaleCursorClamped, "the stored cursor lay before Amazon's history; it was moved up to the end of what is covered", "le curseur enregistré précédait l'historique d'Amazon ; il a été avancé à la fin de ce qui est couvert"},
	{WalkRestarted, "Amazon no longer knew the pagination token; the window was begun again, half as wide", "Amazon ne connaissait plus le jeton de pagination ; la fenêtre a été reprise, deux fois plus étroite"},
}

// RepairTable is the closed list of repairs.
func RepairTable() []RepairInfo { return append([]RepairInfo(nil), repairTable...) }

// Repair is one thing that was mended, with the value before and after.
type Repair struct {
	Code RepairCode
	Old  []byte // as found; show it with ShowBytes
	New  string
	At   time.Time
}
