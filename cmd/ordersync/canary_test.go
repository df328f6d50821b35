package main

import (
	"net/http"
	"regexp"

	"ordersync/internal/leak"
)

// suite is what all tests must not let out, and what their servers answered.
var suite leak.Watch

// others begin the paths of those who may answer with secrets: Amazon's pages, the
// doors by which tests make sellers there, and Vault.
var others = regexp.MustCompile(`^/(apps/|auth/|applications|fleet|sellers|authorize|v1/)`)

// listenToAnswers takes in whatever the tests' usual HTTP client reads from us.
func listenToAnswers() {
	direct := http.DefaultTransport
	heard := suite.Reader(direct)
	http.DefaultClient.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if others.MatchString(r.URL.Path) {
			return direct.RoundTrip(r)
		}
		return heard.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// hide names secrets that must never be seen again.
func (p *program) hide(secrets ...string) { p.watch.Hide("a secret", secrets...) }

// logged takes in what was logged, where not even tickets may stand.
func (p *program) logged(where, text string) {
	p.watch.Say(where, text)
	p.tickets.Say(where, text)
}

// checkSecrets searches all that was said and stored for secrets.
func (p *program) checkSecrets() {
	p.logged("the database", p.content())
	p.watch.Check(p.t)
	p.tickets.Check(p.t)
}
