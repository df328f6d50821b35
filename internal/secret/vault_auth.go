package secret

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// VaultAuth is how to log in. Exactly one of Token, TokenFile, AppRole and
// Kubernetes is given.
type VaultAuth struct {
	Token Secret
	// TokenFile holds a token, and may be replaced at any time, as Vault's agent
	// does: it is read before each call.
	TokenFile  string
	AppRole    *VaultAppRole
	Kubernetes *VaultKubernetes
}

// VaultAppRole is a login by AppRole. Exactly one of SecretID and SecretIDFile is
// given.
type VaultAppRole struct {
	RoleID       string
	SecretID     Secret
	SecretIDFile string // read at each login, so that it may be replaced
	Mount        string // below auth/; "" for approle
}

// VaultKubernetes is a login by the token of a pod's service account.
type VaultKubernetes struct {
	Role    string
	JWTFile string // read at each login, since Kubernetes replaces it; "" for where Kubernetes puts it
	Mount   string // below auth/; "" for kubernetes
}

// withDefaults fills in what is not given.
func (a VaultAuth) withDefaults() VaultAuth {
	if a.AppRole != nil {
		role := *a.AppRole
		if role.Mount == "" {
			role.Mount = "approle"
		}
		a.AppRole = &role
	}
	if a.Kubernetes != nil {
		role := *a.Kubernetes
		if role.Mount == "" {
			role.Mount = "kubernetes"
		}
		if role.JWTFile == "" {
			role.JWTFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"
		}
		a.Kubernetes = &role
	}
	return a
}

// check checks that there is one login, and that it is whole.
func (a VaultAuth) check() error {
	given := 0
	for _, is := range []bool{!a.Token.Empty(), a.TokenFile != "", a.AppRole != nil, a.Kubernetes != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return fmt.Errorf("vault login: %d ways are given: give exactly one of token, token file, AppRole and Kubernetes", given)
	}
	if text := a.Token.Reveal(); strings.ContainsFunc(text, notTokenText) {
		return fmt.Errorf("vault token has white space or a character that is not ASCII: give the token alone")
	}
	if role := a.AppRole; role != nil {
		if role.RoleID == "" {
			return fmt.Errorf("vault AppRole role id is empty: give what vault read auth/%s/role/NAME/role-id shows", role.Mount)
		}
		if role.SecretID.Empty() == (role.SecretIDFile == "") {
			return fmt.Errorf("vault AppRole secret id: give either the secret id or a file that holds it")
		}
		return checkVaultMount("vault AppRole mount", role.Mount)
	}
	if role := a.Kubernetes; role != nil {
		if role.Role == "" {
			return fmt.Errorf("vault Kubernetes role is empty: give the name of a role at auth/%s/role", role.Mount)
		}
		return checkVaultMount("vault Kubernetes mount", role.Mount)
	}
	return nil
}

func notTokenText(r rune) bool { return r <= ' ' || r > '~' }

// again tells whether the service can get a new token when one is dead.
func (a VaultAuth) again() bool { return a.AppRole != nil || a.Kubernetes != nil }

// token is the token of those logins that are one already.
func (a VaultAuth) token() (string, error) {
	if a.TokenFile == "" {
		return a.Token.Reveal(), nil
	}
	return readVaultFile("token file", a.TokenFile)
}

// readVaultFile reads a short secret from a file that others replace.
func readVaultFile(field, path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", field, err)
	}
	text := strings.TrimSpace(string(raw))
	if text == "" || strings.ContainsFunc(text, notTokenText) {
		return "", fmt.Errorf("%s %s is empty or holds more than one word: it must hold the secret alone", field, path)
	}
	return text, nil
}

// credentials is the request that logs in, of those logins that make a token.
func (a VaultAuth) credentials() (vaultCall, error) {
	call := vaultCall{op: "log in", method: http.MethodPut}
	body := map[string]string{}
	var err error
	if role := a.Kubernetes; role != nil {
		call.path = "auth/" + role.Mount + "/login"
		body["role"] = role.Role
		body["jwt"], err = readVaultFile("service account token", role.JWTFile)
	} else {
		call.path = "auth/" + a.AppRole.Mount + "/login"
		body["role_id"], body["secret_id"] = a.AppRole.RoleID, a.AppRole.SecretID.Reveal()
		if a.AppRole.SecretIDFile != "" {
			body["secret_id"], err = readVaultFile("secret id file", a.AppRole.SecretIDFile)
		}
	}
	if err != nil {
		return call, call.fail(VaultForbidden, 0, "", err)
	}
	call.body, err = json.Marshal(body)
	return call, err
}
