package web

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// connectionScreen is one connection: how it stands, since when, why, and what ends it.
func connectionScreen() screen {
	return screen{
		name: "connection", path: "/connections/{tenant}/{id}", nav: "connections",
		live: []string{"top", "standing", "budgets", "window", "coverage", "timeline", "outcomes", "lately", "aside"},
		load: (*dashboard).loadConnection,
		acts: map[string]func(*dashboard, context.Context, *visit) (string, error){
			"sync": (*dashboard).syncConnection, "pause": (*dashboard).pauseConnection, "resume": (*dashboard).resumeConnection,
			"link": (*dashboard).linkConnection,
		},
	}
}

// connectionNow is what is read of a connection.
type connectionNow struct {
	store.ConnectionStatus
	budgets  []budgetNow
	back     ordersync.BackState
	walks    []ordersync.Walk
	past     pastNow
	aside    []store.SetAsideEntry
	app      store.Application
	complete store.Complete
}

// connectionData fills the page.
type connectionData struct {
	Name, Region, Tenant, TenantHref, Seller string
	Tags                                     []string
	Orders                                   int64
	OrdersHref                               string
	Title, Verdict                           string
	Standing                                 standingData
	MaySync, MayPause, Paused                bool
	Budgets                                  []gaugeData
	Window                                   windowData
	Coverage                                 coverageData
	Timeline                                 timelineData
	Outcomes                                 []outcomeRow
	Events                                   []eventRow
	Calendar                                 calendarData
	Aside                                    []asideRow
	AsideMore                                int64
	Came                                     bool // some order has come
	Marketplaces                             []marketplaceRow
	Link                                     *linkData // just made, and shown this once
	LinkHead, LinkText                       string
	LinkFirst                                bool // a seller must act, or soon
}

// standingData is the four answers.
type standingData struct {
	Badge          badge
	BadgeText      string
	Acts, Who      string
	Head           string
	Since          time.Time
	Why, Message   string
	MessageAt      time.Time
	EndsHead, Ends string
	DueAt          time.Time
	Proof          string
	Note           string // what "Sync now" can do
	Waiting        bool   // a run waits for it
	WaitingSince   time.Time
	Working        bool
	SetAside       int64
}

type marketplaceRow struct{ Tag, Name, ID string }

// asideRow is an order that could not be read or stored.
type asideRow struct {
	OrderID, Cause string
	FirstAt        time.Time
	Tries          int
	NextTryAt      time.Time
}

const (
	// shownAside is how many orders set aside are listed.
	shownAside = 20
	// pastTime is how far back the timeline reaches.
	pastTime = 24 * time.Hour
)

