package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ordersync"
)

// Import is what an operator says of one connection. Fields that are nil or
// zero were not said and stay as they are.
type Import struct {
	Tenant       ordersync.TenantID
	Region       ordersync.Region
	SellerID     string
	DisplayName  *string
	Marketplaces *[]string // an empty list means: discover them
	State        ordersync.State
	AuthorizedAt time.Time
	PersonalData *bool
	// Cursor and LastSuccessAt count only when the connection is new.
	Cursor        []byte
	LastSuccessAt time.Time
	// Adopt limits which connection without a seller id may be given SellerID: only
	// that one, or with 0 none. nil: the first.
	Adopt *ordersync.ConnectionID
	// Renew is the only connection that may be changed, if it is not disconnected: for
	// anything else the error is [ErrNotSame]. 0: any, or a new one.
	Renew ordersync.ConnectionID
	// Token tells that a refresh token was given: Seal seals it for a
	// connection, Same tells whether what is kept under a name is the same.
	Token bool
	Seal  func(ordersync.ConnectionID) ([]byte, error)
	Same  func(id ordersync.ConnectionID, name string, sealed []byte) bool
}

// Imported is what an import did.
type Imported struct {
	Connection ordersync.ConnectionID
	Created    bool
	Changed    bool
}

// Errors of an import that its author can mend.
var (
	// ErrSellerNeeded says that a tenant has several connections in a region.
	ErrSellerNeeded = errors.New("the tenant has several connections in this region: name the one that is meant by its sellingPartnerId")
)

// ImportConnection creates or updates a connection, all or nothing. It is an
// operator's act and so a claim: what a worker has under way for the connection
// cannot be written any more. A line that says nothing new disturbs nothing.
func (s *Store) ImportConnection(ctx context.Context, in Import) (out Imported, err error) {
	for try := 1; ; try++ {
		out, err = s.importOnce(ctx, in)
		// Another process has just made the same connection: there it is now.
		if !isDuplicate(err) || try == txTries {
			return out, err
		}
	}
}

func (s *Store) importOnce(ctx context.Context, in Import) (out Imported, err error) {
	err = s.inTx(ctx, "import connection", func(ctx context.Context, t *tx) error {
		out = Imported{}
		found, err := t.importTarget(ctx, in)
		switch {
		case err != nil:
			return err
		case in.Renew != 0 && (found == nil || found.ID != in.Renew || found.State == ordersync.Disabled):
			return ErrNotSame
		case found == nil:
			out.Created, out.Changed = true, true
			out.Connection, err = t.createConnection(ctx, in)
			return err
		}
		out.Connection = found.ID
		out.Changed, err = t.changeConnection(ctx, in, *found)
		return err
	})
	return out, err
}

// importTarget finds the connection that a line means; nil: a new one.
func (t *tx) importTarget(ctx context.Context, in Import) (*connectionRow, error) {
	// Setting a column to itself locks the rows on both databases.
	if _, err := t.ExecContext(ctx, `UPDATE connections SET epoch = epoch WHERE tenant = $1 AND region = $2`, in.Tenant, in.Region); err != nil {
		return nil, fmt.Errorf("lock connections: %w", err)
	}
	all, err := connections(ctx, t, `WHERE tenant = $1 AND region = $2 ORDER BY id`, in.Tenant, in.Region)
	if err != nil {
		return nil, fmt.Errorf("look up connections: %w", err)
	}
	if in.SellerID == "" {
		switch len(all) {
		case 0:
			return nil, nil
		case 1:
			return &all[0], nil
		}
		return nil, ErrSellerNeeded
	}
	for i := range all {
		if all[i].SellerID == in.SellerID {
			return &all[i], nil
		}
	}
	// The first line that brings a seller id gives it to the connection that had none.
	for i := range all {
		if all[i].SellerID == "" && (in.Adopt == nil || *in.Adopt == all[i].ID) {
			return &all[i], nil
		}
	}
	return nil, nil
}

func (t *tx) createConnection(ctx context.Context, in Import) (ordersync.ConnectionID, error) {
	state := in.State
	if state == "" {
		state = ordersync.Pending
		if in.Token {
			state = ordersync.Connected
		}
	}
	var marketplaces []string
	if in.Marketplaces != nil {
		marketplaces = sorted(*in.Marketplaces)
	}
	name := ""
	if in.DisplayName != nil {
		name = ordersync.CleanText(*in.DisplayName)
	}
	var cursor any
	if len(in.Cursor) > 0 {
		cursor = in.Cursor
	}
	var due any
	if works(state) {
		due = ms(t.now)
	}
	var id int64
	err := t.QueryRowContext(ctx, `INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, personal_data,
			authorized_at, marketplaces, marketplaces_explicit, created_at, live_due_at, cursor_given, live_width_ms, back_width_ms, last_success_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id`,
		in.Tenant, in.Region, in.SellerID, name, state, ms(t.now), in.PersonalData != nil && *in.PersonalData,
		msOrNull(in.AuthorizedAt), list(marketplaces), len(marketplaces) > 0, ms(t.now), due, cursor,
		millis(ordersync.FirstWidth), millis(ordersync.FirstWidth), msOrNull(in.LastSuccessAt)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("create connection: %w", err)
	}
	connection := ordersync.ConnectionID(id)
	if in.Token {
		if err := t.importSecret(ctx, in, connection); err != nil {
			return 0, err
		}
	}
	return connection, t.stateChange(ctx, in.Tenant, connection, 0, 0, "", state, "imported")
}

