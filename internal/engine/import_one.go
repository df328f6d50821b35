package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// ImportedOne is what asking Amazon for one order brought.
type ImportedOne struct {
	Connection ordersync.ConnectionID // that has the order
	Region     ordersync.Region
	OrderID    string
	// Imported tells that something new was stored; false when what is stored is
	// as new.
	Imported bool
}

// Why one order could not be imported, besides errors of the database.
var (
	// ErrNotFound says that Amazon knows the order at none of the tenant's
	// connections.
	ErrNotFound = store.ErrNotFound
	// ErrOrderID says that what was asked for can be no order id.
	ErrOrderID = errors.New("this is no order id: use Amazon's, such as 903-1671087-0812628")
	// ErrBusy says that a worker is at the connection and did not give it back in
	// time.
	ErrBusy = errors.New("a worker is at this connection: try again in a minute")
	// ErrUnreadable says that Amazon's answer could not be read; it was set aside.
	ErrUnreadable = errors.New("the answer for this order cannot be read; it was set aside and is asked for again")
)

// ThrottledError says that the budget of the call is used up.
type ThrottledError struct{ ResumesAt time.Time }

func (e *ThrottledError) Error() string {
	return "Amazon's budget for this seller is used up until " + e.ResumesAt.UTC().Format(time.RFC3339)
}

// NotConnectedError says that no connection can ask: NOT_CONNECTED, PAUSED,
// TOKEN_MISSING or TOKEN_REVOKED.
type NotConnectedError struct{ Reason ordersync.Reason }

func (e *NotConnectedError) Error() string { return e.Reason.Info().English }

// RefusedError says that Amazon, or the secret store, refused or failed.
type RefusedError struct {
	Reason ordersync.Reason
	err    error // for the log; nil when there is none
}

func (e *RefusedError) Error() string { return e.Reason.Info().English }
func (e *RefusedError) Unwrap() error { return e.err }

// ImportOne asks Amazon for one order of a tenant and stores it as any other,
// under the lease of the connection. It never takes the lease from a worker.
// The connections that have the order are asked first.
func (e *Engine) ImportOne(ctx context.Context, tenant ordersync.TenantID, orderID string) (ImportedOne, error) {
	if !possibleOrderID(orderID) {
		return ImportedOne{}, ErrOrderID
	}
	connections, err := e.likelyFirst(ctx, tenant, orderID)
	if err != nil {
		return ImportedOne{}, err
	}
	if len(connections) == 0 {
		return ImportedOne{}, &NotConnectedError{ordersync.NotConnected}
	}
	app, err := e.store.Reader().Application(ctx, e.set.ClientID)
	if err != nil {
		return ImportedOne{}, err
	}
	if app.Stopped() {
		return ImportedOne{}, &RefusedError{Reason: ordersync.AppCredentialsInvalid}
	}
	var trouble error // of a connection that may have the order
	for _, c := range connections {
		one, err := e.importFrom(ctx, c, orderID)
		switch {
		case err == nil:
			return one, nil
		case errors.Is(err, store.ErrNotFound):
		case trouble == nil || isNotConnected(trouble) && !isNotConnected(err):
			trouble = err
		}
		if ctx.Err() != nil {
			return ImportedOne{}, context.Cause(ctx)
		}
	}
	if trouble != nil {
		return ImportedOne{}, trouble
	}
	return ImportedOne{}, store.ErrNotFound
}

// maxOrderID is how long an order id may be, in bytes; Amazon's have 19.
const maxOrderID = 64