// connectionOf is the connection that the address names, for who may see it.
func (v *visit) connectionOf() (ordersync.TenantID, ordersync.ConnectionID, error) {
	tenant, err := ordersync.ParseTenantID(v.param("tenant"))
	if err != nil || !v.May(tenant) {
		return "", 0, store.ErrNotFound
	}
	id, err := strconv.ParseInt(v.param("id"), 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != v.param("id") {
		return "", 0, store.ErrNotFound
	}
	return tenant, ordersync.ConnectionID(id), nil
}

// readConnection reads how a connection stands.
func (d *dashboard) readConnection(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID, now time.Time) (c connectionNow, err error) {
	mine := d.Reader.Tenant(tenant)
	if c.ConnectionStatus, err = mine.ConnectionStatus(ctx, id); err != nil {
		return c, err
	}
	var shunned []ordersync.Shunned
	steps := []func() error{
		func() error { c.app, err = d.Reader.Application(ctx, d.ClientID); return err },
		func() error { c.budgets, err = d.readBudgets(ctx, c.Connection); return err },
		func() error { shunned, err = mine.Shunned(ctx, id); return err },
		func() error { c.walks, err = mine.Walks(ctx, id); return err },
		func() error { c.past, err = readPast(ctx, mine, id, now); return err },
		func() error { c.aside, err = mine.SetAside(ctx, id, shownAside); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return c, err
		}
	}
	c.back = d.Engine.StateOfBackWork(c.Connection, c.Coverage, shunned)
	c.complete = c.WalkedThrough()
	return c, nil
}

func (d *dashboard) loadConnection(ctx context.Context, v *visit) (any, error) {
	tenant, id, err := v.connectionOf()
	if err != nil {
		return nil, err
	}
	c, err := d.readConnection(ctx, tenant, id, v.Now)
	if err != nil {
		return nil, err
	}
	data := v.connectionHead(c)
	data.Standing = v.standing(c)
	_, actor := c.Need()
	data.LinkFirst = actsOf(actor) == actsSeller || c.AuthorizationWarning(v.Now) > 0
	for _, b := range c.budgets {
		data.Budgets = append(data.Budgets, v.gauge(b, c.walks))
	}
	data.Window = v.window(c)
	data.Coverage = v.coverage(c)
	data.Timeline = v.timeline(c)
	data.Outcomes = v.outcomeRows(c.past.outcomes)
	data.Events = v.events(c)
	data.Calendar = v.calendar(c.Connection)
	for _, a := range c.aside {
		data.Aside = append(data.Aside, asideRow{a.OrderID, a.Cause, a.FirstAt, a.Tries, a.NextTryAt})
	}
	data.AsideMore, data.Came = c.SetAside-int64(len(c.aside)), c.Orders > 0
	return data, nil
}

// connectionHead is what stands at the top of the page.
func (v *visit) connectionHead(c connectionNow) connectionData {
	data := connectionData{
		Name: nameOf(c.DisplayName, c.Tenant), Region: v.regionName(c.Region), Tenant: string(c.Tenant), TenantHref: tenantHref(c.Tenant),
		Seller: c.SellerID, Orders: c.Orders, OrdersHref: ordersHref(c.Tenant), Verdict: v.T(verdictNow(c).short),
		MaySync: c.State == ordersync.Connected && !c.Paused, MayPause: v.Operator() && c.State != ordersync.Disabled, Paused: c.Paused,
	}
	if reason, _ := c.Need(); reason == ordersync.Success && c.SetAside > 0 {
		data.Verdict = v.T("up to date, but for orders set aside")
	}
	data.Title = v.T("%s, %s: %s", data.Name, data.Region, data.Verdict)
	for _, id := range c.Marketplaces {
		data.Tags = append(data.Tags, marketplaceTag(id))
		data.Marketplaces = append(data.Marketplaces, marketplaceRow{marketplaceTag(id), v.countryName(id), id})
	}
	data.LinkHead, data.LinkText = v.T("Link to reconnect"), v.T("A link for the seller, who agrees once more in Seller Central. Cursor and orders stay.")
	if c.State == ordersync.Pending {
		data.LinkHead, data.LinkText = v.T("Link to connect"), v.T("A link for the seller, who agrees in Seller Central. The history comes by itself.")
	}
	return data
}

// waitsForApplication tells whether a connection stands still with all others.
func (c connectionNow) waitsForApplication() bool {
	return c.app.Stopped() && c.State == ordersync.Connected && !c.Paused
}

// verdictNow is the verdict, also while all wait for the application.
func verdictNow(c connectionNow) verdict {
	if c.waitsForApplication() {
		return verdicts[ordersync.AppCredentialsInvalid]
	}
	return verdictOf(c.Connection)
}

// standing gives the four answers.
func (v *visit) standing(c connectionNow) standingData {
	told, reason, actor := verdictNow(c), ordersync.Reason(""), ordersync.Actor("")
	s := standingData{Badge: v.badgeOf(c.Connection), Since: c.Since(), Working: v.Now.Before(c.LeaseUntil), SetAside: c.SetAside}
	if reason, actor = c.Need(); c.waitsForApplication() {
		info := ordersync.AppCredentialsInvalid.Info()
		reason, actor, s.Since = info.Code, info.Acts, c.app.StoppedAt
		s.Badge = badge{string(info.Status), string(info.Status), v.T(sayings[info.Code].head), string(info.Code), false}
	}
	s.Acts, s.Who = v.whoActs(actor)
	s.Head, s.Why, s.EndsHead, s.Ends = s.Badge.Head, v.T(told.why), v.T("What ends it"), v.T(told.ends)
	s.BadgeText = v.T("Goes on by itself")
	switch actsOf(actor) {
	case actsSeller:
		s.BadgeText = v.T("Waits for the seller")
	case actsYou:
		s.BadgeText = v.T("Waits for an operator")
	}
	switch {
	case c.State == ordersync.Disabled:
		s.BadgeText = v.T("Stands still by somebody’s wish")
	case reason == ordersync.Success:
		s.BadgeText, s.EndsHead, s.Ends = v.T("Nobody has to do anything"), v.T("What comes next"), v.T("The next reading, by itself")
		if c.SetAside > 0 {
			s.Badge.Class, s.Badge.Icon, s.Badge.Code, s.BadgeText = "partial", "partial", ordersync.OrdersSetAside, v.T("Some orders are set aside")
			s.Acts, s.Who = v.whoActs(ordersync.Operator)
		}
	}
	if !c.Paused && (c.State == ordersync.Connected || c.State == ordersync.NeedsReconnect) {
		s.DueAt = c.LiveDueAt
	}
	if info := c.LastReason.Info(); c.LastReason != "" && info.Status != ordersync.StatusSuccess && c.LastMessage != info.English {
		s.Message, s.MessageAt = c.LastMessage, c.LastReasonAt // what the reason itself says stands there already
	}
	s.Proof = v.proof(c, reason)
	if reason == ordersync.AmazonRateLimit {
		s.Note = v.T("“Sync now” cannot be faster than Amazon’s budget.")
	}
	for _, t := range c.past.outcomes {
		if !t.Settled() {
			s.Waiting, s.WaitingSince = true, t.OpenedAt
		}
	}
	return s
}

// proof says that nothing is lost, and how one knows.
func (v *visit) proof(c connectionNow, reason ordersync.Reason) string {
	switch {
	case c.Cursor.IsZero():
		return v.T("Nothing is lost: nothing was read yet, and its orders are wanted from %s on.", v.words.date(c.back.Since, v.Now))
	case reason == ordersync.Success && c.SetAside > 0:
		return v.T("Every change that Amazon shows is stored up to the cursor (%s), but for the orders set aside.", v.exact(c.Cursor)) + v.older(c)
	case reason == ordersync.Success:
		return v.T("Every change that Amazon shows is stored up to the cursor (%s).", v.exact(c.Cursor)) + v.older(c)
	}
	return v.T("Nothing is lost: the cursor keeps its place (%s) and moves only when a window has been read to its end.", v.exact(c.Cursor)) + v.older(c)
}

// older says that history is still to be read, whether that goes on or, as when it is
// paused, does not; "" when all that is wanted was read.
func (v *visit) older(c connectionNow) string {
	if !c.complete.Until.IsZero() && !c.complete.From.After(c.back.Since) {
		return ""
	}
	return " " + v.T("Of its history, back to %s, not all is read yet.", v.words.date(c.back.Since, v.Now))
}

// syncConnection asks for the tenant to be brought up to date.
func (d *dashboard) syncConnection(ctx context.Context, v *visit) (string, error) {
	tenant, id, err := d.actOn(ctx, v)
	if err != nil {
		return "", err
	}
	_, err = d.Engine.StartRun(ctx, ordersync.SingleRun, tenant)
	return connectionHref(tenant, id), err
}

func (d *dashboard) pauseConnection(ctx context.Context, v *visit) (string, error) {
	return d.operate(ctx, v, (*engine.Engine).Pause)
}

func (d *dashboard) resumeConnection(ctx context.Context, v *visit) (string, error) {
	return d.operate(ctx, v, (*engine.Engine).Resume)
}

// operate does an operator's act.
func (d *dashboard) operate(ctx context.Context, v *visit, do func(*engine.Engine, context.Context, ordersync.TenantID, ordersync.ConnectionID) error) (string, error) {
	tenant, id, err := d.actOn(ctx, v)
	if err != nil {
		return "", err
	}
	if !v.Operator() {
		return "", errForbidden
	}
	return connectionHref(tenant, id), do(d.Engine, ctx, tenant, id)
}

// actOn is the connection that a button is pressed for. It must be there.
func (d *dashboard) actOn(ctx context.Context, v *visit) (ordersync.TenantID, ordersync.ConnectionID, error) {
	tenant, id, err := v.connectionOf()
	if err != nil {
		return "", 0, err
	}
	_, err = d.Reader.Tenant(tenant).Connection(ctx, id)
	return tenant, id, err
}

// linkConnection makes a link to connect and shows it on the page, where it stands this
// once.
func (d *dashboard) linkConnection(ctx context.Context, v *visit) (string, error) {
	tenant, id, err := d.actOn(ctx, v)
	if err != nil {
		return "", err
	}
	by := "tenant"
	if v.Operator() {
		by = "operator"
	}
	ticket, consent, err := d.Engine.StartConsent(ctx, engine.ConsentRequest{Tenant: tenant, Connection: id, StartedBy: by, Valid: linkTime})
	var mend *engine.ConsentRequestError
	switch {
	case errors.Is(err, engine.ErrConsentNotSetUp):
		return "", wrong("sellers cannot connect yet: set ORDERSYNC_AMAZON_APPLICATION_ID and ORDERSYNC_PUBLIC_URL")
	case errors.As(err, &mend):
		return "", wrong(mend.Error())
	case err != nil:
		return "", err
	}
	data, err := d.loadConnection(ctx, v)
	if err != nil {
		return "", err
	}
	page := data.(connectionData) //nolint:forcetypeassert // loadConnection's own
	page.Link = d.linkOf(ctx, v, tenant, id, d.Engine.ConsentLink(ticket), consent.ExpiresAt)
	v.Data = page
	return "", nil
}
