package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// Anybody may ask for any ticket: it takes no transaction, which on SQLite would have
// to wait for who writes, and let others wait.
func TestUnknownTicketsBeginNoTransaction(t *testing.T) {
	begun := 0
	s, err := storetest.NewMemory(t, "tickets").Open(t.Context(), store.Options{}, storetest.Watch{
		Begin: func(context.Context) error { begun++; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	begun = 0
	for what, ask := range map[string]func() error{
		"looked at": func() error { _, err := s.Consent(t.Context(), "nothing", "mine"); return err },
		"opened": func() error {
			_, _, err := s.OpenConsent(t.Context(), "nothing", "mine", "state", time.Now())
			return err
		},
		"taken":     func() error { _, err := s.TakeConsent(t.Context(), "nothing", "mine"); return err },
		"agreed to": func() error { _, _, err := s.HeldConsent(t.Context(), "nothing", "mine"); return err },
	} {
		var nowhere *store.ConsentError
		if err := ask(); !errors.As(err, &nowhere) || nowhere.Problem != ordersync.ConsentUnknown {
			t.Errorf("%s: %v", what, err)
		}
		if begun > 0 {
			t.Errorf("%s: a transaction was begun", what)
			begun = 0
		}
	}
}
