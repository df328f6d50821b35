package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"ordersync/internal/secret"
)

// secretsInVault is the value of ORDERSYNC_SECRETS that asks for Vault.
const secretsInVault = "vault"

// vaultProblems lists settings of Vault that say nothing without each other. What is
// wrong with each is said when Vault is set up.
func (s *settings) vaultProblems() (out []error) {
	if s.Secrets != secretsInVault {
		return nil
	}
	if s.VaultCallTimeout < 100*time.Millisecond || s.VaultCallTimeout > s.Lease/6 {
		// Three times that, and the pauses, must fit into a lease.
		out = append(out, fmt.Errorf("ORDERSYNC_VAULT_CALL_TIMEOUT is %s: use 100ms to a sixth of ORDERSYNC_LEASE (%s)", s.VaultCallTimeout, s.Lease))
	}
	if s.VaultSecretID != "" && s.VaultSecretIDFile != "" {
		out = append(out, errors.New("ORDERSYNC_VAULT_SECRET_ID and ORDERSYNC_VAULT_SECRET_ID_FILE are both set: set one"))
	}
	if s.VaultRoleID == "" && (s.VaultSecretID != "" || s.VaultSecretIDFile != "") {
		out = append(out, errors.New("ORDERSYNC_VAULT_SECRET_ID is set without ORDERSYNC_VAULT_ROLE_ID: set both"))
	}
	return out
}

// vault is how Vault is reached.
func (s *settings) vault(log *slog.Logger) (secret.VaultConfig, error) {
	c := secret.VaultConfig{
		Address: s.VaultAddress, Namespace: s.VaultNamespace, CAFile: s.VaultCAFile, CallTimeout: s.VaultCallTimeout, Log: log,
		Auth: secret.VaultAuth{Token: secret.New(s.VaultToken), TokenFile: s.VaultTokenFile},
	}
	if s.VaultRoleID != "" {
		c.Auth.AppRole = &secret.VaultAppRole{
			RoleID: s.VaultRoleID, SecretID: secret.New(s.VaultSecretID), SecretIDFile: s.VaultSecretIDFile, Mount: s.VaultAuthMount,
		}
	}
	if s.VaultKubernetes != "" {
		c.Auth.Kubernetes = &secret.VaultKubernetes{Role: s.VaultKubernetes, Mount: s.VaultAuthMount}
	}
	if err := c.UsePreset(s.VaultLayout); err != nil {
		return c, err
	}
	if s.VaultMount != "" {
		c.Mount = s.VaultMount
	}
	if s.VaultPath != "" {
		c.Path = s.VaultPath
	}
	return c, nil
}

// openVault sets Vault up, where tokens are kept there; nil: they are not. Vault need
// not answer yet.
func (i *invocation) openVault() (*secret.Vault, error) {
	if i.settings.Secrets != secretsInVault {
		return nil, nil
	}
	config, err := i.settings.vault(i.log)
	if err != nil {
		return nil, usageError{err}
	}
	v, err := secret.OpenVault(i.ctx, config)
	if err != nil {
		return nil, usageError{err}
	}
	return v, nil
}
