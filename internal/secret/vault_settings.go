package secret

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/hashicorp/vault/api"
)

// check checks all settings that need no asking, and returns the template of
// paths.
func (c VaultConfig) check() ([]string, error) {
	if err := checkVaultAddress(c.Address); err != nil {
		return nil, err
	}
	if strings.ContainsFunc(c.Namespace, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("vault namespace %s has a character that is not allowed: write it as Vault shows it, such as team/orders", show(c.Namespace))
	}
	if c.CallTimeout < 0 {
		return nil, fmt.Errorf("vault call timeout is %s: give a time above 0, such as 5s", c.CallTimeout)
	}
	if c.Concurrent < 0 {
		return nil, fmt.Errorf("vault concurrent calls are %d: give a number above 0, such as 32", c.Concurrent)
	}
	if err := checkVaultMount("vault mount", c.Mount); err != nil {
		return nil, err
	}
	if err := c.Auth.check(); err != nil {
		return nil, err
	}
	return parseVaultPath(c.Path)
}

// checkVaultAddress checks Vault's address. Errors do not repeat it: a password
// may stand in it.
func checkVaultAddress(text string) error {
	if text == "" {
		return fmt.Errorf("vault address is empty: give Vault's URL, such as https://vault.example.com:8200")
	}
	address, err := url.Parse(text)
	switch {
	case err != nil, address.Host == "", address.Scheme != "http" && address.Scheme != "https":
		return fmt.Errorf("vault address is no http or https URL: write it such as https://vault.example.com:8200")
	case address.User != nil:
		return fmt.Errorf("vault address has a user or password before @: remove it, Vault has its own logins")
	case address.RawQuery != "" || address.Fragment != "":
		return fmt.Errorf("vault address has a query or fragment: end it after host, port and path")
	}
	return nil
}

// inClear tells whether tokens leave this machine unencrypted, as they do inside
// some clusters, where it is another's work to encrypt.
func (c VaultConfig) inClear() bool {
	address, err := url.Parse(c.Address)
	if err != nil || address.Scheme == "https" || address.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(address.Hostname())
	return ip == nil || !ip.IsLoopback()
}

// httpClient makes the client that all requests go through.
func (c VaultConfig) httpClient() (*http.Client, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("vault CA file: %w", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("vault CA file %s has no certificate: give a file of PEM blocks that begin with -----BEGIN CERTIFICATE-----", c.CAFile)
		}
	}
	transport := c.Transport
	if transport == nil {
		transport = c.ownTransport(settings)
	}
	return &http.Client{
		Transport: vaultTransport{transport},
		// The API client follows a standby's redirect itself, once.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// ownTransport makes the transport of a client that is given none.
func (c VaultConfig) ownTransport(settings *tls.Config) *http.Transport {
	dialer := &net.Dialer{Timeout: c.CallTimeout}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       settings,
		TLSHandshakeTimeout:   c.CallTimeout,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          c.Concurrent + 1, // the keeper's as well
		MaxIdleConnsPerHost:   c.Concurrent + 1,
		IdleConnTimeout:       vaultIdle,
		ResponseHeaderTimeout: c.CallTimeout,
	}
}

// apiClient makes the API client without a token. What Vault's environment
// variables put into it is taken out again: settings come from one place.
func (c VaultConfig) apiClient(client *http.Client) (*api.Client, error) {
	made, err := api.NewClient(&api.Config{Address: c.Address, HttpClient: client})
	if err != nil {
		return nil, fmt.Errorf("set up the Vault client (an environment variable VAULT_… may be wrong: unset it): %w", err)
	}
	made.ClearToken()
	made.SetHeaders(http.Header{api.RequestHeaderName: {"true"}})
	if c.Namespace != "" {
		made.SetNamespace(c.Namespace)
	}
	made.SetWrappingLookupFunc(func(string, string) string { return "" })
	return made, nil
}
