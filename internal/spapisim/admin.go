package spapisim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The admin door: everything that the Go methods do, as JSON over HTTP. It
// belongs on a listener of its own; it asks nobody who they are.

// adminRoutes is the door's table of contents; GET / prints it.
var adminRoutes = []struct {
	pattern, about string
	handle         func(*Simulator, *http.Request) (any, error)
}{
	{"GET /applications", "list applications", func(s *Simulator, _ *http.Request) (any, error) { return s.Applications(), nil }},
	{"POST /applications", "create: clientId, clientSecret, applicationId, redirectUris, loginUri, draft, consentLimit, rotationEnrolled, roles", body(func(s *Simulator, in ApplicationSpec) (any, error) { return s.AddApplication(in) })},
	{"PATCH /applications", "clientId and what to change: redirectUris, loginUri, draft, consentLimit, rotationEnrolled", adminChangeApplication},
	{"POST /applications/roles", "clientId, roles", body(func(s *Simulator, in adminApplication) (any, error) {
		return nil, s.SetApplicationRoles(in.ClientID, in.Roles...)
	})},
	{"POST /applications/secret/rotate", "clientId; answers the new secret", body(func(s *Simulator, in adminApplication) (any, error) {
		secret, err := s.RotateSecret(in.ClientID)
		return map[string]string{"clientSecret": secret}, err
	})},
	{"POST /applications/secret/expire", "clientId, expired", body(func(s *Simulator, in adminApplication) (any, error) {
		return nil, s.ExpireSecret(in.ClientID, in.Expired)
	})},
	{"POST /applications/secret/notice", "clientId; sends and answers the notice that the secret expires", body(func(s *Simulator, in adminApplication) (any, error) {
		message, err := s.NoticeSecretExpiry(in.ClientID)
		return json.RawMessage(message), err
	})},
	{"GET /notifications", "[?clientId=]: the last thousand messages to queues, bodies as sent", func(s *Simulator, r *http.Request) (any, error) { return s.Notifications(r.FormValue("clientId")), nil }},
	{"GET /sellers", "list sellers", func(s *Simulator, _ *http.Request) (any, error) { return s.Sellers(), nil }},
	{"POST /sellers", "create: id, region, marketplaces, storeName", body(func(s *Simulator, in SellerSpec) (any, error) { return s.AddSeller(in) })},
	{"POST /sellers/marketplaces", "seller, marketplaces", body(func(s *Simulator, in adminSeller) (any, error) {
		return nil, s.SetParticipations(in.Seller, in.Marketplaces)
	})},
	{"GET /authorizations", "[?clientId=&seller=]: since when, until when, revoked when", func(s *Simulator, r *http.Request) (any, error) {
		return s.Authorizations(r.FormValue("clientId"), r.FormValue("seller")), nil
	}},
	{"POST /authorizations", "clientId, seller, roles: a refreshToken; with redirectUri: a code", body(adminAuthorize)},
	{"POST /revocations", "clientId, seller", body(func(s *Simulator, in adminAuthorization) (any, error) {
		return nil, s.Revoke(in.ClientID, in.Seller)
	})},
	{"GET /orders", "?seller=[&orderId=]: the truth", adminOrders},
	{"POST /orders", "seller, orders: [{order, late, damage}]", body(func(s *Simulator, in adminPlaced) (any, error) {
		return nil, s.AddOrders(in.Seller, in.Orders...)
	})},
	{"POST /orders/generate", "seller, n, from, to, living, marketplaces, items, late, unknown, odd, unreadable, sameTime", body(func(s *Simulator, in adminGenerate) (any, error) {
		return s.Generate(in.Seller, in.Generate)
	})},
	{"POST /orders/change", "seller, orderId, at, beforePage, late, quiet, patch, damage (a name or fields)", body(adminChange)},
	{"POST /fleet", "clientId, sellers, orders, from, to, living, regions, troubles", body(func(s *Simulator, in FleetSpec) (any, error) { return s.Fleet(in) })},
	{"GET /switches", "the switches in force", func(s *Simulator, _ *http.Request) (any, error) { return s.Switches(), nil }},
	{"PATCH /switches", "[?seller=]: the switches to change", adminSwitches},
	{"GET /faults", "list faults", func(s *Simulator, _ *http.Request) (any, error) { return s.Faults(), nil }},
	{"POST /faults", "set one; kinds: GET /names", body(func(s *Simulator, in Fault) (any, error) {
		id, err := s.AddFault(in)
		return map[string]int{"id": id}, err
	})},
	{"DELETE /faults", "end all", func(s *Simulator, _ *http.Request) (any, error) { s.ClearFaults(); return nil, nil }},
	{"DELETE /faults/{id}", "end one", adminRemoveFault},
	{"POST /rates", "operation, seller, perSecond, burst", body(func(s *Simulator, in adminRate) (any, error) {
		return nil, s.SetRate(in.Operation, in.Seller, in.Rate)
	})},
	{"POST /rates/scale", "scale", body(func(s *Simulator, in adminRate) (any, error) { return nil, s.SetRateScale(in.Scale) })},
	{"GET /buckets", "?seller=: what the buckets hold", func(s *Simulator, r *http.Request) (any, error) { return s.Buckets(r.FormValue("seller")), nil }},
	{"GET /counters", "calls by seller, operation, status", func(s *Simulator, _ *http.Request) (any, error) { return s.Counters(), nil }},
	{"DELETE /counters", "count anew", func(s *Simulator, _ *http.Request) (any, error) { s.ResetCounters(); return nil, nil }},
	{"GET /calls", "the last thousand calls", func(s *Simulator, _ *http.Request) (any, error) { return s.Calls(), nil }},
	{"GET /clock", "Amazon's clock", func(s *Simulator, _ *http.Request) (any, error) { return map[string]time.Time{"now": s.Now()}, nil }},
	{"GET /names", "faults, variants, troubles, damages, data sets", func(*Simulator, *http.Request) (any, error) { return adminNames(), nil }},
}

