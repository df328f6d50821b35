package secret_test

import (
	"context"
	"errors"
	"fmt"

	"ordersync"
	"ordersync/internal/secret"
)

// A service opens Vault at its start, whether Vault runs or not. Only a token that
// is missing is a matter of the tenant's.
func ExampleOpenVault() {
	ctx := context.Background()
	config := secret.VaultConfig{
		Address: "http://127.0.0.1:1", // nothing listens there
		Auth:    secret.VaultAuth{Token: secret.New("hvs.example")},
		Retries: -1,
	}
	if err := config.UsePreset("keybuzz"); err != nil {
		fmt.Println(err)
		return
	}
	vault, err := secret.OpenVault(ctx, config)
	if err != nil {
		fmt.Println(err) // a setting is wrong
		return
	}
	defer vault.Close()

	kept, err := vault.Read(ctx, secret.VaultRef{Tenant: "ecomlg-001", Region: ordersync.RegionEU})
	trouble, failed := errors.AsType[*secret.VaultError](err)
	switch {
	case failed && trouble.TokenMissing():
		fmt.Println("the seller must connect again")
	case failed:
		fmt.Println("the secret store has trouble:", trouble.Kind)
	default:
		fmt.Println("version", kept.Version)
	}
	// Output: the secret store has trouble: unreachable
}
