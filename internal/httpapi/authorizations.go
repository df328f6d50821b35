package httpapi

import (
	"context"
	"math"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// registerAuthorizations registers the calendar of authorisations.
func (s *server) registerAuthorizations() {
	route(s, "GET /api/v1/marketplaces/amazon/authorizations", "listAuthorizations", "List authorisations by their end",
		"Amazon's authorisations last 365 days. Those that end first, or have ended, come first.", s.listAuthorizations, tag("connecting"))
}

// Authorization is a row of the calendar.
type Authorization struct {
	TenantID         ordersync.TenantID `json:"tenantId"`
	DisplayName      string             `json:"displayName"`
	ConnectionID     string             `json:"connectionId"`
	Region           ordersync.Region   `json:"region"`
	SellingPartnerID *string            `json:"sellingPartnerId"`
	ConnectionStatus string             `json:"connectionStatus"`
	AuthorizedAt     *string            `json:"authorizedAt"`
	ExpiresAt        *string            `json:"expiresAt"`
	DaysLeft         int                `json:"daysLeft" doc:"Until then, in whole days; negative once it is over."`
	Warning          int                `json:"warning" doc:"The warning that is due: 30, 15 or 5 days before the end; 0: none, or it is over."`
}

// AuthorizationOf is a connection's row at a time.
func AuthorizationOf(c ordersync.Connection, now time.Time) Authorization {
	return Authorization{
		TenantID: c.Tenant, DisplayName: c.DisplayName, ConnectionID: connectionText(c.ID), Region: c.Region, SellingPartnerID: text(c.SellerID),
		ConnectionStatus: c.State.SeedName(), AuthorizedAt: when(c.AuthorizedAt), ExpiresAt: when(c.AuthorizedUntil()),
		DaysLeft: daysLeft(c, now), Warning: c.AuthorizationWarning(now),
	}
}

// daysLeft is how many whole days a connection's authorisation still lasts; negative
// from its end on.
func daysLeft(c ordersync.Connection, now time.Time) int {
	return int(math.Floor(c.AuthorizedUntil().Sub(now).Round(time.Second).Hours() / 24))
}

// AuthorizationList is a page of the calendar.
type AuthorizationList struct {
	Authorizations []Authorization `json:"authorizations" nullable:"false"`
	Undated        int             `json:"undated" doc:"Connections of which nobody said when the seller consented: their end is not known."`
	NextCursor     string          `json:"nextCursor,omitempty" doc:"Where the next page begins; absent on the last."`
}

// AuthorizationsInput asks for a page of the calendar.
type AuthorizationsInput struct {
	WithinDays int    `query:"withinDays" minimum:"0" maximum:"365" default:"60" doc:"Those that end within so many days, or have ended."`
	Limit      int    `query:"limit" minimum:"1" maximum:"1000" default:"1000" doc:"How many at most."`
	Cursor     string `query:"cursor" doc:"nextCursor of the page before."`
}

func (s *server) listAuthorizations(ctx context.Context, in *AuthorizationsInput) (*struct{ Body AuthorizationList }, error) {
	page := store.AuthorizationPage{Until: s.Now().AddDate(0, 0, in.WithinDays), Limit: in.Limit}
	if in.Cursor != "" {
		at, id, err := parsePair(in.Cursor)
		if err != nil {
			return nil, badCursor()
		}
		page.After = store.AuthorizationMark{AuthorizedAt: at, ID: ordersync.ConnectionID(id)}
	}
	rows, next, err := s.Reader.Authorizations(ctx, page)
	if err != nil {
		return nil, err
	}
	out := AuthorizationList{Authorizations: []Authorization{}}
	for _, c := range rows {
		out.Authorizations = append(out.Authorizations, AuthorizationOf(c, s.Now()))
	}
	if out.Undated, err = s.Reader.UndatedAuthorizations(ctx); err != nil {
		return nil, err
	}
	if next != (store.AuthorizationMark{}) {
		out.NextCursor = pairText(next.AuthorizedAt, int64(next.ID))
	}
	return &struct{ Body AuthorizationList }{out}, nil
}
