package httpapi

import (
	"strconv"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

// SyncState is how far a connection is, in the words of the interface that this
// one replaces.
type SyncState struct {
	LastUpdatedAfter *string `json:"lastUpdatedAfter" doc:"The cursor; one that was given and not yet judged is shown as it was given, escaped."`
	LastPolledAt     *string `json:"lastPolledAt"`
	LastSuccessAt    *string `json:"lastSuccessAt"`
	LastError        *string `json:"lastError" doc:"What the last live work ended with, when that was no success."`
}

// Counts is what is stored.
type Counts struct {
	Orders int64 `json:"orders"`
	Items  int64 `json:"items"`
}

// Gap is a stretch of one marketplace that is wanted and was never read.
type Gap struct {
	MarketplaceID string  `json:"marketplaceId"`
	From          *string `json:"from"`
	To            *string `json:"to"`
}

// Status is a connection as users see it.
type Status struct {
	TenantID         ordersync.TenantID `json:"tenantId"`
	DisplayName      string             `json:"displayName"`
	ConnectionStatus string             `json:"connectionStatus" enum:"PENDING,CONNECTED,ERROR,DISABLED" doc:"ERROR: Amazon says that the seller must authorise again."`
	HasRefreshToken  bool               `json:"hasRefreshToken"`
	SyncState        *SyncState         `json:"syncState"`
	Counts           Counts             `json:"counts"`

	ConnectionID     string           `json:"connectionId"`
	Region           ordersync.Region `json:"region" enum:"eu,na,fe"`
	SellingPartnerID *string          `json:"sellingPartnerId"`
	MarketplaceIDs   []string         `json:"marketplaceIds" nullable:"false"`
	StatusSince      *string          `json:"statusSince"`
	Paused           bool             `json:"paused"`
	ReasonCode       ordersync.Reason `json:"reasonCode,omitempty" doc:"What the last live work ended with; absent before any."`
	ReasonSince      *string          `json:"reasonSince" doc:"When it ended so last."`
	WhoActs          ordersync.Actor  `json:"whoActs,omitempty" doc:"Who must act; absent: nobody."`
	NextDueAt        *string          `json:"nextDueAt" doc:"When live work is due; null: not by itself."`
	NextBackWorkAt   *string          `json:"nextBackWorkAt" doc:"When gaps, second readings and sweeps are due."`
	WorkingNow       bool             `json:"workingNow"`
	PersonalData     bool             `json:"personalData" doc:"Whether it may hold buyers' data."`
	Interval         *string          `json:"interval" doc:"Its own interval, such as 10m0s; null: the service's setting."`
	History          *string          `json:"history" doc:"How far back its orders are wanted, if it has a setting of its own."`

	CompleteFrom   *string `json:"completeFrom" doc:"From here to completeUntil every order was read at every marketplace."`
	CompleteUntil  *string `json:"completeUntil"`
	ConfirmedFrom  *string `json:"confirmedFrom" doc:"From here to confirmedUntil it was read without doubt: in one page, or twice."`
	ConfirmedUntil *string `json:"confirmedUntil"`
	WantedSince    *string `json:"wantedSince" doc:"Orders are wanted from here on."`
	Gaps           []Gap   `json:"gaps" nullable:"false" doc:"What is wanted and was never read, at most 50; before the first window it is not known and empty."`
	GapCount       int     `json:"gapCount"`
	LastSweepAt    *string `json:"lastSweepAt" doc:"When the last complete second reading of recent orders began."`
	SetAside       int64   `json:"setAside" doc:"Orders that could not be read or stored; each is tried again."`
}

// TransformSchema says that syncState may be null, which huma cannot say of an
// object.
func (Status) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema { return nullSyncState(s) }

func nullSyncState(s *huma.Schema) *huma.Schema {
	s.Properties["syncState"] = &huma.Schema{
		OneOf:       []*huma.Schema{s.Properties["syncState"], {Type: "null"}},
		Description: "Null before anything is known.",
	}
	return s
}

// shownGaps is how many gaps of a connection are listed.
const shownGaps = 50

// StatusOf shows a connection as the engine judges it at now.
func StatusOf(e *engine.Engine, c store.ConnectionStatus, now time.Time) Status {
	_, acts := c.Need()
	out := Status{
		TenantID: c.Tenant, DisplayName: c.DisplayName, ConnectionStatus: c.State.SeedName(), HasRefreshToken: c.HasRefreshToken,
		SyncState: syncStateOf(c.Connection), Counts: Counts{c.Orders, c.Items},
		ConnectionID: strconv.FormatInt(int64(c.ID), 10), Region: c.Region, SellingPartnerID: text(c.SellerID),
		MarketplaceIDs: append([]string{}, c.Marketplaces...), StatusSince: when(c.StateSince), Paused: c.Paused,
		ReasonCode: c.LastReason, ReasonSince: when(c.LastReasonAt), WhoActs: actor(acts),
		NextDueAt: when(c.LiveDueAt), NextBackWorkAt: when(c.BackDueAt), WorkingNow: now.Before(c.LeaseUntil),
		PersonalData: c.PersonalData, Interval: duration(c.Interval), History: duration(c.History),
		LastSweepAt: when(c.Sweep.LastAt), SetAside: c.SetAside, Gaps: []Gap{},
	}
	walked, confirmed := c.WalkedThrough(), c.ConfirmedThrough()
	out.CompleteFrom, out.CompleteUntil = when(walked.From), when(walked.Until)
	out.ConfirmedFrom, out.ConfirmedUntil = when(confirmed.From), when(confirmed.Until)
	want := e.StateOfBackWork(c.Connection, c.Coverage, nil)
	out.WantedSince = when(want.Since)
	for _, m := range c.Marketplaces {
		for _, gap := range want.Gaps(m) {
			if out.GapCount++; out.GapCount <= shownGaps {
				out.Gaps = append(out.Gaps, Gap{m, when(gap.From), when(gap.To)})
			}
		}
	}
	return out
}

func (s *server) statusOf(c store.ConnectionStatus) Status { return StatusOf(s.Engine, c, s.Now()) }

func syncStateOf(c ordersync.Connection) *SyncState {
	out := &SyncState{LastUpdatedAfter: cursorOf(c), LastPolledAt: when(c.LastPolledAt), LastSuccessAt: when(c.LastSuccessAt)}
	if c.LastReason != "" && c.LastReason != ordersync.Success {
		out.LastError = text(ordersync.Outcome{Reason: c.LastReason, Message: c.LastMessage}.Text())
	}
	if *out == (SyncState{}) {
		return nil
	}
	return out
}

// cursorOf is a connection's cursor; one that was given and not yet judged may
// be any text.
func cursorOf(c ordersync.Connection) *string {
	if c.Cursor.IsZero() && len(c.GivenCursor) > 0 {
		return text(shown(string(c.GivenCursor)))
	}
	return when(c.Cursor)
}

// actor shows who must act; "" for nobody.
func actor(a ordersync.Actor) ordersync.Actor {
	if a == ordersync.Nobody {
		return ""
	}
	return a
}

func duration(d time.Duration) *string {
	if d == 0 {
		return nil
	}
	return text(d.String())
}