// Admin returns the admin door.
func (s *Simulator) Admin() http.Handler {
	mux := http.NewServeMux()
	for _, route := range adminRoutes {
		mux.HandleFunc(route.pattern, func(w http.ResponseWriter, r *http.Request) {
			out, err := route.handle(s, r)
			writeAdmin(w, out, err)
		})
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for _, route := range adminRoutes {
			_, _ = fmt.Fprintf(w, "%-36s %s\n", route.pattern, route.about)
		}
	})
	return mux
}

func writeAdmin(w http.ResponseWriter, out any, err error) {
	status := http.StatusOK
	switch {
	case err != nil:
		status, out = http.StatusBadRequest, map[string]string{"error": err.Error()}
	case out == nil:
		status, out = http.StatusOK, map[string]bool{"ok": true}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // a client that went away is its own affair
}

// body makes a route of a function that takes a JSON body. Unknown fields are
// refused: a typing error must not look like a setting.
func body[T any](run func(*Simulator, T) (any, error)) func(*Simulator, *http.Request) (any, error) {
	return func(s *Simulator, r *http.Request) (any, error) {
		var in T
		if err := decode(r.Body, &in); err != nil {
			return nil, err
		}
		return run(s, in)
	}
}

func decode(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("body: more than one JSON value")
	}
	return nil
}

type adminApplication struct {
	ClientID string `json:"clientId"`
	Roles    []Role `json:"roles"`
	Expired  bool   `json:"expired"`
}

type adminSeller struct {
	Seller       string          `json:"seller"`
	Marketplaces []Participation `json:"marketplaces"`
}

type adminAuthorization struct {
	ClientID    string `json:"clientId"`
	Seller      string `json:"seller"`
	Roles       []Role `json:"roles"`
	RedirectURI string `json:"redirectUri"`
}

type adminPlaced struct {
	Seller string   `json:"seller"`
	Orders []Placed `json:"orders"`
}

type adminGenerate struct {
	Seller string `json:"seller"`
	Generate
}

