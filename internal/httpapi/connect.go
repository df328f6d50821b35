package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// registerConnect registers how a tenant connects its seller accounts. The paths and
// the first fields are the predecessor's.
func (s *server) registerConnect() {
	const amazon = "/api/v1/marketplaces/amazon"
	route(s, "GET "+amazon+"/status", "amazonStatus", "Look at a tenant's connections to Amazon",
		"Whether the tenant is connected, until when Amazon's authorisations last, and what a human must do.", s.amazonStatus, tag("connecting"))
	route(s, "POST "+amazon+"/oauth/start", "startOauth", "Begin to connect a seller account",
		"Answers the address of a page that says who asks for what, for the seller's own browser; it is good for ten minutes and for one account. "+
			"A tenant's only connection in the region is renewed, and keeps its cursor and orders; another account needs `another`.", s.startOauth, tag("connecting"))
	route(s, "POST "+amazon+"/disconnect", "disconnectAmazon", "Disconnect a seller account",
		"Deletes the refresh token and stops all work; orders and cursor stay. Amazon's side of the authorisation ends in Seller Central only.", s.disconnect, tag("connecting"))
}

// AmazonStatus says how a tenant is connected to Amazon.
type AmazonStatus struct {
	TenantID    ordersync.TenantID `json:"tenantId"`
	Connected   bool               `json:"connected" doc:"Whether every connection of the tenant works."`
	Status      string             `json:"status" doc:"That of the connection that needs most: ERROR, PENDING, DISABLED, CONNECTED; NONE without any."`
	Connections []AmazonConnection `json:"connections" nullable:"false"`
}

// AmazonConnection is one of them.
type AmazonConnection struct {
	ConnectionID     string           `json:"connectionId"`
	Region           ordersync.Region `json:"region"`
	SellingPartnerID *string          `json:"sellingPartnerId"`
	ConnectionStatus string           `json:"connectionStatus"`
	HasRefreshToken  bool             `json:"hasRefreshToken"`
	AuthorizedAt     *string          `json:"authorizedAt" doc:"When the seller consented; null where nobody said."`
	ExpiresAt        *string          `json:"expiresAt" doc:"When Amazon's authorisation ends, 365 days after the consent."`
	DaysLeft         *int             `json:"daysLeft" doc:"Until then, in whole days; negative once it is over."`
	WhoActs          ordersync.Actor  `json:"whoActs"`
	Message          *string          `json:"message"`
}

func (s *server) amazonStatus(ctx context.Context, in *TenantInput) (*struct{ Body AmazonStatus }, error) {
	tenant, err := callerOf(ctx).one(in.TenantID)
	if err != nil {
		return nil, err
	}
	rows, _, err := s.Reader.Status(ctx, store.StatusPage{Tenant: tenant, Limit: mostConnections})
	if err != nil {
		return nil, err
	}
	out := AmazonStatus{TenantID: tenant, Connected: len(rows) > 0, Status: "NONE", Connections: []AmazonConnection{}}
	worst := -1
	for _, c := range rows {
		shown := s.amazonConnection(c)
		out.Connections = append(out.Connections, shown)
		out.Connected = out.Connected && c.State == ordersync.Connected && !c.Paused
		if rank := needOf[c.State]; rank > worst {
			worst, out.Status = rank, shown.ConnectionStatus
		}
	}
	return &struct{ Body AmazonStatus }{out}, nil
}

// needOf orders states by how much they need a human.
var needOf = map[ordersync.State]int{ordersync.Connected: 0, ordersync.Disabled: 1, ordersync.Pending: 2, ordersync.NeedsReconnect: 3}

func (s *server) amazonConnection(c store.ConnectionStatus) AmazonConnection {
	_, acts := c.Need()
	out := AmazonConnection{
		ConnectionID: connectionText(c.ID), Region: c.Region, SellingPartnerID: text(c.SellerID), ConnectionStatus: c.State.SeedName(),
		HasRefreshToken: c.HasRefreshToken, AuthorizedAt: when(c.AuthorizedAt), WhoActs: actor(acts),
	}
	if c.LastReason != "" && c.LastReason != ordersync.Success {
		out.Message = text(ordersync.Outcome{Reason: c.LastReason, Message: c.LastMessage}.Text())
	}
	if end := c.AuthorizedUntil(); !end.IsZero() {
		out.ExpiresAt = when(end)
		days := daysLeft(c.Connection, s.Now())
		out.DaysLeft = &days
	}
	return out
}

