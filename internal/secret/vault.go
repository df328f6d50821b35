package secret

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"
)

// The defaults of [VaultConfig].
const (
	vaultCallTimeout = 5 * time.Second
	vaultRetries     = 2
	vaultConcurrent  = 32
)

// VaultConfig says where Vault is, how to log in, and how long to wait. Vault's
// own environment variables do not count.
type VaultConfig struct {
	Address   string    // http or https, with the port; required
	Namespace string    // of Vault Enterprise and OpenBao; "" for none
	CAFile    string    // PEM certificates that Vault's may be signed by; "" for the system's
	Mount     string    // of a KV store of version 2; "" for secret
	Path      string    // see [VaultLayout]; "" for that of the preset ordersync
	Auth      VaultAuth // required

	CallTimeout time.Duration // of one request, its answer's body included; 0 for 5 s
	// Retries is how often a request is repeated that did not reach Vault, or that
	// this server could not serve; 0 for 2, negative for never. A write that may
	// have been carried out is never repeated.
	Retries    int
	Concurrent int // requests at once; 0 for 32

	// Transport sends the requests; nil for one of its own that trusts CAFile.
	Transport http.RoundTripper
	// Jitter is a random part of a duration, so that those who repeat a request do
	// not march in step; nil for one that is drawn anew each time.
	Jitter func(time.Duration) time.Duration

	Now func() time.Time // nil for time.Now
	Log *slog.Logger     // nil for none
}

// withDefaults fills in what is not given.
func (c VaultConfig) withDefaults() VaultConfig {
	layout := VaultPresets["ordersync"]
	if c.Mount == "" {
		c.Mount = layout.Mount
	}
	if c.Path == "" {
		c.Path = layout.Path
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = vaultCallTimeout
	}
	if c.Retries == 0 {
		c.Retries = vaultRetries
	}
	c.Retries = max(c.Retries, 0)
	if c.Concurrent == 0 {
		c.Concurrent = vaultConcurrent
	}
	if c.Jitter == nil {
		c.Jitter = rand.N[time.Duration]
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Auth = c.Auth.withDefaults()
	return c
}

// Vault keeps one seller's refresh token for each connection in a KV store of
// version 2 of HashiCorp Vault, or of whatever speaks its HTTP API. It is safe for
// concurrent use; the zero value is not usable, [OpenVault] makes one. The errors
// of its methods are of type [*VaultError].
type Vault struct {
	config    VaultConfig
	template  []string     // of paths, by segments
	http      *http.Client // shared by all sessions
	anonymous *api.Client  // without a token; sessions are made from it
	slots     chan struct{}
	mountSeen atomic.Int64 // when the mount was last seen to be what it must be, in Unix nanoseconds

	// The keeper alone logs in and renews; all others ask it.
	session atomic.Pointer[vaultSession] // nil before the first login
	wanted  chan vaultWanted
	stop    context.CancelFunc
	done    chan struct{} // closed when the keeper has ended
}

// OpenVault checks the settings; its errors say which one is wrong. Vault is not
// asked before it is needed, so that a service starts while Vault is down:
// [Vault.Check] asks. Of ctx only the values count; [Vault.Close] ends what this
// starts.
func OpenVault(ctx context.Context, config VaultConfig) (*Vault, error) {
	config = config.withDefaults()
	template, err := config.check()
	if err != nil {
		return nil, err
	}
	client, err := config.httpClient()
	if err != nil {
		return nil, err
	}
	anonymous, err := config.apiClient(client)
	if err != nil {
		return nil, err
	}
	if config.inClear() {
		config.Log.WarnContext(ctx, "Vault is asked without TLS: whoever is on the way can read tokens; use https", "address", config.Address)
	}
	v := &Vault{
		config: config, template: template, http: client, anonymous: anonymous,
		slots:  make(chan struct{}, config.Concurrent),
		wanted: make(chan vaultWanted), done: make(chan struct{}),
	}
	ctx, v.stop = context.WithCancel(context.WithoutCancel(ctx))
	go v.keep(ctx)
	return v, nil
}

// Close gives back what a login got, and returns when the goroutine that renews
// it has ended, within two seconds. Calls that need a login fail from then on.
func (v *Vault) Close() {
	v.stop()
	<-v.done
	v.http.CloseIdleConnections()
}

// deadline bounds one call of a method: all its requests, repeated as often as
// they may be.
func (v *Vault) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	all := v.config.CallTimeout * time.Duration(v.config.Retries+1)
	for n := range v.config.Retries {
		all += 2 * vaultPause(n)
	}
	return context.WithTimeout(ctx, all)
}

// String is where the documents lie, for logs.
func (v *Vault) String() string {
	return fmt.Sprintf("%s at %s", v.config.Mount, v.config.Address)
}
