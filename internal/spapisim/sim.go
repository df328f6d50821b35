package spapisim

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config says what is fixed for the life of a Simulator. The zero value is a
// well-behaved Amazon on the real clock.
type Config struct {
	Seed uint64 `json:"seed"`
	// Now is the clock of the machine; Amazon's clock is Now plus
	// Switches.ClockSkew. Default time.Now.
	Now func() time.Time `json:"-"`
	// Sleep waits for slow answers. It returns early with the context's error.
	// Default: a timer of package time, which a synctest bubble virtualises.
	Sleep func(ctx context.Context, d time.Duration) error `json:"-"`
	// RateScale multiplies every published rate; bursts stay. Default 1.
	RateScale float64 `json:"rateScale,omitzero"`
	// Notify, when set, is called with the body of every message that Amazon puts
	// into an application's queue, before the call that caused it is answered. The
	// body may hold a client secret in clear. See Notifications.
	Notify func(body []byte) `json:"-"`
	// Switches are the behaviours at the start; SetSwitches changes them later.
	Switches Switches `json:"switches,omitzero"`
}

// Simulator is one Amazon: applications, sellers, orders, tokens, buckets.
// Its methods and handlers may be used from many goroutines.
type Simulator struct {
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	deliver func(body []byte) // nil: nobody listens
	seed    uint64

	// mu guards everything below except what a seller guards itself. It is
	// held for short, pure steps only; seller.mu may be taken while it is
	// held, never the other way round.
	mu        sync.Mutex
	switches  Switches
	rateScale float64
	apps      map[string]*application
	appIDs    []string // in order of creation
	sellers   map[string]*seller
	sellerIDs []string // keys in order of creation
	tokens    tokenStore
	rates     map[rateKey]Rate
	buckets   map[bucketKey]*bucket
	faults    []*activeFault
	faultSeq  int
	counts    counters

	journeys      journeys
	notifications []Notification // the last ones
}

// New makes an empty Amazon. It refuses settings that make no sense.
func New(cfg Config) (*Simulator, error) {
	if cfg.RateScale == 0 {
		cfg.RateScale = 1
	}
	if err := checkScale(cfg.RateScale); err != nil {
		return nil, err
	}
	if err := cfg.Switches.check(); err != nil {
		return nil, err
	}
	s := &Simulator{
		now:       cfg.Now,
		sleep:     cfg.Sleep,
		deliver:   cfg.Notify,
		seed:      cfg.Seed,
		switches:  cfg.Switches,
		rateScale: cfg.RateScale,
		apps:      map[string]*application{},
		sellers:   map[string]*seller{},
		tokens:    newTokenStore(),
		rates:     map[rateKey]Rate{},
		buckets:   map[bucketKey]*bucket{},
		counts:    newCounters(),
		journeys:  journeys{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.sleep == nil {
		s.sleep = sleep
	}
	return s, nil
}

// Handler serves Login with Amazon, the API and Seller Central of all regions on
// one listener. Requests that carry one of Amazon's hosts are held to it, also
// with ".localhost" behind it, which browsers send to loopback by themselves
// (sellercentral.amazon.de.localhost:9090). For any other host (loopback) the
// path decides: an API call counts for the region of its token's seller, and
// sellers of all regions can sign in.
func (s *Simulator) Handler() http.Handler {
	consent := map[string]http.Handler{"": s.ConsentHandler("")}
	for _, region := range regions {
		consent[region] = s.ConsentHandler(region)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := strings.ToLower(r.Host)
		if name, _, ok := strings.Cut(host, ":"); ok {
			host = name
		}
		host = strings.TrimSuffix(host, ".localhost")
		switch {
		case host == "api.amazon.com":
			s.serveLWA(w, r)
		case hostRegion(host) != "":
			s.serveAPI(w, r, hostRegion(host))
		case consentRegion(host) != "":
			consent[consentRegion(host)].ServeHTTP(w, r)
		case r.URL.Path == tokenPath:
			s.serveLWA(w, r)
		case onConsentPath(r.URL.Path):
			consent[""].ServeHTTP(w, r)
		default:
			s.serveAPI(w, r, "")
		}
	})
}

// RegionHandler serves the API of one region ("na", "eu", "fe") whatever the
// host, like sellingpartnerapi-<region>.amazon.com: tokens of other regions are
// refused, and a token request sent here by mistake finds no such path.
func (s *Simulator) RegionHandler(region string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, region) })
}

// LWAHandler serves Login with Amazon alone, like api.amazon.com.
func (s *Simulator) LWAHandler() http.Handler { return http.HandlerFunc(s.serveLWA) }

// Now is Amazon's clock.
func (s *Simulator) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock()
}

// clock is Amazon's clock; s.mu is held.
func (s *Simulator) clock() time.Time { return s.now().Add(s.switches.ClockSkew.D()).UTC() }

// SetRateScale changes the factor on all rates from now on.
func (s *Simulator) SetRateScale(scale float64) error {
	if err := checkScale(scale); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changeRates(func() { s.rateScale = scale })
	return nil
}

func checkScale(scale float64) error {
	if !(scale > 0) || math.IsInf(scale, 0) {
		return fmt.Errorf("spapisim: rate scale %v is not a positive number", scale)
	}
	return nil
}

// draw returns a stream of random numbers that depends on the seed and on the
// names alone.
func draw(seed uint64, names ...any) *rand.Rand {
	h := fnv.New64a()
	var word [8]byte
	for _, name := range names {
		switch v := name.(type) {
		case string:
			h.Write([]byte(v))
		case int:
			binary.LittleEndian.PutUint64(word[:], uint64(v))
			h.Write(word[:])
		case uint64:
			binary.LittleEndian.PutUint64(word[:], v)
			h.Write(word[:])
		default:
			panic(fmt.Sprintf("spapisim: cannot draw for a %T", name))
		}
		h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// opaque returns n random bytes as letters that need no escaping.
func opaque(rng *rand.Rand, n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, n)
	for i := 0; i < n; i += 10 {
		bits := rng.Uint64()
		for j := i; j < min(i+10, n); j++ {
			b[j] = letters[bits&63]
			bits >>= 6
		}
	}
	return string(b)
}

// requestID returns an identifier in the form Amazon uses.
func requestID(rng *rand.Rand) string {
	a, b := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Duration is a time.Duration that reads and writes "1h30m" in JSON.
type Duration time.Duration

// D returns the duration as package time knows it.
func (d Duration) D() time.Duration { return time.Duration(d) }

// MarshalJSON writes the duration as text.
func (d Duration) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, time.Duration(d).String()), nil
}

// UnmarshalJSON reads text such as "90s", and nothing else: a bare number has
// no unit.
func (d *Duration) UnmarshalJSON(b []byte) error {
	text, err := strconv.Unquote(string(b))
	if err != nil {
		return fmt.Errorf("duration %s: want text such as \"90s\"", b)
	}
	v, err := time.ParseDuration(text)
	*d = Duration(v)
	return err
}
