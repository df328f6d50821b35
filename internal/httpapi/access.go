package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// The headers by which a trusted proxy says for whom it asks.
const (
	userHeader   = "X-User-Email"
	tenantHeader = "X-Tenant-Id"
)

// caller is who asks.
type caller struct {
	operator bool
	// tenant is the one that the caller is bound to; of an operator, the one that
	// its proxy named, which is meant unless the request names another.
	tenant ordersync.TenantID
}

type callerKey struct{}

// callerOf is who asks. Without guard it is nobody, who may nothing.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// guard lets a request through to its operation when the table of scopes allows
// it, and reads its body.
func (s *server) guard(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	op := ctx.Operation()
	may := scopes[op.Method+" "+op.Path]
	if may != public {
		c, err := s.identify(r)
		if err == nil && (may != tenantScope && may != operatorScope || may == operatorScope && !c.operator) {
			err = forbidden()
		}
		if err != nil {
			hangUp(w, r)
			s.problemOf(r.Context(), err).write(w, r)
			return
		}
		ctx = huma.WithValue(ctx, callerKey{}, c)
	}
	if err := readBody(w, r, op.RequestBody != nil); err != nil {
		hangUp(w, r)
		s.problemOf(r.Context(), err).write(w, r)
		return
	}
	next(ctx)
}

// forbidden is the one answer to a caller who asks for what is not its own. It is
// the same whether that exists or not.
func forbidden() *Problem {
	return problem(http.StatusForbidden, "these credentials do not open this: use an operator's, or ask for your own tenant only")
}

// unauthorized is the one answer to all wrong credentials.
func unauthorized() *Problem {
	return problem(http.StatusUnauthorized, "credentials are missing or wrong: send `Authorization: Bearer osk_…` with a key of `ordersync keys create`")
}

const (
	keyBeginning = "osk_"
	longestKey   = 128 // bytes; no key is that long
)

// identify finds out who asks: by key, or by the word of a trusted proxy.
func (s *server) identify(r *http.Request) (caller, error) {
	if secret, ok := bearer(r); ok {
		return s.byKey(r, secret)
	}
	if s.trusts(r.RemoteAddr) {
		return s.byProxy(r)
	}
	return caller{}, unauthorized()
}

// bearer is the key that a request presents. Other kinds of authorisation are
// the business of the proxy before us.
func bearer(r *http.Request) (string, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", len(values) > 1 // several: none is right
	}
	scheme, secret, ok := strings.Cut(values[0], " ")
	secret = strings.TrimSpace(secret)
	return secret, ok && strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(secret, keyBeginning)
}

func (s *server) byKey(r *http.Request, secret string) (caller, error) {
	if !strings.HasPrefix(secret, keyBeginning) || len(secret) > longestKey {
		return caller{}, unauthorized()
	}
	key, err := s.Reader.Key(r.Context(), secret)
	if errors.Is(err, store.ErrNotFound) {
		return caller{}, unauthorized()
	}
	if err != nil {
		return caller{}, err
	}
	callOf(r.Context()).who = key.ID
	return caller{operator: key.Operator(), tenant: key.Tenant}, nil
}

// trusts tells whether a request comes straight from a trusted proxy.
func (s *server) trusts(remote string) bool {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	address := at.Addr().Unmap().WithZone("")
	for _, p := range s.proxies {
		if p.Contains(address) {
			return true
		}
	}
	return false
}

// plainPrefix is a prefix in the form in which addresses are compared: IPv4 that
// is written as IPv6 is IPv4.
func plainPrefix(p netip.Prefix) netip.Prefix {
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(a.Unmap(), p.Bits()-96).Masked()
	}
	return p.Masked()
}

// byProxy believes a trusted proxy. Both headers are required, once each: what a
// client sent and the proxy passed on must not pass for the proxy's own word.
func (s *server) byProxy(r *http.Request) (caller, error) {
	users, tenants := r.Header.Values(userHeader), r.Header.Values(tenantHeader)
	if len(users) != 1 || len(tenants) != 1 {
		return caller{}, unauthorized()
	}
	user, tenant := strings.TrimSpace(users[0]), strings.TrimSpace(tenants[0])
	if user == "" || tenant == "" {
		return caller{}, unauthorized()
	}
	callOf(r.Context()).who = "proxy"
	id, err := ordersync.ParseTenantID(tenant)
	if s.operators[strings.ToLower(user)] {
		return caller{operator: true, tenant: id}, nil // whatever the tenant, and whether it is one
	}
	if err != nil {
		p := problem(http.StatusBadRequest, "%s: %s", tenantHeader, err)
		p.Errors = []FieldError{{"header." + tenantHeader, err.Error()}}
		return caller{}, p
	}
	return caller{tenant: id}, nil
}

// named is the tenant that a request names in its query, path or body, if any.
// A caller who is bound to a tenant may name that one only.
func (c caller) named(name string) (ordersync.TenantID, error) {
	if name == "" {
		if c.operator {
			return "", nil
		}
		return c.own()
	}
	if !c.operator && name != string(c.tenant) {
		return "", forbidden()
	}
	id, err := ordersync.ParseTenantID(name)
	if err != nil {
		return "", missingTenant(err.Error())
	}
	return id, nil
}

// own is the tenant that the caller is bound to.
func (c caller) own() (ordersync.TenantID, error) {
	if c.tenant == "" {
		return "", forbidden()
	}
	return c.tenant, nil
}

// one is the tenant that a request speaks of: the one that is named, else the
// caller's.
func (c caller) one(name string) (ordersync.TenantID, error) {
	id, err := c.named(name)
	if err == nil && id == "" {
		if id = c.tenant; id == "" {
			err = missingTenant("name one tenant by tenantId")
		}
	}
	return id, err
}

// known is the tenant that a request speaks of, which must have a connection.
func (s *server) known(ctx context.Context, name string) (ordersync.TenantID, error) {
	id, err := callerOf(ctx).one(name)
	if err != nil {
		return "", err
	}
	there, err := s.Reader.Tenant(id).Exists(ctx)
	if err == nil && !there {
		err = problem(http.StatusNotFound, "tenant %s has no connection: import one with `ordersync tenants import`", shown(string(id)))
	}
	return id, err
}

// missingTenant says that a request names no tenant; the interface that this one
// replaces answers 400.
func missingTenant(message string) *Problem {
	p := problem(http.StatusBadRequest, "tenantId: %s", message)
	p.Errors = []FieldError{{"tenantId", message}}
	return p
}

const (
	maxBody  = 1 << 20 // bytes
	bodyTime = 10 * time.Second
)

// readBody reads the body of a request whole, within its limit and its time, and
// checks that it says to be JSON where one is expected. Elsewhere it is read too:
// while it is not, nobody would notice that the client has gone.
//
// Only once it was read is the deadline taken off the connection: a request may
// wait long for its run, and a deadline that passes would look as if the client
// had gone.
func readBody(w http.ResponseWriter, r *http.Request, expected bool) error {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTime)) // some writers have none
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		_ = control.SetReadDeadline(time.Time{})
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problem(http.StatusRequestEntityTooLarge, "the body is over %d bytes: send less", maxBody)
	case err != nil:
		return problem(http.StatusBadRequest, "the body could not be read to its end: send it again, within %s", bodyTime)
	case expected && len(body) > 0 && !isJSON(r.Header.Get("Content-Type")):
		return problem(http.StatusUnsupportedMediaType, "the body must be JSON: send `Content-Type: application/json`")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}
