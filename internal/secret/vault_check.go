package secret

import (
	"context"
	"encoding/json"
	"net/http"
)

// Check tells whether tokens could be read now: Vault is reached and unsealed, the
// login is accepted, and at the mount is a KV store of version 2 on which it may
// do something. It does not tell whether its policy reaches every path.
func (v *Vault) Check(ctx context.Context) error {
	ctx, cancel := v.deadline(ctx)
	defer cancel()
	if err := v.checkSeal(ctx); err != nil {
		return err
	}
	return v.lookAtMount(ctx, "check")
}

// sealed asks whether Vault is sealed: 503 may come from a proxy before it too.
func (v *Vault) sealed(ctx context.Context) bool {
	sealed, err := v.sealStatus(ctx)
	return err == nil && sealed
}

// checkSeal is an error when Vault does not answer or is sealed.
func (v *Vault) checkSeal(ctx context.Context) error {
	sealed, err := v.sealStatus(ctx)
	if err == nil && sealed {
		return sealCall().fail(VaultSealed, 0, "", nil)
	}
	return err
}

// sealCall is asked without a login.
func sealCall() vaultCall {
	return vaultCall{op: "check", method: http.MethodGet, path: "sys/seal-status", again: true}
}

// sealStatus asks once, outside of the turns: who asks holds a turn, or is a check
// that must not wait behind a fleet.
func (v *Vault) sealStatus(ctx context.Context) (sealed bool, err error) {
	call := sealCall()
	answer, _, err := v.attempt(ctx, v.anonymous, call)
	if err != nil {
		return false, err
	}
	if kind := judgeStatus(answer.status); kind != 0 {
		return false, call.fail(kind, answer.status, "", nil)
	}
	var body struct{ Sealed *bool }
	if err := json.Unmarshal(answer.body, &body); err != nil || body.Sealed == nil {
		return false, call.fail(VaultBadAnswer, answer.status, "the answer is no seal status", nil)
	}
	return *body.Sealed, nil
}
