package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"ordersync/internal/spapisim"
)

// simCommand runs the simulator as a program.
type simCommand struct {
	API       string  `default:"127.0.0.1:9090" help:"Address of Amazon's side: login, API and Seller Central of all regions."`
	Admin     string  `default:"127.0.0.1:9091" help:"Address of the admin door: make sellers and orders, set faults, read the truth."`
	Seed      uint64  `default:"1" help:"Everything random comes from it."`
	RateScale float64 `default:"1" help:"Multiplies Amazon's published rates."`

	RedirectURI []string `sep:"none" placeholder:"URI" help:"Registers an application at the start, to which the consent page may send a seller back at this address; may be repeated, the first is the default."`
	LoginURI    string   `placeholder:"URI" help:"Where that application meets sellers who begin at Amazon."`
	Sellers     int      `default:"0" help:"Makes so many sellers at the start, in turn in eu, na and fe, who can sign in on the consent page."`
	JSON        bool     `help:"Print as JSON, once it serves, where and what it made."`
}

// simulation is where a simulator serves and what it made at the start.
type simulation struct {
	AmazonURL     string      `json:"amazonUrl"`
	AdminURL      string      `json:"adminUrl"`
	ApplicationID *string     `json:"applicationId"` // null: none was made
	ClientID      *string     `json:"clientId"`
	Sellers       []simSeller `json:"sellers"`
}

type simSeller struct {
	Key       string `json:"key"`
	StoreName string `json:"storeName"`
}

func (*simCommand) needsNoSettings() {}

// Run serves until it is interrupted.
func (c *simCommand) Run(i *invocation) error {
	if err := c.problem(); err != nil {
		return usageError{err}
	}
	sim, err := spapisim.New(spapisim.Config{Seed: c.Seed, RateScale: c.RateScale})
	if err != nil {
		return usageError{err}
	}
	made, err := c.people(i.err, sim)
	if err != nil {
		return usageError{err}
	}
	api, err := listen(i.ctx, c.API, sim.Handler())
	if err != nil {
		return listenError("--api", "`ordersync sim --api 127.0.0.1:9190`", err)
	}
	admin, err := listen(i.ctx, c.Admin, sim.Admin())
	if err != nil {
		return errors.Join(listenError("--admin", "`ordersync sim --admin 127.0.0.1:9191`", err), api.close())
	}
	_, _ = fmt.Fprintf(i.err, "Amazon, simulated: %s\nadmin door: %s (GET / lists what it does)\n"+
		"use it with ORDERSYNC_AMAZON_API_URL=%s ORDERSYNC_AMAZON_LWA_URL=%s/auth/o2/token\n"+
		"Seller Central: %s/apps/manage, the consent page %s/apps/authorize/consent\n", api.url, admin.url, api.url, api.url, api.url, api.url)
	if c.JSON {
		made.AmazonURL, made.AdminURL = api.url, admin.url
		err = printJSON(i.out, made)
	}
	if err == nil {
		<-i.ctx.Done()
	}
	return errors.Join(err, api.close(), admin.close())
}

// maxSimSellers bounds --sellers: a page lists not many more.
const maxSimSellers = 500

// people makes the application and the sellers that the flags ask for. The
// secret is not printed: the admin door has it.
func (c *simCommand) people(out io.Writer, sim *spapisim.Simulator) (made simulation, err error) {
	made.Sellers = []simSeller{}
	if len(c.RedirectURI) > 0 || c.LoginURI != "" {
		app, err := sim.AddApplication(spapisim.ApplicationSpec{RedirectURIs: c.RedirectURI, LoginURI: c.LoginURI})
		if err != nil {
			return made, fmt.Errorf("--redirect-uri and --login-uri: %w", err)
		}
		_, _ = fmt.Fprintf(out, "application: %s\nclient id: %s (GET /applications of the admin door has the secret)\n", app.ApplicationID, app.ClientID)
		made.ApplicationID, made.ClientID = &app.ApplicationID, &app.ClientID
	}
	for n := range c.Sellers {
		seller, err := sim.AddSeller(spapisim.SellerSpec{Region: []string{"eu", "na", "fe"}[n%3]})
		if err != nil {
			return made, fmt.Errorf("--sellers: %w", err)
		}
		_, _ = fmt.Fprintf(out, "seller: %s, %s\n", seller.Key, seller.StoreName)
		made.Sellers = append(made.Sellers, simSeller{fmt.Sprint(seller.Key), seller.StoreName})
	}
	return made, nil
}

// problem says what is wrong with the flags.
func (c *simCommand) problem() error {
	if inRange := c.RateScale >= 0.001 && c.RateScale <= 1e6; !inRange { // NaN is not
		return fmt.Errorf("--rate-scale is %g: use 0.001 to 1000000", c.RateScale)
	}
	if c.Sellers < 0 || c.Sellers > maxSimSellers {
		return fmt.Errorf("--sellers is %d: use 0 to %d, and the admin door's POST /fleet for more", c.Sellers, maxSimSellers)
	}
	for _, a := range [][2]string{{"--api", c.API}, {"--admin", c.Admin}} {
		if !listenable(a[1]) {
			return errors.New(a[0] + " is no address: use host:port, for example 127.0.0.1:9090")
		}
	}
	return nil
}

// server is an HTTP server that runs.
type server struct {
	*http.Server
	url    string
	served chan error
}

// listen serves a handler on an address until close.
func listen(ctx context.Context, address string, h http.Handler) (*server, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &server{
		Server: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second},
		url:    "http://" + l.Addr().String(), served: make(chan error, 1),
	}
	go func() { s.served <- s.Serve(l) }()
	return s, nil
}

// close ends the server and waits for it; answers under way are cut off.
func (s *server) close() error {
	err := s.Close()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
