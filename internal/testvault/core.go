package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	log "github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/helper/namespace"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/helper/logging"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

// server is a core that is ready, and what a test must know of it.
type server struct {
	Address   string `json:"address"`
	RootToken string `json:"rootToken"`
	UnsealKey string `json:"unsealKey"` // hexadecimal, as sys/unseal takes it
	core      *vault.Core
}

// newServer makes a core, initialised and unsealed, with its mounts.
func newServer(ctx context.Context) (*server, error) {
	core, err := newCore()
	if err != nil {
		return nil, err
	}
	// One share, so that a test unseals with one call.
	seal := &vault.SealConfig{SecretShares: 1, SecretThreshold: 1}
	made, err := core.Initialize(ctx, &vault.InitParams{BarrierConfig: seal})
	if err != nil {
		return nil, fmt.Errorf("initialise: %w", err)
	}
	key := made.SecretShares[0]
	// The core wipes the key it is given.
	s := &server{RootToken: made.RootToken, UnsealKey: hex.EncodeToString(key), core: core}
	if _, err := core.Unseal(key); err != nil {
		return nil, fmt.Errorf("unseal: %w", err)
	}
	if err := s.mount(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// newCore makes a core that knows KV and AppRole.
func newCore() (*vault.Core, error) {
	logger := logging.NewVaultLogger(log.Warn)
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return nil, fmt.Errorf("make the storage: %w", err)
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           storage,
		Logger:             logger,
		DisableMlock:       true,
		BuiltinRegistry:    registry{},
		LogicalBackends:    map[string]logical.Factory{"kv": kv.Factory},
		CredentialBackends: map[string]logical.Factory{"approle": approle.Factory},
	})
	if err != nil {
		return nil, fmt.Errorf("make the core: %w", err)
	}
	return core, nil
}

// mount mounts KV version 2 at secret/ and AppRole at auth/approle/.
func (s *server) mount(ctx context.Context) error {
	kv2 := map[string]any{"type": "kv", "options": map[string]any{"version": "2"}}
	if err := s.ask(ctx, logical.UpdateOperation, "sys/mounts/secret", kv2); err != nil {
		return fmt.Errorf("mount secret/: %w", err)
	}
	if err := s.ask(ctx, logical.UpdateOperation, "sys/auth/approle", map[string]any{"type": "approle"}); err != nil {
		return fmt.Errorf("mount auth/approle/: %w", err)
	}
	// A new store of version 2 refuses all until it has looked for data of version 1.
	var err error
	for range 500 {
		if err = s.ask(ctx, logical.ReadOperation, "secret/config", nil); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("secret/ is not ready after five seconds: %w", err)
}

// ask makes one request as root.
func (s *server) ask(ctx context.Context, op logical.Operation, path string, data map[string]any) error {
	answer, err := s.core.HandleRequest(namespace.RootContext(ctx), &logical.Request{
		Operation: op, ClientToken: s.RootToken, Path: path, Data: data,
	})
	if err != nil {
		return err
	}
	if answer != nil && answer.IsError() {
		return answer.Error()
	}
	return nil
}

// registry says which plugins are built in. Vault's own names all of them, and
// with it they would all be linked.
type registry struct{}

// Get finds the factory of a plugin.
func (registry) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	var factory logical.Factory
	switch {
	case kind == consts.PluginTypeSecrets && name == "kv":
		factory = kv.Factory
	case kind == consts.PluginTypeCredential && name == "approle":
		factory = approle.Factory
	default:
		return nil, false
	}
	return func() (any, error) { return factory, nil }, true
}

// Contains tells whether there is such a plugin.
func (r registry) Contains(name string, kind consts.PluginType) bool {
	_, ok := r.Get(name, kind)
	return ok
}

// Keys lists the plugins of a kind.
func (registry) Keys(kind consts.PluginType) []string {
	switch kind {
	case consts.PluginTypeSecrets:
		return []string{"kv"}
	case consts.PluginTypeCredential:
		return []string{"approle"}
	}
	return nil
}

// DeprecationStatus is Supported for all there are.
func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}

// IsBuiltinEntPlugin tells of plugins of the enterprise version: none.
func (registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
