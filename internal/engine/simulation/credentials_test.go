package simulation

import (
	"slices"
	"time"

	"ordersync"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
)

// Where the credentials are, and how they come to nothing.

// keptHow is what the database keeps of a refresh token.
type keptHow int

const (
	keptNothing keptHow = iota
	keptItself
	keptNoted  // a note of what lies in Vault
	keptClosed // it opens under none of the right keys
)

// tokenOf is what the database keeps of a connection's refresh token, and the token
// that whoever asks for it must come by; "": there is none.
func (w *world) tokenOf(c *connection) (how keptHow, token string) {
	var sealed []byte
	w.rows(`SELECT sealed FROM secrets WHERE connection_id = ? AND name = ?`, func(r []string) { sealed = []byte(r[0]) }, int64(c.id), store.RefreshToken)
	if sealed == nil {
		return keptNothing, w.inVault(c)
	}
	owner := secret.Owner{Tenant: c.tenant, Connection: c.id, Purpose: store.RefreshToken}
	if plain, err := w.all.Open(sealed, owner); err == nil {
		return keptItself, string(plain)
	}
	owner.Purpose += " in Vault"
	if _, err := w.all.Open(sealed, owner); err == nil {
		return keptNoted, w.inVault(c)
	}
	return keptClosed, w.inVault(c)
}

// inVault is the token that Vault has of a connection; "": none.
func (w *world) inVault(c *connection) string {
	d := w.vault.documents[w.pathOf(c)]
	if d == nil || d.deleted {
		return ""
	}
	token, _ := d.data["refresh_token"].(string)
	return token
}

// credentialEpisodes are what happens to credentials.
func (w *world) credentialEpisodes() []episode {
	if w.plan.vault {
		return slices.Concat(vaultEpisodes, exchanges)
	}
	return exchanges
}

// revoke lets a seller withdraw the authorisation; its tenants reconnect later.
func (w *world) revoke(time.Duration) func() {
	s := w.anySeller()
	for _, c := range w.fleet {
		if c.seller == s && !open(c.revoked) {
			c.revoked = append(c.revoked, ordersync.Window{From: time.Now()})
		}
	}
	s.withdrawn = time.Now()
	w.must(w.sim.Revoke(w.app.ClientID, s.Key))
	w.journal.note("episode", "%s withdraws the authorisation", s.Key)
	return func() {
		for _, c := range w.fleet {
			switch {
			case c.seller != s:
			case w.plan.on[connecting]:
				w.sendToConsent(c, connecting)
			default:
				w.actOn(c, newSecret, func(d *desk) error { return d.reconnect(c) })
			}
		}
	}
}

// refuse lets Login refuse a seller for a while, as if the authorisation were
// withdrawn: that is Amazon's own word, and it is taken back.
func (w *world) refuse(time.Duration) func() {
	s := w.anySeller()
	if w.fired[regionRevoked] > 0 {
		return nil // both together would be one word, twice and apart
	}
	for _, c := range w.fleet {
		if c.seller == s && (open(c.revoked) || c.removed) {
			return nil
		}
	}
	for _, c := range w.fleet {
		if c.seller == s {
			c.revoked = append(c.revoked, ordersync.Window{From: time.Now()})
		}
	}
	s.refused = true
	end := w.lasting(spapisim.Fault{Kind: spapisim.FaultLWA, Variant: "invalid_grant", Seller: s.Key, Operation: spapisim.Token})
	return func() {
		end()
		s.refused = false
		for _, c := range w.fleet {
			if n := len(c.revoked); c.seller == s && open(c.revoked) && !c.dead && !c.authorized.Before(s.withdrawn) {
				c.revoked[n-1].To = time.Now().Add(25 * time.Hour) // it is asked again daily
			}
		}
	}
}

// loseToken lets a refresh token vanish from where secrets are kept.
func (w *world) loseToken(time.Duration) func() {
	c := w.anyConnection()
	if !c.token || c.id == 0 || c.removed || c.busy {
		return nil
	}
	if d := w.vault.documents[w.pathOf(c)]; d != nil {
		switch w.rng.IntN(3) {
		case 0:
			delete(w.vault.documents, w.pathOf(c))
		case 1:
			d.deleted, d.data = true, nil
		default:
			delete(d.data, "refresh_token")
		}
	}
	if where, _ := w.tokenOf(c); where != keptNoted || w.rng.IntN(2) == 0 {
		_, err := w.memory.Exec(`DELETE FROM secrets WHERE connection_id = ?`, int64(c.id))
		w.must(err)
	}
	c.token = false
	c.tokenless = append(c.tokenless, ordersync.Window{From: time.Now()})
	w.journal.note("episode", "%s has no refresh token", c.tenant)
	return func() { w.actOn(c, newSecret, func(d *desk) error { return d.reconnect(c) }) }
}