// possibleOrderID tells whether a text can be an order id at all: Amazon is not
// asked for anything else.
func possibleOrderID(id string) bool {
	if id == "" || len(id) > maxOrderID || id == "." || id == ".." {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

func isNotConnected(err error) bool {
	var n *NotConnectedError
	return errors.As(err, &n)
}

// likelyFirst lists the tenant's connections, those that have the order first.
func (e *Engine) likelyFirst(ctx context.Context, tenant ordersync.TenantID, orderID string) ([]ordersync.Connection, error) {
	reader := e.store.Reader().Tenant(tenant)
	connections, err := reader.Connections(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := reader.Order(ctx, orderID)
	if err != nil {
		return nil, err
	}
	has := func(c ordersync.Connection) int {
		if slices.ContainsFunc(stored, func(o store.StoredOrder) bool { return o.Connection == c.ID }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(connections, func(a, b ordersync.Connection) int { return has(a) - has(b) })
	return connections, nil
}

// importFrom asks one connection for the order.
func (e *Engine) importFrom(ctx context.Context, c ordersync.Connection, orderID string) (one ImportedOne, err error) {
	switch {
	case c.Paused:
		return one, &NotConnectedError{ordersync.Paused}
	case c.State == ordersync.NeedsReconnect:
		return one, &NotConnectedError{ordersync.TokenRevoked}
	case c.State != ordersync.Connected:
		return one, &NotConnectedError{ordersync.NotConnected}
	}
	lease, err := e.claimSoon(ctx, c.ID)
	if err != nil {
		return one, err
	}
	x := &execution{Engine: e, lease: lease, begun: e.store.Now(), kind: ordersync.Back}
	defer func() { err = errors.Join(err, x.giveBack(ctx)) }()
	one, err = x.importOne(ctx, orderID)
	if errors.Is(err, store.ErrLeaseLost) {
		err = ErrBusy
	}
	return one, err
}

// The waits for a lease that a worker holds.
const (
	busyFirst = 50 * time.Millisecond // doubled each time
	busyLong  = 5 * time.Second       // in all
)

// claimSoon takes the lease, waiting a little while a worker holds it.
func (e *Engine) claimSoon(ctx context.Context, id ordersync.ConnectionID) (*store.Lease, error) {
	end := e.store.Now().Add(busyLong)
	for pause := busyFirst; ; pause *= 2 {
		lease, err := e.store.ClaimNow(ctx, id, e.set.Holder, e.set.Lease)
		if err != nil || lease != nil {
			return lease, err
		}
		left := end.Sub(e.store.Now())
		if left <= 0 {
			return nil, ErrBusy
		}
		if err := sleep(ctx, min(pause, left)); err != nil {
			return nil, err
		}
	}
}

// giveBackTime is how long giving a lease back may take after the caller has gone.
const giveBackTime = 5 * time.Second

// giveBack ends the lease unless that is done; what is due stays due. A lease that
// cannot be given back ends by itself.
func (x *execution) giveBack(ctx context.Context) error {
	if x.ended {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	defer cancel()
	err := x.end(ctx, store.Commit{})
	if errors.Is(err, store.ErrLeaseLost) {
		return nil
	}
	return err
}

// importOne asks for the order and stores what comes.
func (x *execution) importOne(ctx context.Context, orderID string) (one ImportedOne, err error) {
	if err := x.openAccount(ctx); err != nil {
		return one, err
	}
	if err := x.tokenSoon(ctx, ordersync.GetOrder); err != nil {
		return one, err
	}
	stamp := x.lease.Version(time.Time{})
	var answer spapi.OrderAnswer
	err = x.twice(ctx, func() (err error) {
		answer, err = x.amazon.GetOrder(ctx, x.account, x.lease.Connection.Groups(), orderID)
		return err
	})
	if err != nil {
		return one, x.importRefused(ctx, orderID, err)
	}
	learned := x.learned(ordersync.GetOrder, answer.Meta)
	c := store.Commit{Learned: &learned, Page: &store.Page{Epoch: stamp.Epoch, Step: stamp.Step}}
	if answer.Unreadable != nil {
		c.Page.Unreadable = []ordersync.Unreadable{*answer.Unreadable}
		now := x.store.Now()
		if !x.lease.Connection.Cursor.IsZero() {
			c.BackDueAt = &now // it is asked for again as back work
		}
		return one, errors.Join(ErrUnreadable, x.end(ctx, c))
	}
	stored, err := x.storedPersonal(ctx, answer.Order)
	if err != nil {
		return one, err
	}
	if err := x.addOrders(ctx, c.Page, stored, answer.Order); err != nil {
		return one, err
	}
	c.Kind, c.Release = x.kind, true
	counts, err := x.store.Commit(ctx, x.lease, c)
	if err != nil {
		return one, err
	}
	x.ended = true
	connection := x.lease.Connection
	return ImportedOne{connection.ID, connection.Region, answer.Order.ID, counts.OrdersCreated+counts.OrdersChanged > 0}, nil
}

// openAccount opens the connection's refresh token. Unlike an execution it settles
// nothing: that is live work's to say.
func (x *execution) openAccount(ctx context.Context) error {
	t, err := x.readToken(ctx, x.lease.Connection)
	var trouble *StoreTroubleError
	switch {
	case errors.Is(err, errNoToken):
		return &NotConnectedError{ordersync.TokenMissing}
	case errors.As(err, &trouble):
		return &RefusedError{ordersync.SecretStoreUnavailable, err}
	case err != nil:
		return err
	}
	x.account = x.accountOf(ctx, x.lease.Connection, t)
	return nil
}

// tokenSoon takes a token of a budget, waiting out short waits.
func (x *execution) tokenSoon(ctx context.Context, op ordersync.Operation) error {
	for {
		wait, err := x.store.TakeToken(ctx, x.lease, store.TokenRequest{Key: x.budget(op), Plan: x.plan(op)})
		switch {
		case err != nil:
			return err
		case wait == 0:
			return nil
		case wait > maxWait:
			return &ThrottledError{x.store.Now().Add(wait)}
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// importRefused says what Amazon's refusal means for who asked, and stores what it
// teaches of the budget. It is no verdict on the connection.
func (x *execution) importRefused(ctx context.Context, orderID string, err error) error {
	var refusal *spapi.Error
	if ctx.Err() != nil || !errors.As(err, &refusal) {
		return err
	}
	learned := x.learned(ordersync.GetOrder, refusal.Meta)
	c := store.Commit{Learned: &learned}
	meaning := error(&RefusedError{refusal.Reason(), err})
	switch refusal.Kind {
	case spapi.NotFound:
		c.SetAside = &store.SetAsideTry{OrderID: orderID, Gone: true}
		meaning = store.ErrNotFound
	case spapi.Throttled:
		resumes, err := x.throttled(ctx, ordersync.GetOrder, learned, 0)
		if err != nil {
			return err
		}
		c.Learned, meaning = nil, &ThrottledError{resumes}
	case spapi.Revoked:
		meaning = &NotConnectedError{ordersync.TokenRevoked}
	}
	if refusal.Kind != spapi.NotFound {
		x.logRefusal(ctx, ordersync.GetOrder, refusal)
	}
	if failed := x.end(ctx, c); failed != nil {
		return failed
	}
	return meaning
}
