package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// mountLook is for how long a look at the mount holds.
const mountLook = time.Minute

// checkMount looks at the mount unless it was seen a moment ago.
func (v *Vault) checkMount(ctx context.Context, op string) error {
	seen := time.Unix(0, v.mountSeen.Load())
	if age := v.config.Now().Sub(seen); age >= 0 && age < mountLook {
		return nil
	}
	return v.lookAtMount(ctx, op)
}

// lookAtMount asks what is at the mount, which every login may that may do
// anything there. Vault's own command line asks the same before each use of KV.
func (v *Vault) lookAtMount(ctx context.Context, op string) error {
	call := vaultCall{op: op, method: http.MethodGet, path: "sys/internal/ui/mounts/" + v.config.Mount, again: true}
	answer, err := v.ask(ctx, call)
	if err != nil {
		// A refused login is another matter.
		if refused, ok := errors.AsType[*VaultError](err); ok && refused.Kind == VaultForbidden && refused.Path == call.path {
			return call.fail(VaultForbidden, refused.Status, "there is no such mount, or the login may do nothing there", nil)
		}
		return err
	}
	var body struct {
		Data struct {
			Type, Path string
			Options    struct{ Version string }
		}
	}
	if answer.status == http.StatusNotFound {
		return call.fail(VaultWrongMount, answer.status, "there is no such mount", nil)
	}
	if err := json.Unmarshal(answer.body, &body); err != nil || body.Data.Type == "" {
		return call.fail(VaultBadAnswer, answer.status, "the answer describes no mount", nil)
	}
	if d := body.Data; d.Type != "kv" || d.Options.Version != "2" || d.Path != v.config.Mount+"/" {
		return call.fail(VaultWrongMount, 0, fmt.Sprintf("at %s is a mount of type %s, version %s", show(d.Path), show(d.Type), show(d.Options.Version)), nil)
	}
	v.mountSeen.Store(v.config.Now().UnixNano())
	return nil
}
