package spapisim

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// ApplicationSpec describes a developer's application. Empty fields are drawn
// from the seed.
type ApplicationSpec struct {
	ClientID     string   `json:"clientId,omitzero"`
	ClientSecret string   `json:"clientSecret,omitzero"`
	RedirectURIs []string `json:"redirectUris,omitzero"`
	// Roles of the application; default: RoleInventory alone, which opens the
	// Orders API without personal data.
	Roles []Role `json:"roles,omitzero"`
}

// Application is what its developer knows.
type Application struct {
	ClientID      string `json:"clientId"`
	ClientSecret  string `json:"clientSecret"`
	ApplicationID string `json:"applicationId"`
}

// SellerSpec describes a seller account in one region. Empty fields are drawn
// from the seed.
type SellerSpec struct {
	ID     string `json:"id,omitzero"`
	Region string `json:"region"`
	// Marketplaces default to the largest of the region: US, DE and FR, JP.
	Marketplaces []Participation `json:"marketplaces,omitzero"`
	StoreName    string          `json:"storeName,omitzero"`
}

// Participation is a seller's standing in one marketplace.
type Participation struct {
	MarketplaceID string `json:"marketplaceId"`
	NotActive     bool   `json:"notActive,omitzero"` // isParticipating=false
	Suspended     bool   `json:"suspended,omitzero"` // hasSuspendedListings=true
}

// Seller is a seller account; Key names it in all methods.
type Seller struct {
	Key            string          `json:"key"`
	ID             string          `json:"id"`
	Region         string          `json:"region"`
	StoreName      string          `json:"storeName"`
	Participations []Participation `json:"marketplaces"`
}

// MarketplaceIDs lists the marketplaces in which the seller participates.
func (s Seller) MarketplaceIDs() []string {
	var ids []string
	for _, p := range s.Participations {
		if !p.NotActive {
			ids = append(ids, p.MarketplaceID)
		}
	}
	return ids
}

type application struct {
	Application
	secrets       []secret
	redirectURIs  []string
	roles         []Role
	secretExpired bool // LWA answers, the API refuses; docs page "LWA credentials FAQ"
}

type secret struct {
	value   string
	expires time.Time // zero: never
}

type seller struct {
	Seller
	switches *Switches      // nil: the simulator's
	consents []*consent     // by application, in order of authorisation
	calls    map[string]int // by operation, for draws; guarded by Simulator.mu

	mu     sync.Mutex
	orders orderBook
	walks  walkStore
}

// consent is what one seller allows one application.
type consent struct {
	clientID string
	roles    []Role
	revoked  bool
	tokens   int // refresh and access tokens handed out so far
}

// AddApplication registers an application.
func (s *Simulator) AddApplication(spec ApplicationSpec) (Application, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rng := draw(s.seed, "application", len(s.appIDs))
	app := &application{
		Application: Application{
			ClientID:      spec.ClientID,
			ClientSecret:  spec.ClientSecret,
			ApplicationID: "amzn1.sp.solution." + requestID(rng),
		},
		redirectURIs: slices.Clone(spec.RedirectURIs),
		roles:        slices.Clone(spec.Roles),
	}
	if app.ClientID == "" {
		app.ClientID = fmt.Sprintf("amzn1.application-oa2-client.%016x%016x", rng.Uint64(), rng.Uint64())
	}
	if app.ClientSecret == "" {
		app.ClientSecret = fmt.Sprintf("amzn1.oa2-cs.v1.%016x%016x", rng.Uint64(), rng.Uint64())
	}
	if len(app.roles) == 0 {
		app.roles = []Role{RoleInventory}
	}
	if s.apps[app.ClientID] != nil {
		return Application{}, fmt.Errorf("spapisim: application %s exists already", app.ClientID)
	}
	app.secrets = []secret{{value: app.ClientSecret}}
	s.apps[app.ClientID] = app
	s.appIDs = append(s.appIDs, app.ClientID)
	return app.Application, nil
}

// RotateSecret gives an application a new secret. The old one works for another
// seven days. Docs page "Rotate your application's LWA credentials".
func (s *Simulator) RotateSecret(clientID string) (newSecret string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, err := s.app(clientID)
	if err != nil {
		return "", err
	}
	rng := draw(s.seed, "secret", clientID, len(app.secrets))
	for i := range app.secrets {
		if app.secrets[i].expires.IsZero() {
			app.secrets[i].expires = s.clock().AddDate(0, 0, 7)
		}
	}
	app.ClientSecret = fmt.Sprintf("amzn1.oa2-cs.v1.%016x%016x", rng.Uint64(), rng.Uint64())
	app.secrets = append(app.secrets, secret{value: app.ClientSecret})
	app.secretExpired = false
	return app.ClientSecret, nil
}

