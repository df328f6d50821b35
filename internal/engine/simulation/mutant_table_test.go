package simulation

// mutants are the defects that must be found. The promises have the numbers of
// docs/proof.md.
var mutants = []mutant{
	{"the cursor moves before the last page", "1 no order is lost", []edit{{"internal/engine/walk.go",
		`		c.Walk, c.Seen = &next, seen(w, p)
`, `		c.Walk, c.Seen = &next, seen(w, p)
		if w.Kind == ordersync.Live {
			c.Cursor = w.Window.MoveCursor(w.Cursor)
		}
`}}},
	{"the cursor moves further than the window", "1 no order is lost", []edit{{"window.go",
		`	if w.To.After(cursor) {
		return w.To
	}
`, `	if w.To.After(cursor) {
		return w.To.Add(time.Minute)
	}
`}}},
	{"a window that failed moves the cursor", "1 no order is lost", []edit{{"internal/engine/work.go",
		`	c.Settle, c.LiveDueAt, c.Polled = &store.Settle{Outcome: o, Failed: true}, &again, true
`, `	c.Settle, c.LiveDueAt, c.Polled = &store.Settle{Outcome: o, Failed: true}, &again, true
	if !connection.Cursor.IsZero() {
		c.Cursor = connection.Cursor.Add(x.set.Overlap)
	}
`}}},
	{"windows are open at their upper end", "1 no order is lost", []edit{{"internal/spapi/calls.go",
		`		"lastUpdatedBefore": {w.To.UTC().Format("2006-01-02T15:04:05Z")},
`, ``}}},
	{"windows do not overlap", "1 no order is lost", []edit{{"window.go",
		`	w.From = cursor.Add(-overlap).Truncate(time.Second)
`, `	w.From = cursor.Truncate(time.Second)
`}}},
	{"an error on a later page counts as the last page", "1 no order is lost", []edit{{"internal/engine/walk.go",
		`		x.pages++
		if err != nil {
			if again, err := x.searchFailed`, `		x.pages++
		if w.Pages > 0 && kindOf(err) == spapi.Unavailable {
			err = nil
		}
		if err != nil {
			if again, err := x.searchFailed`}}},
	{"an empty page ends a walk", "1 no order is lost", []edit{{"internal/engine/walk.go",
		`	if p.NextToken != "" {
		next.Token`, `	if p.NextToken != "" && len(p.Orders)+len(p.Unreadable) > 0 {
		next.Token`}}},
	{"coverage is credited to marketplaces that were not asked for", "1 no order is lost", []edit{{"internal/engine/walk.go",
		`Marketplaces: next.Marketplaces, Begun`, `Marketplaces: x.lease.Connection.Marketplaces, Begun`}}},
	{"one reading of several pages is without doubt", "1 no order is lost", []edit{{"internal/engine/walk.go",
		`Confirmed: next.Pages == 1,`, `Confirmed: next.Pages >= 1,`}}},
	{"the second reading comes at once", "1 no order is lost", []edit{{"backwork.go",
		`	DoubtPeriod = time.Hour
`, `	DoubtPeriod = time.Second
`}}},
	{"no sweep begins", "1 no order is lost", []edit{{"backwork.go",
		`	if s.Sweep.Every <= 0 {
`, `	if s.Sweep.Every >= 0 {
`}}},
	{"a sweep reaches back an hour", "1 no order is lost", []edit{{"backwork.go",
		`	SweepReach      = 25 * time.Hour
	FirstSweepReach = 50 * time.Hour
`, `	SweepReach      = time.Hour
	FirstSweepReach = 2 * time.Hour
`}}},
	{"history before the cursor is not wanted", "1 no order is lost", []edit{{"backwork.go",
		`WantedFrom(marketplace, s.Since, s.Now).Truncate`, `WantedFrom(marketplace, s.Cursor.Add(-CursorFallback), s.Now).Truncate`}}},
	{"an order that cannot be read is dropped", "1 no order is lost", []edit{{"internal/store/write_orders.go",
		`		if seen[u.Key] {
			continue
		}
`, `		if u.Key != "" {
			continue
		}
`}}},
	{"an order without an id leaves no gap", "1 no order is lost", []edit{{"internal/engine/walk.go",
		`	if next.Unkeyed == 0 {
`, `	if next.Unkeyed >= 0 {
`}}},
	{"one order that cannot be read stops its tenant", "1 no order is lost", []edit{{"internal/engine/walk.go",
		`	case total >= 10 && len(p.Unreadable) > total/2:
`, `	case len(p.Unreadable) > 0:
`}}},
	{"items of a known order are not written again", "1 no order is lost", []edit{{"internal/store/write_orders.go",
		`			lines = append(lines, itemRow(l, w.ID, i, item))
`, `			if w.before == nil {
				lines = append(lines, itemRow(l, w.ID, i, item))
			}
`}}},
	{"an older version replaces a newer one", "2 no order goes back in time", []edit{{"order.go",
		`		return v.LastUpdatedAt.After(o.LastUpdatedAt)
`, `		return v.LastUpdatedAt.Before(o.LastUpdatedAt)
`}}},
	{"of two versions of one time the older request wins", "2 no order goes back in time", []edit{{"order.go",
		`		return v.Epoch > o.Epoch
	}
	return v.Step > o.Step
`, `		return v.Epoch < o.Epoch
	}
	return v.Step < o.Step
`}}},
	{"a version is written again", "2 no order goes back in time", []edit{{"internal/store/page.go",
		`	if !fresh.After(before.version) {
		return w, false
	}
`, ``}, {"internal/store/page.go",
		`	fresh := ordersync.Version{LastUpdatedAt: o.LastUpdatedAt, Epoch: epoch, Step: step}
`, ``}, {"internal/store/page.go",
		`	if w.changed == 0 && o.LastUpdatedAt.Equal(before.version.LastUpdatedAt) {
		return w, false
	}
`, ``}}},
	{"an answer without personal data erases it", "2 no order goes back in time", []edit{{"internal/store/write_orders.go",
		`			if len(w.Sealed[g]) == 0 || !w.effective`, `			if !w.effective`}}},
	{"personal fields are replaced and not laid over each other", "2 no order goes back in time", []edit{{"internal/engine/personal.go",
		`plain, stored[o.ID][group])`, `plain, map[string][]byte{}[o.ID])`}}},
	{"a walk's token is sent with another window", "3 one tenant's trouble is its own", []edit{{"internal/engine/walk.go",
		`			page, err = x.amazon.SearchOrders(ctx, x.account, w.Groups, w.Query, w.Token)
`, `			w.Window.To = w.Window.To.Add(time.Duration(w.Pages) * time.Second)
			setQuery(w)
			page, err = x.amazon.SearchOrders(ctx, x.account, w.Groups, w.Query, w.Token)
`}}},
	{"a walk begins anew with each execution", "3 one tenant's trouble is its own", []edit{{"internal/engine/live.go",
		`		walk, err := x.store.Walk(ctx, x.lease, ordersync.Live)
`, `		walk, err := x.store.Walk(ctx, x.lease, ordersync.Live)
		if walk != nil && walk.Pages > 0 {
			walk.Token, walk.Pages = "", 0
		}
`}}},
	{"a pause after failures doubles up to a week", "3 one tenant's trouble is its own", []edit{{"internal/engine/engine.go",
		`const maxBackoff = time.Hour
`, `const maxBackoff = 7 * 24 * time.Hour
`}}},
	{"a target is settled twice", "4 every target is settled once", []edit{{"internal/store/commit.go",
		"`connection_id = $8 AND settled_at IS NULL`, []any{int64(id)}", "`connection_id = $8`, []any{int64(id)}"}}},
	{"runs have no deadline", "4 every target is settled once", []edit{{"internal/store/run.go",
		`			if cancelled || !t.now.Before(r.DeadlineAt) {
`, `			if cancelled {
`}}},
	{"who has lost the lease goes on to write", "5 only the lease holder writes", []edit{{"internal/store/lease.go",
		"`+unmark+` WHERE id = $1 AND epoch = $2 AND step = $3`", "`+unmark+` WHERE id = $1 AND $2 >= 0 AND $3 >= 0`"}}},
	{"a claim makes no new epoch", "5 only the lease holder writes", []edit{{"internal/store/lease.go",
		`			SET epoch = epoch + 1, taken_step`, `			SET epoch = epoch + 0, taken_step`}}},
	{"a lease is taken from who holds it", "5 only the lease holder writes", []edit{{"internal/store/lease.go",
		`WHERE id = $1 AND lease_until <= $4 AND NOT paused
`, `WHERE id = $1 AND $4 > 0 AND NOT paused
`}}},
	{"a lease never passes", "5 only the lease holder writes", []edit{{"internal/store/lease.go",
		`WHERE id = $1 AND lease_until <= $4 AND NOT paused
`, `WHERE id = $1 AND lease_until <= $4 - 1000000000 AND NOT paused
`}}},
	{"a call costs no token", "6 Amazon's budgets", []edit{{"budget.go",
		`	b.Tokens--
`, ``}}},
	{"a budget is full again with each execution", "6 Amazon's budgets", []edit{{"internal/store/budget.go",
		`		b, wait = b.TakeAbove(t.now, r.Reserve)
`, `		if l.Step < 3 || l.Step%7 == 0 {
			b = ordersync.NewBudget(r.Plan, t.now)
		}
		b, wait = b.TakeAbove(t.now, r.Reserve)
`}}},
	{"one refusal is a verdict", "7 an outage is not a verdict", []edit{{"internal/engine/verdict.go",
		`	if !sure {
		again := first`, `	if !sure && x.lease.Connection.Failures > 1000 {
		again := first`}}},
	{"who must reconnect stays so", "7 an outage is not a verdict", []edit{{"internal/engine/walk.go",
		`		c.State, c.Cause = ordersync.Connected, "Amazon accepts the authorisation again"
`, ``}}},
	{"a change is not told when the status stays", "10 whoever looks sees the truth", []edit{{"internal/store/write_orders.go",
		`	for _, w := range writes {
		seq++
`, `	for _, w := range writes {
		if w.before != nil && w.before.status == w.Status {
			continue
		}
		seq++
`}}},
	{"a connection is CONNECTED though its token was not kept", "11 credentials are kept, or gone", []edit{{"internal/engine/import.go",
		`	c, version, err := e.importToVault(ctx, s)
	if err != nil {
		return store.Imported{}, err
	}
`, `	c, version, _ := e.importToVault(ctx, s)
`}}},
	{"a disconnection leaves the token", "11 credentials are kept, or gone", []edit{{"internal/engine/disconnect.go",
		`	return before, forget()
`, `	_ = forget
	return before, nil
`}}},
	{"who is disconnected is not stopped", "11 credentials are kept, or gone", []edit{{"internal/store/disconnect.go",
		`	a.claims = true
`, `	a.claims = false
`}}},
	{"a consent by another seller is taken", "11 credentials are kept, or gone", []edit{{"internal/engine/connect.go",
		`		return known.SellerID != "" && known.SellerID != sellerID, err
`, `		return false, err
`}}},
	{"a login from Amazon's side needs no proof", "11 credentials are kept, or gone", []edit{{"internal/engine/proof.go",
		`	token, problem, err := e.prove(ctx, known, given)
`, `	token, problem, err := given, ordersync.ConsentProblem(""), error(nil)
`}}},
	{"a token that Amazon has replaced is brought back", "11 credentials are kept, or gone", []edit{{"internal/engine/token.go",
		`		return subtle.ConstantTimeCompare(plain, []byte(t.Reveal())) == 1
`, `		return e.set.Vault == nil && subtle.ConstantTimeCompare(plain, []byte(t.Reveal())) == 1
`}}},
	{"a code is exchanged and its token dropped", "11 credentials are kept, or gone", []edit{{"internal/engine/connect.go",
		`	token := secret.New(given.RefreshToken())
`, `	token := secret.New(given.RefreshToken()[:0])
`}}},
	{"the client secret before is not tried", "7 an outage is not a verdict", []edit{{"internal/spapi/secrets.go",
		`		all = append(all, c.config.PreviousSecret())
`, `		_ = c.config.PreviousSecret()
`}}},
	{"an outage of Vault is a missing token", "7 an outage is not a verdict", []edit{{"internal/engine/token.go",
		`	case trouble.TokenMissing():
		if kept`, `	case trouble.TokenMissing() || trouble.Kind == secret.VaultUnreachable:
		if kept`}}},
	{"a Vault that is sealed lets the seller connect again", "7 an outage is not a verdict", []edit{{"internal/secret/vault_error.go",
		`	return e.Kind == VaultNotFound || e.Kind == VaultNoToken
`, `	return e.Kind == VaultNotFound || e.Kind == VaultNoToken || e.Kind == VaultSealed
`}}},
}