// OauthInput is what is to be connected.
type OauthInput struct {
	Body struct {
		TenantID     string `json:"tenantId,omitempty" doc:"Which tenant; an operator must name one here or in X-Tenant-Id. A tenant that has no connection yet gets its first."`
		Marketplace  string `json:"marketplace,omitempty" maxLength:"20" doc:"Where the seller signs in: a country such as FR, or Amazon's marketplace id. Needed unless one connection is meant."`
		ConnectionID string `json:"connectionId,omitempty" maxLength:"20" doc:"The connection that is to be renewed."`
		Another      bool   `json:"another,omitempty" doc:"Connect one more account of the region, and renew none."`
		ReturnTo     string `json:"returnTo,omitempty" maxLength:"2000" doc:"Where the seller's browser goes in the end, with amazon_connected=true or amazon_error=CODE added; its origin must be in ORDERSYNC_RETURN_TO. Left out: a page of ordersync."`
		Ticket       string `json:"ticket,omitempty" maxLength:"8000" doc:"The ticket that came to ORDERSYNC_SIGN_IN_URL with a seller who began at Amazon: the seller goes back there, and only that account can be connected. Good once, for ten minutes, in the browser that came."`
	}
}

// OauthStart is where the seller's browser goes.
type OauthStart struct {
	Success   bool    `json:"success"`
	AuthURL   string  `json:"authUrl" doc:"Send the seller's own browser there."`
	State     string  `json:"state" doc:"The ticket in that address; it is worth nothing to another browser once it was followed."`
	ExpiresAt *string `json:"expiresAt"`
	Message   string  `json:"message"`
}

func (s *server) startOauth(ctx context.Context, in *OauthInput) (*struct{ Body OauthStart }, error) {
	caller := callerOf(ctx)
	tenant, err := caller.one(in.Body.TenantID)
	if err != nil {
		return nil, err
	}
	id, err := connectionOf(in.Body.ConnectionID)
	if err != nil {
		return nil, err
	}
	by := "tenant"
	if caller.operator {
		by = "operator"
	}
	ticket, c, err := s.Engine.StartConsent(ctx, engine.ConsentRequest{
		Tenant: tenant, Marketplace: in.Body.Marketplace, Connection: id, Another: in.Body.Another, ReturnTo: in.Body.ReturnTo, StartedBy: by,
		Login: in.Body.Ticket,
	})
	var wrong *engine.ConsentRequestError
	switch {
	case errors.As(err, &wrong):
		return nil, badField("body."+wrong.Field, "%s", wrong.Wrong)
	case errors.Is(err, engine.ErrConsentNotSetUp):
		return nil, problem(http.StatusServiceUnavailable, "%s", err)
	case err != nil:
		return nil, err
	}
	return &struct{ Body OauthStart }{OauthStart{
		Success: true, AuthURL: s.Engine.ConsentLink(ticket), State: ticket, ExpiresAt: when(c.ExpiresAt),
		Message: "send the seller's browser to authUrl before expiresAt",
	}}, nil
}

// connectionOf reads the id of a connection; "" is none.
func connectionOf(name string) (ordersync.ConnectionID, error) {
	if name == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil || id <= 0 {
		return 0, badField("body.connectionId", "expected a connectionId of the status")
	}
	return ordersync.ConnectionID(id), nil
}

// DisconnectInput names what is to be disconnected.
type DisconnectInput struct {
	Body struct {
		TenantID     string `json:"tenantId,omitempty" doc:"Which tenant; an operator must name one here or in X-Tenant-Id."`
		ConnectionID string `json:"connectionId,omitempty" maxLength:"20" doc:"Needed where the tenant has several."`
	}
}

// Disconnected is how it was before.
type Disconnected struct {
	Success        bool   `json:"success"`
	PreviousStatus string `json:"previousStatus"`
	ConnectionID   string `json:"connectionId"`
}

func (s *server) disconnect(ctx context.Context, in *DisconnectInput) (*struct{ Body Disconnected }, error) {
	tenant, err := s.known(ctx, in.Body.TenantID)
	if err != nil {
		return nil, err
	}
	id, err := connectionOf(in.Body.ConnectionID)
	if err != nil {
		return nil, err
	}
	if id == 0 {
		connections, err := s.Reader.Tenant(tenant).Connections(ctx)
		if err != nil {
			return nil, err
		}
		if len(connections) != 1 {
			return nil, badField("body.connectionId", "the tenant has %d connections: name one", len(connections))
		}
		id = connections[0].ID
	}
	before, err := s.Engine.Disconnect(ctx, tenant, id)
	var trouble *engine.StoreTroubleError
	if errors.As(err, &trouble) {
		p := problem(http.StatusServiceUnavailable, "the connection is stopped, and its refresh token could not be deleted yet: ask again")
		p.ReasonCode, p.after = ordersync.SecretStoreUnavailable, time.Minute
		return nil, p
	}
	if err != nil {
		return nil, err
	}
	return &struct{ Body Disconnected }{Disconnected{true, before.SeedName(), connectionText(id)}}, nil
}
