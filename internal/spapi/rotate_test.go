package spapi_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/spapisim"
)

// storedSecrets are those that a test's store has.
type storedSecrets struct {
	mu      sync.Mutex
	list    []string
	failure error
	reads   atomic.Int64
}

func (s *storedSecrets) set(list ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = list
}

func (s *storedSecrets) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

func (s *storedSecrets) read(context.Context) ([]string, error) {
	s.reads.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list, s.failure
}

// rotation is a client whose clock can be put forward, with a store of secrets.
type rotation struct {
	*simulated
	stored storedSecrets
	first  string // the configured secret
	ahead  atomic.Int64
}

func rotating(t *testing.T) *rotation {
	t.Helper()
	r := &rotation{}
	r.simulated = simulate(t, func(c *spapi.Config) {
		first := c.ClientSecret()
		r.first, c.ClientSecret = first, func() string { return first }
		c.StoredSecrets = r.stored.read
		c.Now = func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }
	})
	return r
}

func (r *rotation) search(t *testing.T) error {
	_, err := r.client.SearchOrders(t.Context(), r.as, everything, r.query(20), "")
	return err
}

func (r *rotation) rotate(t *testing.T) string {
	t.Helper()
	fresh, err := r.sim.RotateSecret(r.app.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

// A client learns of a secret that is stored while it runs, before it takes a refusal
// for one.
func TestStoredSecretIsFound(t *testing.T) {
	t.Parallel()
	r := rotating(t)
	if err := r.search(t); err != nil {
		t.Fatal(err)
	}
	if err := r.sim.ExpireSecret(r.app.ClientID, true); err != nil {
		t.Fatal(err)
	}
	if err := r.search(t); kindOf(err) != spapi.AppSecretExpired {
		t.Fatalf("missed rotation: %v", err)
	}
	r.stored.set(r.rotate(t))
	// Login refuses the one before at once: as after seven days.
	if err := r.sim.SetSwitches(func(s *spapisim.Switches) { s.ExpiredSecretRefused = true }); err != nil {
		t.Fatal(err)
	}
	r.ahead.Add(int64(5 * time.Second)) // the store was asked just now
	if err := r.search(t); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
}

// However many tenants Amazon refuses, the store is asked for a new secret once.
func TestStoredSecretsAreAskedForAtMostOnceForAll(t *testing.T) {
	t.Parallel()
	r := rotating(t)
	if _, err := r.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultLWA, Variant: "invalid_client", Operation: spapisim.Token}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := r.search(t); kindOf(err) != spapi.AppCredentials {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := r.stored.reads.Load(); n > 2 {
		t.Errorf("the store was read %d times", n)
	}
}

// A store that is away is no verdict on the application, and what was read before
// stands.
func TestStoredSecretsCannotBeRead(t *testing.T) {
	t.Parallel()
	r := rotating(t)
	r.stored.fail(errors.New("database at 10.0.0.7 is away"))
	if err := r.search(t); err != nil {
		t.Errorf("the configured secret is good: %v", err)
	}
	r.client.ForgetToken(r.as)
	if _, err := r.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultLWA, Variant: "invalid_client", Operation: spapisim.Token}); err != nil {
		t.Fatal(err)
	}
	if err := r.search(t); kindOf(err) != spapi.Unavailable || strings.Contains(err.Error(), "10.0.0.7") {
		t.Errorf("nobody knows whether a good one is stored: %v", err)
	}
}

func TestRotateClientSecret(t *testing.T) {
	t.Parallel()
	r := rotating(t)
	ask := func() error { return r.client.RotateClientSecret(t.Context(), ordersync.RegionEU) }
	if err := ask(); kindOf(err) != spapi.NotEnrolled {
		t.Fatalf("not enrolled: %v", err)
	}
	if err := r.sim.SetRateScale(1); err != nil {
		t.Fatal(err)
	}
	if err := r.sim.ChangeApplication(r.app.ClientID, func(s *spapisim.ApplicationSpec) { s.RotationEnrolled = true }); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	messages := r.sim.Notifications(r.app.ClientID)
	if len(messages) != 1 {
		t.Fatalf("%d messages", len(messages))
	}
	n, err := spapi.ReadNotification(messages[0].Body)
	if err != nil || n.New == nil || n.New.ClientID != r.app.ClientID || n.New.Ends.Sub(r.sim.Now()) < 179*24*time.Hour || n.New.PreviousEnds.Sub(r.sim.Now()) > 7*24*time.Hour {
		t.Fatalf("%+v, %v", n, err)
	}
	for secret, want := range map[string]spapi.Kind{n.New.Secret(): "", r.first: "", "other": spapi.AppCredentials} {
		if err := r.client.CheckSecret(t.Context(), secret); kindOf(err) != want {
			t.Errorf("a secret is %v, want %q", err, want)
		}
	}
	if err := ask(); kindOf(err) != spapi.Throttled {
		t.Errorf("twice within a minute: %v", err)
	}
	notice, err := r.sim.NoticeSecretExpiry(r.app.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := spapi.ReadNotification(notice); err != nil || e.Expiry == nil || e.Expiry.ClientID != r.app.ClientID || !e.Expiry.Ends.Equal(n.New.Ends) {
		t.Errorf("%+v, %v", e, err)
	}
}
