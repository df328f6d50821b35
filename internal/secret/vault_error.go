package secret

import (
	"fmt"
	"strings"
)

// VaultKind says what kind of trouble a call of Vault met. The zero value is no
// kind.
type VaultKind int

// The kinds of trouble with Vault.
const (
	// VaultNotFound: Vault has no document of this connection, or a deleted one.
	VaultNotFound VaultKind = iota + 1
	// VaultNoToken: there is a document, and no refresh token in it.
	VaultNoToken
	// VaultOtherSeller: the document is another seller's, whose token must never be
	// used: it would fetch somebody else's orders. Where it would be written over or
	// deleted, one of another region counts as well.
	VaultOtherSeller
	// VaultSealed: Vault is sealed or was never initialised.
	VaultSealed
	// VaultForbidden: the login was refused, or its policy does not reach the path.
	VaultForbidden
	// VaultUnreachable: no connection, a broken one, or an answer that says that
	// this server cannot serve now.
	VaultUnreachable
	// VaultSlow: Vault was reached and did not answer in time, or too many calls
	// were before this one.
	VaultSlow
	// VaultConflict: somebody else wrote the document since it was read.
	VaultConflict
	// VaultBadAnswer: an answer that has no meaning.
	VaultBadAnswer
	// VaultWrongMount: at the mount is no KV store of version 2.
	VaultWrongMount
	// VaultBadCall: the reference or the token cannot be used; Vault was not asked.
	VaultBadCall
	// VaultCancelled: the caller gave up, or the client is closed.
	VaultCancelled
)

// vaultKinds is a row for each kind: its name, and what it means or what to do.
var vaultKinds = map[VaultKind]struct{ name, remedy string }{
	VaultNotFound:    {"not found", "there is no document, or it is deleted"},
	VaultNoToken:     {"no token", "the document has no refresh_token"},
	VaultOtherSeller: {"other seller", "the document is another connection's and is not used"},
	VaultSealed:      {"sealed", "unseal Vault"},
	VaultForbidden:   {"forbidden", "check the login and what its policy allows"},
	VaultUnreachable: {"unreachable", "check the address and that Vault runs"},
	VaultSlow:        {"slow", "Vault did not answer in time"},
	VaultConflict:    {"conflict", "the document was written by somebody else; read it again"},
	VaultBadAnswer:   {"bad answer", "check that Vault is at the address and nothing else between"},
	VaultWrongMount:  {"wrong mount", "name the mount of a KV store of version 2"},
	VaultBadCall:     {"bad call", "Vault was not asked"},
	VaultCancelled:   {"cancelled", "the call was given up"},
}

// String is the kind in a word or two.
func (k VaultKind) String() string {
	if row, ok := vaultKinds[k]; ok {
		return row.name
	}
	return fmt.Sprintf("VaultKind(%d)", int(k))
}

// VaultError is every error of a [Vault]'s methods. It shows paths and never a
// token, a secret id or what Vault wrote.
type VaultError struct {
	Kind   VaultKind
	Op     string // what was attempted: read, write, delete, check, log in
	Path   string // where, below Vault's /v1/; "" when no request was made
	Status int    // Vault's HTTP status; 0 when there was no answer
	Detail string // what is known besides; "" for nothing
	err    error  // the transport's; nil for none
}

// TokenMissing tells whether the secret store answered and has no refresh token:
// only then is the tenant asked to act. All other kinds are the store's trouble
// and no verdict on the tenant.
func (e *VaultError) TokenMissing() bool {
	return e.Kind == VaultNotFound || e.Kind == VaultNoToken
}

// Error says what was attempted, the kind, and what to do.
func (e *VaultError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "vault: %s", e.Op)
	if e.Path != "" {
		fmt.Fprintf(&b, " %s", e.Path)
	}
	fmt.Fprintf(&b, ": %s", e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	if e.err != nil {
		fmt.Fprintf(&b, ": %v", e.err)
	}
	if remedy := vaultKinds[e.Kind].remedy; remedy != "" {
		fmt.Fprintf(&b, ": %s", remedy)
	}
	return b.String()
}

// Unwrap is what the transport said, or why the context ended; nil for neither.
func (e *VaultError) Unwrap() error { return e.err }
