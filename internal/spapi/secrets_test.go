package spapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ordersync"
)

// Whoever waits for stored secrets while another asks for them waits so that virtual
// time goes on, and may leave.
func TestWaitingForStoredSecretsMayBeLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, &amazon{api: emptyAPI}, func(config *Config) {
			config.StoredSecrets = func(ctx context.Context) ([]string, error) {
				select {
				case <-time.After(3 * time.Second):
					return []string{"stored"}, nil
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
		})
		go func() { _, _ = c.secretsToTry(t.Context(), secretsEvery) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		_, _ = c.secretsToTry(ctx, secretsEvery)
		if d := time.Since(begun); d != time.Second {
			t.Errorf("who leaves after a second waited %s", d)
		}
		list, failure := c.secretsToTry(t.Context(), secretsEvery)
		if d := time.Since(begun); d != 3*time.Second || failure != nil || list[0] != "stored" {
			t.Errorf("who waits got %d secrets after %s: %v", len(list), d, failure)
		}
	})
}

// A panic of the store's leaves nobody waiting for ever.
func TestPanicOfTheStoreEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		panics := true
		c := newTestClient(t, &amazon{api: emptyAPI}, func(config *Config) {
			config.StoredSecrets = func(context.Context) ([]string, error) {
				if panics {
					panic("the store")
				}
				return nil, nil
			}
		})
		if _, err := search(t, c, seller("one")); kindOf(err) != Bug {
			t.Errorf("a panic: %v", err)
		}
		panics = false
		done := make(chan error, 1)
		go func() {
			_, err := search(t, c, seller("two"))
			done <- err
		}()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Hour):
			t.Error("another tenant waits for ever")
		}
	})
}

// After a missed rotation Login goes on to take the stored secret; the one that the
// operator has made by hand since rotates.
func TestRotationGoesOnWithAnotherSecret(t *testing.T) {
	t.Parallel()
	fake := &amazon{
		lwa: func(form url.Values) *http.Response {
			return respond(200, fmt.Sprintf(`{"access_token":"of-%s","expires_in":3600}`, form.Get("client_secret")))
		},
		api: func(r *http.Request) *http.Response {
			if r.Header.Get("X-Amz-Access-Token") == "of-stored" {
				return respond(403, `{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":"The LWA secret token you provided has expired."}]}`)
			}
			return respond(204, "")
		},
	}
	c := newTestClient(t, fake, func(config *Config) {
		config.StoredSecrets = func(context.Context) ([]string, error) { return []string{"stored"}, nil }
	})
	if err := c.RotateClientSecret(t.Context(), ordersync.RegionEU); err != nil || len(fake.requests) != 2 {
		t.Errorf("after %d calls: %v", len(fake.requests), err)
	}
	alone := newTestClient(t, fake, func(config *Config) { config.ClientSecret = func() string { return "stored" } })
	if err := alone.RotateClientSecret(t.Context(), ordersync.RegionEU); kindOf(err) != AppSecretExpired || len(fake.requests) != 3 {
		t.Errorf("without another, after %d calls: %v", len(fake.requests), err)
	}
}

// What a store can say though it fails comes before what it said last.
func TestStoreThatFailsInPart(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var list []string
	var failure error
	c := newTestClient(t, &amazon{api: emptyAPI}, func(config *Config) {
		config.Now = func() time.Time { return now }
		config.StoredSecrets = func(context.Context) ([]string, error) { return list, failure }
	})
	away := errors.New("away")
	for _, step := range []struct {
		says  []string
		fails error
		want  []string
	}{
		{[]string{"b", "a"}, nil, []string{"b", "a", "secret-of-app"}},
		{nil, away, []string{"b", "a", "secret-of-app"}},
		{[]string{"c", "b"}, away, []string{"c", "b", "a", "secret-of-app"}},
		{[]string{"c"}, nil, []string{"c", "secret-of-app"}},
	} {
		list, failure, now = step.says, step.fails, now.Add(time.Hour)
		if got, err := c.secretsToTry(t.Context(), secretsEvery); !slices.Equal(got, step.want) || !errors.Is(err, step.fails) {
			t.Errorf("%v, %v: %v, %v, want %v", step.says, step.fails, got, err, step.want)
		}
	}
}

// That Amazon calls the secret expired is no verdict on the application while the
// stored secrets cannot be read: one of them may be the one that is good.
func TestExpiredSecretWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	expired := func(*http.Request) *http.Response {
		return respond(403, `{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":"The LWA secret token you provided has expired."}]}`)
	}
	for _, failure := range []error{away, nil} {
		c := newTestClient(t, &amazon{api: expired}, func(config *Config) {
			config.StoredSecrets = func(context.Context) ([]string, error) { return nil, failure }
		})
		_, err := c.GetOrder(t.Context(), seller("Atzr|refresh"), ordersync.GroupCore, "111-1111111-1111111")
		var refusal *Error
		want := AppSecretExpired
		if failure != nil {
			want = Unavailable
		}
		if !errors.As(err, &refusal) || refusal.Kind != want || !errors.Is(err, failure) && failure != nil {
			t.Errorf("the store says %v: %v, want %s", failure, err, want)
		}
	}
}
