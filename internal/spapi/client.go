package spapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"ordersync"
)

// The defaults of [Config].
const (
	DefaultLWAURL      = "https://api.amazon.com/auth/o2/token"
	DefaultCallTimeout = 20 * time.Second
	DefaultBodyLimit   = 64 << 20
	DefaultTokenCache  = 20_000
)

// maxUserAgent is the longest user agent that Amazon takes, in characters.
// Amazon, "Include a User-Agent header".
const maxUserAgent = 500

// digestKeySize is the size of [Config.DigestKey] in bytes.
const digestKeySize = 32

// Config is what a [Client] needs to know.
type Config struct {
	// ClientID and ClientSecret are the application's Login with Amazon
	// credentials. The secret is a function so that it can change and never
	// prints.
	ClientID     string
	ClientSecret func() string
	// PreviousSecret is the one before, which Amazon accepts for seven days after a
	// rotation: it is tried where the present one is refused. nil, or "": there is
	// none. Amazon, "Rotate your application's LWA credentials".
	PreviousSecret func() string
	// StoredSecrets are further ones that may change at any time, newest first: they
	// are tried before the others. It is asked every few minutes, and at once where
	// Amazon refuses all that are known. While it fails what it said last stands, after
	// what it can say all the same. It must be safe for concurrent use; nil: there are
	// none.
	StoredSecrets func(ctx context.Context) ([]string, error)

	// LWAURL is the token endpoint; "" is [DefaultLWAURL].
	LWAURL string
	// APIURL is used for every region when set; "" is the region's own host.
	APIURL string

	// UserAgent goes with every request; "" is [UserAgent] of version "dev".
	UserAgent string
	// Transport sends the requests; nil is a clone of http.DefaultTransport that
	// keeps more connections open.
	Transport http.RoundTripper

	// Watch is told of every request; nil: nobody is.
	Watch Watch

	// CallTimeout bounds one request, headers and body; 0 is 20 seconds. A
	// method of [Client] takes at most twice as long, tokens included.
	CallTimeout time.Duration
	// BodyLimit is the largest body that is read, in bytes after decompression;
	// 0 is 64 MiB.
	BodyLimit int64
	// TokenCache is how many access tokens are kept at most; 0 is 20,000.
	TokenCache int

	// Now is this machine's clock; nil is time.Now.
	Now func() time.Time
	// DigestKey keys the digests of personal fields: 32 bytes, the same for the
	// life of the database, since digests are stored.
	DigestKey []byte
}

// Account is the seller whose data is asked for.
type Account struct {
	Region ordersync.Region
	// RefreshToken is the seller's authorisation of this application.
	RefreshToken func() string
	// PersonalData tells whether personal and unknown fields may be kept. When
	// false they are reduced to their names and types.
	PersonalData bool
	// Rotated, if set, is told a refresh token that Amazon gave in place of the
	// one used. It is called before the access token of that answer is used, on
	// another goroutine, and must store the token durably.
	Rotated func(newToken string)
}

// Meta says how a call went. It is part of answers and of errors alike.
type Meta struct {
	// RequestID is Amazon's id of the request, for its support; "" when none.
	RequestID string
	// Date is Amazon's clock, in whole seconds; zero when the answer had none.
	Date time.Time
	// Rate is what x-amzn-RateLimit-Limit says, in calls a second; 0 when the
	// header is absent or unusable.
	Rate float64
	// BadRate is an unusable rate header as seen, cut; "" otherwise.
	BadRate string
	// Latency is how long the last API request took, headers and body.
	Latency time.Duration
	// Calls is how many API requests were sent: each costs one of Amazon's
	// tokens. It is 2 when a refused access token was replaced, and 0 when no
	// access token could be had.
	Calls int
}

// Client calls the Selling Partner API. It is safe for concurrent use.
type Client struct {
	config  Config
	http    *http.Client
	tokens  tokenCache
	secrets clientSecrets
	clock   amazonClock
	orders  orderReader
}

// New checks the configuration and makes a client. It does no I/O.
func New(config Config) (*Client, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	client := &Client{
		config: config,
		http: &http.Client{
			Transport:     config.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		orders: orderReader{digestKey: config.DigestKey},
	}
	client.tokens.most = config.TokenCache
	return client, nil
}

// UserAgent is the user agent that Amazon asks for, with its Language
// attribute: ordersync/1.0 (Language=Go/1.26.8; Platform=Linux).
func UserAgent(version string) string {
	escape := strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`).Replace
	agent := fmt.Sprintf("ordersync/%s (Language=Go/%s; Platform=%s)",
		cutText(visible(escape(version)), 100),
		cutText(visible(escape(strings.TrimPrefix(runtime.Version(), "go"))), 100),
		strings.ToUpper(runtime.GOOS[:1])+runtime.GOOS[1:])
	return agent
}

func (c Config) withDefaults() Config {
	if c.LWAURL == "" {
		c.LWAURL = DefaultLWAURL
	}
	if c.UserAgent == "" {
		c.UserAgent = UserAgent("dev")
	}
	if c.Transport == nil {
		c.Transport = defaultTransport()
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = DefaultCallTimeout
	}
	if c.BodyLimit == 0 {
		c.BodyLimit = DefaultBodyLimit
	}
	if c.TokenCache == 0 {
		c.TokenCache = DefaultTokenCache
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.APIURL = strings.TrimRight(c.APIURL, "/")
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.ClientID == "" {
		errs = append(errs, errors.New("ClientID is empty: give the application's Login with Amazon client id"))
	}
	if c.ClientSecret == nil {
		errs = append(errs, errors.New("ClientSecret is nil: give a function that returns the application's client secret"))
	}
	errs = append(errs, checkURL("LWAURL", c.LWAURL))
	if c.APIURL != "" {
		errs = append(errs, checkURL("APIURL", c.APIURL))
	}
	errs = append(errs, checkUserAgent(c.UserAgent))
	if c.CallTimeout < 0 {
		errs = append(errs, fmt.Errorf("CallTimeout is %s: use a positive duration such as 20s", c.CallTimeout))
	}
	if c.BodyLimit < 0 {
		errs = append(errs, fmt.Errorf("BodyLimit is %d: use a positive number of bytes", c.BodyLimit))
	}
	if c.TokenCache < 0 {
		errs = append(errs, fmt.Errorf("TokenCache is %d: use a positive number of tokens", c.TokenCache))
	}
	if len(c.DigestKey) != digestKeySize {
		errs = append(errs, fmt.Errorf("DigestKey has %d bytes: use %d random bytes that never change", len(c.DigestKey), digestKeySize))
	}
	return errors.Join(errs...)
}

// checkURL checks an address without ever repeating it: it may hold a password.
func checkURL(field, raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("%s is no address: use one like https://host/path", field)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%s has a user, a query or a fragment: leave them away", field)
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%s is not https: tokens would cross the network in the clear; http is for loopback hosts only", field)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func checkUserAgent(agent string) error {
	switch {
	case len(agent) > maxUserAgent:
		return fmt.Errorf("UserAgent has %d characters: Amazon takes at most %d", len(agent), maxUserAgent)
	case strings.Trim(visible(agent), " ") != agent:
		return errors.New("UserAgent has characters that a header cannot hold: use visible ASCII")
	case !strings.Contains(agent, "Language="):
		return errors.New("UserAgent lacks the Language attribute that Amazon asks for: use UserAgent(version)")
	}
	return nil
}

// visible leaves only visible ASCII and inner spaces of a text from outside.
func visible(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s))
}

// cutText cuts a text at n bytes, never within a character.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
