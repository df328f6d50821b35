package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	"ordersync/internal/spapisim"
)

// amazonProcess is the simulated Amazon as a process of its own, worked through
// its admin door. Its methods may be called by any goroutine.
type amazonProcess struct {
	*process
	api, admin string // addresses
}

var simulatorSays = regexp.MustCompile(`Amazon, simulated: (\S+)\nadmin door: (\S+) `)

// amazonApart starts an Amazon as a process of its own, with an application, and
// points the program at it.
func (p *program) amazonApart(args ...string) *amazonProcess {
	p.t.Helper()
	a := &amazonProcess{process: p.start(append([]string{"sim", "--api", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)}
	p.until("the simulator says where it serves", func() bool {
		found := simulatorSays.FindStringSubmatch(a.talk.String())
		if found != nil {
			a.api, a.admin = found[1], found[2]
		}
		return found != nil
	})
	p.must(a.ask("POST /applications", spapisim.ApplicationSpec{}, &p.app))
	p.amazon = a.api
	p.hide(p.app.ClientSecret)
	return a
}

// ask asks the admin door; in is the body, nil for none, and into what is answered
// there is read, nil for nothing.
func (a *amazonProcess) ask(route string, in, into any) error {
	var method, path string
	if _, err := fmt.Sscan(route, &method, &path); err != nil {
		return fmt.Errorf("admin door %q: %w", route, err)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("admin door %s: %w", route, err)
	}
	request, err := http.NewRequest(method, a.admin+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("admin door %s: %w", route, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("admin door %s: %w", route, err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("admin door %s: %d %s: %w", route, answer.StatusCode, said, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(said, into); err != nil {
		return fmt.Errorf("admin door %s: %w", route, err)
	}
	return nil
}

// orders are all orders of a seller as they really are.
func (a *amazonProcess) orders(seller spapisim.Seller) (truths []spapisim.Truth, err error) {
	err = a.ask("GET /orders?seller="+url.QueryEscape(seller.Key), nil, &truths)
	return truths, err
}

// counters are the calls that Amazon has seen.
func (a *amazonProcess) counters() (c spapisim.Counters, err error) {
	err = a.ask("GET /counters", nil, &c)
	return c, err
}

// faults ends all faults and lets others begin.
func (a *amazonProcess) faults(faults ...spapisim.Fault) error {
	if err := a.ask("DELETE /faults", nil, nil); err != nil {
		return err
	}
	for _, f := range faults {
		if err := a.ask("POST /faults", f, nil); err != nil {
			return err
		}
	}
	return nil
}
