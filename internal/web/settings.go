package web

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// Setting is one row of the configuration in force.
type Setting struct {
	Name string
	// Value is shown as it is, so a secret's says only that it is set; "": it is not set.
	Value  string
	Secret bool // Value is no value but a word about one
	// From is where it comes from.
	From SettingSource
}

// Parts are the words of the name: a line may end between them.
func (s Setting) Parts() []string { return strings.Split(s.Name, "_") }

// SettingSource is where a setting comes from.
type SettingSource string

// The sources.
const (
	FromDefault     SettingSource = "default"
	FromEnvironment SettingSource = "environment"
	FromCommandLine SettingSource = "command line"
	FromFile        SettingSource = "file"
	FromDemo        SettingSource = "the demo"
)

// settingsScreen shows how the installation stands: what the doctor says, the keys, the
// configuration, the versions.
func settingsScreen() screen {
	return screen{
		name: "settings", path: "/settings", nav: "settings", entry: "Settings", icon: "settings", operator: true,
		live: []string{"doctor-findings"},
		load: (*dashboard).loadSettings,
		acts: map[string]func(*dashboard, context.Context, *visit) (string, error){
			"check": (*dashboard).checkAgain, "create": (*dashboard).makeKey,
		},
	}
}

// keysPage is how many keys a page lists.
const keysPage = 20

// settingsData fills the page.
type settingsData struct {
	Warnings []engine.Warning
	Findings []findingRow
	At       time.Time // when the doctor looked; zero: never
	Broken   int
	Doubtful int

	Keys           []keyRow
	Revoked, Paged bool // the list is of keys that were revoked; it is not its first page
	MoreKeys       string
	Made           *madeKey // the key that was made just now

	Age       ageRows
	Changed   []Setting // what somebody has set
	Default   []Setting
	Kept      []keptRow
	Database  store.DatabaseVersion
	Go        string
	OrdersAPI string
	ClientID  string
}

// keyRow is a key in the list.
type keyRow struct {
	store.Key
	Mine bool // of this session
}

// madeKey is a key that was made just now: the only time that its secret is shown.
type madeKey struct{ Name, Tenant, Secret string }

// keptRow is how long something is kept.
type keptRow struct {
	What string
	Days int64
}

// ageRows tell of the application's client secret.
type ageRows struct {
	engine.SecretAge
	Days         int
	Ended, Warns bool
}

func (d *dashboard) loadSettings(ctx context.Context, v *visit) (any, error) {
	if v.request.URL.Query().Has("live") && d.doctor.old() {
		d.doctor.check(ctx) // who watches waits for it, nobody else
	}
	return d.settings(ctx, v)
}

func (d *dashboard) settings(ctx context.Context, v *visit) (*settingsData, error) {
	data := &settingsData{Go: strings.TrimPrefix(runtime.Version(), "go"), OrdersAPI: "2026-01-01", ClientID: d.ClientID}
	for _, s := range d.Settings {
		if s.Value != "" && s.From != FromDefault {
			data.Changed = append(data.Changed, s)
		} else {
			data.Default = append(data.Default, s)
		}
	}
	findings, at := d.doctor.last()
	data.At = at
	for _, f := range findings {
		data.Findings = append(data.Findings, v.findingRow(f))
		switch f.Health {
		case engine.Broken:
			data.Broken++
		case engine.Doubtful:
			data.Doubtful++
		}
	}
	var err error
	if data.Warnings, err = d.Engine.Warnings(ctx); err != nil {
		return nil, err
	}
	age, err := d.Engine.SecretAge(ctx)
	if err != nil {
		return nil, err
	}
	data.Age = ageRows{age, age.Days(v.Now), age.Ended(v.Now), age.Ended(v.Now) || age.Warning(v.Now) > 0}
	if data.Database, err = d.Reader.DatabaseVersion(ctx); err != nil {
		return nil, err
	}
	data.Kept = v.kept(d.Engine.Retention())
	return data, d.keys(ctx, v, data)
}

// keys reads the page of keys that the address asks for.
func (d *dashboard) keys(ctx context.Context, v *visit, data *settingsData) error {
	page := store.KeysPage{Revoked: v.Query.Get("keys") == "withdrawn", Limit: keysPage}
	if after := v.Query.Get("after"); after != "" {
		tenant, id, ok := strings.Cut(after, "~")
		if !ok {
			return wrong("the address names no key to go on from: open the settings again")
		}
		page.After, data.Paged = store.KeyMark{Tenant: ordersync.TenantID(tenant), ID: id}, true
	}
	keys, next, err := d.Reader.KeysPage(ctx, page)
	if err != nil {
		return err
	}
	for _, k := range keys {
		data.Keys = append(data.Keys, keyRow{k, k.ID == v.Key.ID})
	}
	if data.Revoked = page.Revoked; next != (store.KeyMark{}) {
		data.MoreKeys = v.With("after", string(next.Tenant)+"~"+next.ID) + "#keys"
	}
	return nil
}

