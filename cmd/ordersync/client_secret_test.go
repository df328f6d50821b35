package main

import (
	"testing"
	"time"
)

// While the client secret is rotated both are tried: Amazon accepts the one before for
// seven days, and the new one at once. Nobody is stopped by the other.
func TestClientSecretIsRotated(t *testing.T) {
	onSQLite(t, func(p *program) {
		seller, token := p.seller("eu")
		p.imports(line{"tenantId": "acme", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token})
		before := p.app.ClientSecret
		reads := func(want string, code int, secret, previous string) {
			t.Helper()
			p.later(61 * time.Minute) // the access token has ended
			flags := []string{"--amazon-client-secret", secret, "--amazon-client-secret-previous", previous}
			if want != "APP_CREDENTIALS_INVALID" {
				p.run(append([]string{"sync"}, flags...)...) // which finds out that a fleet that stood still may go on
				p.later(time.Minute)
			}
			r := p.sync(code, append(flags, "--tenant", "acme")...)
			if got := p.of(r, "acme").ReasonCode; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		reads("SUCCESS", exitOK, "amzn1.oa2-cs.v1.not-yet-known", before)
		reads("APP_CREDENTIALS_INVALID", exitFailed, "amzn1.oa2-cs.v1.not-yet-known", "")
		reads("APP_CREDENTIALS_INVALID", exitFailed, "amzn1.oa2-cs.v1.not-yet-known", "amzn1.oa2-cs.v1.wrong-too")
		fresh, err := p.sim.RotateSecret(p.app.ClientID)
		p.must(err)
		p.hide(fresh)
		reads("SUCCESS", exitOK, fresh, before)
		p.later(8 * 24 * time.Hour)
		reads("SUCCESS", exitOK, fresh, before)
		reads("APP_CREDENTIALS_INVALID", exitFailed, before, "")
		reads("SUCCESS", exitOK, before, fresh)
		p.must(p.sim.Revoke(p.app.ClientID, seller.Key))
		reads("TOKEN_REVOKED", exitOK, before, fresh)
	})
}