// ExpireSecret puts an application into the state of a missed rotation: LWA
// still hands out access tokens, every API call is refused with the text that
// names the LWA secret. Docs page "LWA credentials FAQ".
func (s *Simulator) ExpireSecret(clientID string, expired bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, err := s.app(clientID)
	if err != nil {
		return err
	}
	app.secretExpired = expired
	return nil
}

// SetApplicationRoles changes the roles of an application. Sellers have to
// authorise added ones again before they count.
func (s *Simulator) SetApplicationRoles(clientID string, roles ...Role) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, err := s.app(clientID)
	if err != nil {
		return err
	}
	app.roles = slices.Clone(roles)
	return nil
}

// Applications lists the applications in order of creation.
func (s *Simulator) Applications() []Application {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Application, 0, len(s.appIDs))
	for _, id := range s.appIDs {
		list = append(list, s.apps[id].Application)
	}
	return list
}

// AddSeller registers a seller account. The same id may exist in several
// regions: it is one account each.
func (s *Simulator) AddSeller(spec SellerSpec) (Seller, error) {
	if !slices.Contains(regions, spec.Region) {
		return Seller{}, fmt.Errorf("spapisim: no region %q (there are %q)", spec.Region, regions)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rng := draw(s.seed, "seller", len(s.sellerIDs))
	sel := &seller{
		Seller: Seller{ID: spec.ID, Region: spec.Region, StoreName: spec.StoreName, Participations: slices.Clone(spec.Marketplaces)},
		calls:  map[string]int{},
		orders: newOrderBook(),
		walks:  newWalkStore(),
	}
	if sel.ID == "" {
		sel.ID = sellerID(rng.Uint64())
	}
	if sel.StoreName == "" {
		sel.StoreName = storeNames[rng.IntN(len(storeNames))]
	}
	if len(sel.Participations) == 0 {
		for _, id := range map[string][]string{"na": {"ATVPDKIKX0DER"}, "eu": {"A1PA6795UKMFR9", "A13V1IB3VIYZZH"}, "fe": {"A1VC38T7YXB528"}}[spec.Region] {
			sel.Participations = append(sel.Participations, Participation{MarketplaceID: id})
		}
	}
	sel.Key = sel.Region + "/" + sel.ID
	if s.sellers[sel.Key] != nil {
		return Seller{}, fmt.Errorf("spapisim: seller %s exists already", sel.Key)
	}
	s.sellers[sel.Key] = sel
	s.sellerIDs = append(s.sellerIDs, sel.Key)
	return sel.public(), nil
}

// sellerID looks like A3TH9S8BH6GOGM.
func sellerID(bits uint64) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	id := []byte("A0000000000000")
	for i := 1; i < len(id); i++ {
		id[i] = letters[bits%36]
		bits /= 36
	}
	return string(id)
}

// SetParticipations replaces a seller's marketplaces.
func (s *Simulator) SetParticipations(sellerKey string, list []Participation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sel, err := s.seller(sellerKey)
	if err != nil {
		return err
	}
	sel.Participations = slices.Clone(list)
	return nil
}

// Sellers lists the sellers in order of creation.
func (s *Simulator) Sellers() []Seller {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Seller, 0, len(s.sellerIDs))
	for _, key := range s.sellerIDs {
		list = append(list, s.sellers[key].public())
	}
	return list
}

func (sel *seller) public() Seller {
	out := sel.Seller
	out.Participations = slices.Clone(sel.Participations)
	return out
}

// app finds an application; s.mu is held.
func (s *Simulator) app(clientID string) (*application, error) {
	app := s.apps[clientID]
	if app == nil {
		return nil, fmt.Errorf("spapisim: no application %q", clientID)
	}
	return app, nil
}

// seller finds a seller; s.mu is held.
func (s *Simulator) seller(key string) (*seller, error) {
	sel := s.sellers[key]
	if sel == nil {
		return nil, fmt.Errorf("spapisim: no seller %q (the key is region/id)", key)
	}
	return sel, nil
}

// consentFor finds what a seller allows an application; nil: nothing.
func (sel *seller) consentFor(clientID string) *consent {
	for _, c := range sel.consents {
		if c.clientID == clientID {
			return c
		}
	}
	return nil
}

// granted are the roles that count: those that the application has and the
// seller authorised. Docs page "Authorization".
func granted(app *application, c *consent) []Role {
	var roles []Role
	for _, r := range app.roles {
		if slices.Contains(c.roles, r) {
			roles = append(roles, r)
		}
	}
	return roles
}