// kept lists how long things are kept, the longest first.
func (v *visit) kept(r store.Retention) []keptRow {
	const day = 24 * time.Hour
	rows := []keptRow{
		{v.T("Orders, after their last update"), int64(r.Orders / day)},
		{v.T("Changes of a connection’s state"), int64(r.StateChanges / day)},
		{v.T("Runs with their totals, and repairs"), int64(r.Runs / day)},
		{v.T("Incidents, after their end"), int64(r.Incidents / day)},
		{v.T("Outcomes of runs, one for each connection"), int64(r.Outcomes / day)},
		{v.T("The list of changes of orders"), int64(r.Changes / day)},
		{v.T("Personal data, after delivery"), int64(r.Personal / day)},
	}
	slices.SortStableFunc(rows, func(a, b keptRow) int { return int(b.Days - a.Days) })
	return rows
}

// checkAgain has the doctor look.
func (d *dashboard) checkAgain(ctx context.Context, _ *visit) (string, error) {
	d.doctor.check(ctx)
	return "/settings#doctor", nil
}

// makeKey makes a key, and shows its secret: on the page that answers the form, and
// nowhere else, so that it stands in no address and is kept nowhere.
func (d *dashboard) makeKey(ctx context.Context, v *visit) (string, error) {
	tenant, err := d.keyTenant(ctx, v.form("scope"), strings.TrimSpace(v.form("tenant")))
	if err != nil {
		return "", err
	}
	name := v.form("name")
	key, secret, err := d.Engine.NewKey(ctx, name, tenant)
	var bad *engine.KeyNameError
	switch {
	case errors.As(err, &bad) && strings.TrimSpace(name) == "":
		return "", wrong("the key has no name: say who or what will use it")
	case errors.As(err, &bad):
		return "", wrong("the key’s name is too long or has characters that cannot be printed: use at most 100 plain ones")
	case err != nil:
		return "", err
	}
	d.Log.InfoContext(ctx, "a key was made in the dashboard", "key", key.ID, "by", v.Key.ID)
	data, err := d.settings(ctx, v)
	if err != nil {
		// Nobody has seen it, so it must open nothing.
		return "", errors.Join(err, d.Engine.RevokeKey(ctx, key.ID))
	}
	data.Made = &madeKey{key.Name, string(key.Tenant), secret}
	v.Data = data
	return "", nil
}

// keyTenant is whom a new key opens: "" for everything.
func (d *dashboard) keyTenant(ctx context.Context, scope, name string) (ordersync.TenantID, error) {
	switch scope {
	case "everything":
		if name != "" {
			return "", wrong("the form names a tenant for a key that opens everything: choose one of the two")
		}
		return "", nil
	case "tenant":
	default:
		return "", wrong("the form does not say what the key may see: choose everything, or one tenant")
	}
	tenant, err := ordersync.ParseTenantID(name)
	if err != nil {
		return "", wrong("the tenant’s id is missing or has a wrong shape: write it as the connections’ page shows it")
	}
	there, err := d.Reader.Tenant(tenant).Exists(ctx)
	if err == nil && !there {
		err = wrong("there is no such tenant: write its id as the connections’ page shows it")
	}
	return tenant, err
}

// keyScreen asks whether a key shall be withdrawn.
func keyScreen() screen {
	return screen{
		name: "key", path: "/settings/keys/{id}", nav: "settings", operator: true,
		load: (*dashboard).loadKey,
		acts: map[string]func(*dashboard, context.Context, *visit) (string, error){"revoke": (*dashboard).revokeKey},
	}
}

func (d *dashboard) loadKey(ctx context.Context, v *visit) (any, error) {
	k, err := d.Reader.KeyByID(ctx, v.param("id"))
	return keyRow{k, k.ID == v.Key.ID}, err
}

// revokeKey withdraws a key, and ends the sessions that were opened with it.
func (d *dashboard) revokeKey(ctx context.Context, v *visit) (string, error) {
	id := v.param("id")
	if err := d.Engine.RevokeKey(ctx, id); err != nil {
		return "", fmt.Errorf("withdraw a key: %w", err)
	}
	d.Log.InfoContext(ctx, "a key was withdrawn in the dashboard", "key", id, "by", v.Key.ID)
	return "/settings?keys=withdrawn#keys", nil
}