type adminRate struct {
	Operation string  `json:"operation"`
	Seller    string  `json:"seller"`
	Scale     float64 `json:"scale"`
	Rate
}

// adminChanged is a Change with a merge patch instead of a function: members of
// the patch replace those of the order, lists as a whole.
type adminChanged struct {
	Seller     string          `json:"seller"`
	OrderID    string          `json:"orderId"`
	At         time.Time       `json:"at"`
	BeforePage int             `json:"beforePage"`
	Late       Duration        `json:"late"`
	Quiet      bool            `json:"quiet"`
	Patch      json.RawMessage `json:"patch"`
	Damage     json.RawMessage `json:"damage"`
}

// adminChangeApplication merges a body into what is registered.
func adminChangeApplication(s *Simulator, r *http.Request) (any, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	var probe ApplicationSpec
	if err := decode(bytes.NewReader(text), &probe); err != nil {
		return nil, err
	}
	return nil, s.ChangeApplication(probe.ClientID, func(spec *ApplicationSpec) {
		_ = json.Unmarshal(text, spec) // tried above
		spec.ClientID = ""             // it says which, not what
	})
}

func adminAuthorize(s *Simulator, in adminAuthorization) (any, error) {
	if in.RedirectURI != "" {
		code, err := s.Consent(in.ClientID, in.Seller, in.RedirectURI, in.Roles...)
		return map[string]string{"code": code}, err
	}
	token, err := s.Authorize(in.ClientID, in.Seller, in.Roles...)
	return map[string]string{"refreshToken": token}, err
}

func adminOrders(s *Simulator, r *http.Request) (any, error) {
	seller, id := r.FormValue("seller"), r.FormValue("orderId")
	if id == "" {
		return s.Orders(seller)
	}
	t, ok := s.Order(seller, id)
	if !ok {
		return nil, fmt.Errorf("spapisim: seller %q has no order %q", seller, id)
	}
	return t, nil
}

func adminChange(s *Simulator, in adminChanged) (any, error) {
	c := Change{OrderID: in.OrderID, At: in.At, BeforePage: in.BeforePage, Late: in.Late.D(), Quiet: in.Quiet}
	if len(in.Patch) > 0 {
		var probe Order
		if err := json.Unmarshal(in.Patch, &probe); err != nil {
			return nil, fmt.Errorf("patch: %w", err)
		}
		c.Apply = func(o *Order) { _ = json.Unmarshal(in.Patch, o) } // tried above
	}
	if len(in.Damage) > 0 {
		var name string
		var err error
		if json.Unmarshal(in.Damage, &name) == nil {
			c.Damage, err = NamedDamage(name)
		} else {
			c.Damage = Damage{}
			err = json.Unmarshal(in.Damage, &c.Damage)
		}
		if err != nil {
			return nil, fmt.Errorf("damage: %w", err)
		}
	}
	return nil, s.Change(in.Seller, c)
}

func adminSwitches(s *Simulator, r *http.Request) (any, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	var probe Switches
	if err := decode(bytes.NewReader(text), &probe); err != nil {
		return nil, err
	}
	merge := func(sw *Switches) { _ = json.Unmarshal(text, sw) } // tried above
	if seller := r.FormValue("seller"); seller != "" {
		return nil, s.SetSellerSwitches(seller, merge)
	}
	if err := s.SetSwitches(merge); err != nil {
		return nil, err
	}
	return s.Switches(), nil
}

func adminRemoveFault(s *Simulator, r *http.Request) (any, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || !s.RemoveFault(id) {
		return nil, fmt.Errorf("spapisim: no fault %q", r.PathValue("id"))
	}
	return nil, nil
}

func adminNames() map[string]any {
	var named []string
	for _, d := range damages {
		named = append(named, d.name)
	}
	return map[string]any{
		"faults": FaultKinds(), "forbidden": ForbiddenVariants(), "lwa": LWAVariants(), "troubles": Troubles(),
		"damages": named, "includedData": DataSets(), "operations": append(slices.Clone(apiOperations), Token),
	}
}