// works tells whether connections of a state have work of their own.
func works(s ordersync.State) bool { return s == ordersync.Connected || s == ordersync.NeedsReconnect }

func sorted(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (t *tx) importSecret(ctx context.Context, in Import, id ordersync.ConnectionID) error {
	sealed, err := in.Seal(id)
	if err != nil {
		return fmt.Errorf("seal refresh token: %w", err)
	}
	if err := t.saveSecret(ctx, in.Tenant, id, RefreshToken, sealed); err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `DELETE FROM secrets WHERE tenant = $1 AND connection_id = $2 AND name = $3`, in.Tenant, int64(id), GivenToken)
	return err
}

func (t *tx) changeConnection(ctx context.Context, in Import, c connectionRow) (changed bool, err error) {
	set := columns{}
	state := c.State
	if in.State != "" && in.State != c.State {
		state = in.State
		set.put("state", state)
		set.put("state_since", ms(t.now))
	}
	if in.SellerID != "" && in.SellerID != c.SellerID {
		set.put("seller_id", in.SellerID)
		if err := t.mergeBudgets(ctx, c.Connection, in.SellerID); err != nil {
			return false, err
		}
	}
	importColumns(&set, in, c)
	if in.PersonalData != nil && *in.PersonalData != c.PersonalData {
		if err := t.dropWalks(ctx, c.Connection); err != nil {
			return false, err
		}
	}
	newToken, err := t.newToken(ctx, in, c.ID)
	if err != nil {
		return false, err
	}
	if newToken {
		if err := t.importSecret(ctx, in, c.ID); err != nil {
			return false, err
		}
	}
	if newToken || in.PersonalData != nil && *in.PersonalData != c.PersonalData {
		set.put("personal_denied_at", nil)
	}
	if len(set.text) == 0 && !newToken {
		return false, nil
	}
	if works(state) {
		set.put("live_due_at", ms(t.now))
		set.put("rung_at", nil)
		if in.Marketplaces != nil && !c.Cursor.IsZero() && someNew(c.Marketplaces, *in.Marketplaces) {
			set.put("back_due_at", ms(t.now)) // its history is a gap
		}
	} else {
		set.put("live_due_at", nil)
		set.put("back_due_at", nil)
	}
	if newToken || state != c.State {
		// An old suspicion must not count against a new authorisation.
		set.put("revoked_at", nil)
		set.put("denied_at", nil)
		set.put("failures", 0)
		set.put("back_failures", 0)
	}
	set.claim()
	if err := t.update(ctx, c.ID, set); err != nil {
		return false, fmt.Errorf("change connection: %w", err)
	}
	if state == c.State {
		return true, nil
	}
	if !works(state) {
		if err := t.settleTargets(ctx, c.ID, ordersync.Outcome{Reason: ordersync.NotConnected}); err != nil {
			return false, err
		}
	}
	return true, t.stateChange(ctx, c.Tenant, c.ID, c.epoch+1, c.step, c.State, state, "imported")
}

// importColumns collects what of the plain fields differs.
func importColumns(set *columns, in Import, c connectionRow) {
	if in.DisplayName != nil && ordersync.CleanText(*in.DisplayName) != c.DisplayName {
		set.put("display_name", ordersync.CleanText(*in.DisplayName))
	}
	if in.PersonalData != nil && *in.PersonalData != c.PersonalData {
		set.put("personal_data", *in.PersonalData)
		set.put("purge_due_at", 0)
	}
	if !in.AuthorizedAt.IsZero() && !msTime(ms(in.AuthorizedAt)).Equal(c.AuthorizedAt) {
		set.put("authorized_at", ms(in.AuthorizedAt))
	}
	if in.Marketplaces == nil {
		return
	}
	ids := sorted(*in.Marketplaces)
	switch explicit := len(ids) > 0; {
	case explicit && (!c.MarketplacesExplicit || !slices.Equal(ids, c.Marketplaces)):
		set.put("marketplaces", list(ids))
		set.put("marketplaces_explicit", true)
	case !explicit && c.MarketplacesExplicit:
		set.put("marketplaces_explicit", false)
		set.put("marketplaces_at", nil)
	}
}

// someNew tells whether a list has an id that another lacks.
func someNew(before, after []string) bool {
	_, fresh := difference(before, after)
	return len(fresh) > 0
}

// newToken tells whether a line brings a token that is new: neither the stored one
// nor the given one that Amazon has replaced by it.
func (t *tx) newToken(ctx context.Context, in Import, id ordersync.ConnectionID) (bool, error) {
	if !in.Token {
		return false, nil
	}
	for _, name := range []string{RefreshToken, GivenToken} {
		sealed, err := sealedSecret(ctx, t, in.Tenant, id, name)
		if err != nil {
			return false, fmt.Errorf("read stored token: %w", err)
		}
		if sealed != nil && in.Same(id, name, sealed) {
			return false, nil
		}
	}
	return true, nil
}

func (t *tx) stateChange(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID, epoch, step int64, from, to ordersync.State, cause string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO state_changes (tenant, connection_id, at, epoch, step, from_state, to_state, cause)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, tenant, int64(id), ms(t.now), epoch, step, from, to, cause)
	if err != nil {
		return fmt.Errorf("record state: %w", err)
	}
	return nil
}
