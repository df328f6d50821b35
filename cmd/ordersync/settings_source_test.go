package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"ordersync/internal/web"
)

// The dashboard shows the configuration that is in force and where it comes from, and no
// secret.
func TestConfigurationInForce(t *testing.T) {
	secretFile := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secretFile, []byte("amzn1.oa2-cs.v1.hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ORDERSYNC_DATABASE_URL", "postgres://u:hush@db/orders")
	t.Setenv("ORDERSYNC_SYNC_INTERVAL", "7m")
	t.Setenv("ORDERSYNC_OVERLAP", "8m")
	t.Setenv("ORDERSYNC_AMAZON_CLIENT_SECRET_FILE", secretFile)
	t.Setenv("ORDERSYNC_MASTER_KEY", "hush")
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse([]string{"serve", "--overlap", "9m", "--listen=127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Settings.complete(); err != nil {
		t.Fatal(err)
	}
	i := &invocation{settings: c.Settings, flags: flagsGiven(parsed)}
	have := map[string]web.Setting{}
	for _, s := range i.inForce(os.LookupEnv) {
		have[s.Name] = s
		if strings.Contains(s.Value, "hush") {
			t.Errorf("a secret is shown: %+v", s)
		}
	}
	for _, want := range []web.Setting{
		{Name: "ORDERSYNC_DATABASE_URL", Value: "postgres://u:xxxxx@db/orders", From: web.FromEnvironment},
		{Name: "ORDERSYNC_SYNC_INTERVAL", Value: "7m0s", From: web.FromEnvironment},
		{Name: "ORDERSYNC_OVERLAP", Value: "9m0s", From: web.FromCommandLine},
		{Name: "ORDERSYNC_LISTEN", Value: "127.0.0.1:1", From: web.FromCommandLine},
		{Name: "ORDERSYNC_AMAZON_CLIENT_SECRET", Value: "(set)", Secret: true, From: web.FromFile},
		{Name: "ORDERSYNC_MASTER_KEY", Value: "(set)", Secret: true, From: web.FromEnvironment},
		{Name: "ORDERSYNC_SWEEP", Value: "24h0m0s", From: web.FromDefault},
		{Name: "ORDERSYNC_VAULT_TOKEN", From: web.FromDefault},
	} {
		if have[want.Name] != want {
			t.Errorf("%+v, want %+v", have[want.Name], want)
		}
	}
}
