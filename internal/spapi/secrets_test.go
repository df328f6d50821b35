package spapi

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
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
