package secret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Read reads the refresh token of a connection. Beside [VaultNotFound],
// [VaultNoToken] and [VaultOtherSeller] the version and the seller are returned as
// well: a deleted document has a version, which Write must be given.
func (v *Vault) Read(ctx context.Context, ref VaultRef) (Kept, error) {
	ctx, cancel := v.deadline(ctx)
	defer cancel()
	at, err := v.locate("read", ref)
	if err != nil {
		return Kept{}, err
	}
	document, err := v.load(ctx, at)
	if err != nil {
		return Kept{}, err
	}
	kept, trouble := document.kept(ref)
	if trouble.kind != 0 {
		return kept, at.read().fail(trouble.kind, 0, trouble.detail, nil)
	}
	return kept, nil
}

// Write stores the refresh token of a connection and returns the document's new
// version. version is the one that Read returned, 0 when there is no document: if
// it is another one by now, the error is [VaultConflict]. Members of the document
// that nobody here knows are kept, a document of another seller or region is left
// alone ([VaultOtherSeller]). After [VaultUnreachable] or [VaultSlow] it may have
// been written all the same: Read tells.
func (v *Vault) Write(ctx context.Context, ref VaultRef, token Secret, version int) (int, error) {
	ctx, cancel := v.deadline(ctx)
	defer cancel()
	at, err := v.locate("write", ref)
	if err != nil {
		return 0, err
	}
	if token.Empty() {
		return 0, &VaultError{Kind: VaultBadCall, Op: at.op, Detail: "the refresh token is empty: give one, or delete the document"}
	}
	// What can be read is in a store of version 2; one of version 1 would take the
	// document all the same.
	document, err := v.load(ctx, at)
	if err != nil {
		return 0, err
	}
	if document.version != version {
		return 0, at.conflict(version, document.version)
	}
	if err := at.foreign(document); err != nil {
		return 0, err
	}
	return v.put(ctx, at, document.with(ref, token, v.config.Now()), version)
}

// Delete removes the document of a connection, with all its versions and
// metadata. To delete what is not there is no error; a document of another seller
// or region is left alone ([VaultOtherSeller]).
func (v *Vault) Delete(ctx context.Context, ref VaultRef) error {
	ctx, cancel := v.deadline(ctx)
	defer cancel()
	at, err := v.locate("delete", ref)
	if err != nil {
		return err
	}
	// As with Write: a store of version 1 would say that it is deleted.
	document, err := v.load(ctx, at)
	if err != nil {
		return err
	}
	if err := at.foreign(document); err != nil {
		return err
	}
	call := vaultCall{op: at.op, method: http.MethodDelete, path: at.mount + "/metadata/" + at.path, again: true}
	answer, err := v.ask(ctx, call)
	if err == nil && answer.status == http.StatusNotFound {
		return call.fail(VaultWrongMount, answer.status, "nothing serves this path", nil)
	}
	return err
}

// vaultPlace is where the document of a reference lies.
type vaultPlace struct {
	op, mount, path string
	ref             VaultRef
}

// locate finds the place of a reference.
func (v *Vault) locate(op string, ref VaultRef) (vaultPlace, error) {
	path, err := v.path(ref)
	if err != nil {
		return vaultPlace{}, &VaultError{Kind: VaultBadCall, Op: op, Detail: err.Error()}
	}
	return vaultPlace{op: op, mount: v.config.Mount, path: path, ref: ref}, nil
}

// read is the call that reads the document.
func (p vaultPlace) read() vaultCall {
	return vaultCall{op: p.op, method: http.MethodGet, path: p.mount + "/data/" + p.path, again: true}
}

// conflict says that the document has another version than was thought.
func (p vaultPlace) conflict(thought, is int) error {
	return p.read().fail(VaultConflict, 0, fmt.Sprintf("it has version %d, not %d", is, thought), nil)
}

// foreign is an error when the document is another connection's. Its region counts
// here, and not when it is read: where the path has no region, two connections of
// a tenant would overwrite each other.
func (p vaultPlace) foreign(document vaultDocument) error {
	seller, err := document.text("seller_id")
	if err != nil {
		return p.read().fail(VaultBadAnswer, 0, err.Error(), nil)
	}
	trouble := document.foreign(p.ref, seller)
	if region := document.region(); trouble.kind == 0 && region != "" && region != p.ref.Region {
		trouble = vaultTrouble{VaultOtherSeller, fmt.Sprintf("it is of region %s, the connection of %s", region, p.ref.Region)}
	}
	if trouble.kind != 0 {
		return p.read().fail(trouble.kind, 0, trouble.detail, nil)
	}
	return nil
}

// load reads the document at a place. That there is none is believed only where
// the mount is seen to be a KV store of version 2: any other says so of all.
func (v *Vault) load(ctx context.Context, at vaultPlace) (vaultDocument, error) {
	answer, err := v.ask(ctx, at.read())
	if err != nil {
		return vaultDocument{}, err
	}
	document, err := parseVaultDocument(answer)
	if odd, ok := errors.AsType[noKVError](err); ok {
		// An answer of another shape is what another kind of mount gives.
		if odd.kind == VaultBadAnswer {
			if err := v.lookAtMount(ctx, at.op); err != nil {
				return vaultDocument{}, err
			}
		}
		return vaultDocument{}, at.read().fail(odd.kind, answer.status, odd.what, nil)
	}
	if document.version == 0 {
		err = v.checkMount(ctx, at.op)
	}
	return document, err
}

// put writes the document, if its version is still the one given.
func (v *Vault) put(ctx context.Context, at vaultPlace, members map[string]json.RawMessage, version int) (int, error) {
	body, err := json.Marshal(map[string]any{"options": map[string]int{"cas": version}, "data": members})
	if err != nil {
		// It shows none of the document, which was read as JSON.
		return 0, at.read().fail(VaultBadAnswer, 0, "the document cannot be written again", err)
	}
	call := at.read()
	call.method, call.body, call.again = http.MethodPut, body, false
	answer, err := v.ask(ctx, call)
	if refused, ok := errors.AsType[*VaultError](err); ok && refused.Path == call.path && refused.Status == http.StatusBadRequest {
		// A lost check-and-set has no status of its own.
		if document, again := v.load(ctx, at); again == nil && document.version != version {
			return 0, at.conflict(version, document.version)
		}
	}
	if err != nil {
		return 0, err
	}
	var written struct{ Data struct{ Version int } }
	if err := json.Unmarshal(answer.body, &written); err != nil || written.Data.Version <= version {
		return 0, call.fail(VaultBadAnswer, answer.status, "the answer has no new version", nil)
	}
	return written.Data.Version, nil
}
