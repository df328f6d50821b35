package spapi

import (
	"strings"
	"testing"
	"time"
)

func TestNewChecksItsConfig(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string // "": it is taken
	}{
		"good":               {func(c *Config) {}, ""},
		"loopback":           {func(c *Config) { c.APIURL, c.LWAURL = "http://127.0.0.1:1/x/", "http://[::1]:2/t" }, ""},
		"localhost":          {func(c *Config) { c.APIURL = "http://localhost:8080" }, ""},
		"no client id":       {func(c *Config) { c.ClientID = "" }, "ClientID"},
		"no secret":          {func(c *Config) { c.ClientSecret = nil }, "ClientSecret"},
		"plain http":         {func(c *Config) { c.APIURL = "http://amazon.example" }, "APIURL is not https"},
		"plain http LWA":     {func(c *Config) { c.LWAURL = "http://10.0.0.1/t" }, "LWAURL is not https"},
		"no host":            {func(c *Config) { c.APIURL = "amazon" }, "APIURL"},
		"password":           {func(c *Config) { c.APIURL = "https://u:SECRET@x" }, "APIURL"},
		"query":              {func(c *Config) { c.LWAURL = "https://x/?a=SECRET" }, "LWAURL"},
		"unreadable":         {func(c *Config) { c.LWAURL = "https://SECRET\x7f" }, "LWAURL"},
		"long agent":         {func(c *Config) { c.UserAgent = "Language=" + strings.Repeat("x", 500) }, "UserAgent has 509"},
		"agent no language":  {func(c *Config) { c.UserAgent = "x" }, "Language"},
		"agent of two lines": {func(c *Config) { c.UserAgent = "x\nLanguage=Go" }, "visible ASCII"},
		"negative timeout":   {func(c *Config) { c.CallTimeout = -time.Second }, "CallTimeout"},
		"negative limit":     {func(c *Config) { c.BodyLimit = -1 }, "BodyLimit"},
		"negative cache":     {func(c *Config) { c.TokenCache = -1 }, "TokenCache"},
		"short key":          {func(c *Config) { c.DigestKey = []byte("x") }, "DigestKey has 1 bytes"},
	} {
		config := Config{ClientID: "id", ClientSecret: func() string { return "SECRET" }, DigestKey: testKey}
		tt.change(&config)
		_, err := New(config)
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		case err != nil && strings.Contains(err.Error(), "SECRET"):
			t.Errorf("%s: the error repeats a secret: %v", name, err)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	got := UserAgent("1.0")
	if !strings.HasPrefix(got, "ordersync/1.0 (Language=Go/1.") || !strings.HasSuffix(got, "; Platform=Linux)") {
		t.Errorf("user agent %s", got)
	}
	for _, version := range []string{`v(1)\2`, strings.Repeat("x", 9999), "a\nb", ""} {
		if err := checkUserAgent(UserAgent(version)); err != nil {
			t.Errorf("%q: %v", version, err)
		}
	}
	if got := UserAgent(`(1)\`); !strings.Contains(got, `/\(1\)\\ (`) {
		t.Errorf("user agent %s", got)
	}
}
