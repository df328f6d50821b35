package spapisim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// ApplicationSpec is an application as its developer registered it. Empty ids
// are drawn from the seed.
type ApplicationSpec struct {
	ClientID     string `json:"clientId,omitzero"`
	ClientSecret string `json:"clientSecret,omitzero"`
	// ApplicationID names the application on the consent page:
	// amzn1.sp.solution.<uuid>, or the older amzn1.sellerapps.app.<uuid>.
	// Docs page "Website authorization workflow".
	ApplicationID string `json:"applicationId,omitzero"`
	// RedirectURIs are where the consent page may send a seller's browser; the
	// first is the default. None: the consent page answers MD9100.
	RedirectURIs []string `json:"redirectUris,omitzero"`
	// LoginURI is where a seller's browser goes who begins at Amazon. "": that
	// workflow answers MD9100. Docs page "Selling Partner Appstore
	// authorization workflow".
	LoginURI string `json:"loginUri,omitzero"`
	// Draft: not published yet, so the consent page wants version=beta (MD1000).
	Draft bool `json:"draft,omitzero"`
	// ConsentLimit is how many sellers may authorise the application at once; 0
	// is no limit. Amazon has 10 for private applications and 25 for public ones
	// that are not listed. Docs page "Application authorization limits".
	ConsentLimit int `json:"consentLimit,omitzero"`
	// RotationEnrolled: a queue for notices about the client secret is
	// registered, without which it cannot be rotated by API. Docs page "Rotate
	// your application client secret".
	RotationEnrolled bool `json:"rotationEnrolled,omitzero"`
	// Roles of the application; default: RoleInventory alone, which opens the
	// Orders API without personal data.
	Roles []Role `json:"roles,omitzero"`
}

// Application is what its developer knows of an application to use it.
type Application struct {
	ClientID      string `json:"clientId"`
	ClientSecret  string `json:"clientSecret"`
	ApplicationID string `json:"applicationId"`
}

type application struct {
	Application
	spec    ApplicationSpec // what can be changed of it; without ids, secret and roles
	roles   []Role
	secrets []secret
	// secretExpired: LWA answers, the API refuses, whatever the secret's age;
	// see ExpireSecret.
	secretExpired bool
	notified      int // messages so far, for draws
}

// AddApplication registers an application.
func (s *Simulator) AddApplication(spec ApplicationSpec) (Application, error) {
	if err := spec.check(); err != nil {
		return Application{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	app := newApplication(draw(s.seed, "application", len(s.appIDs)), spec)
	if s.apps[app.ClientID] != nil {
		return Application{}, fmt.Errorf("spapisim: application %s exists already", app.ClientID)
	}
	if spec.ApplicationID != "" && s.appOnPage(app.ApplicationID) != nil {
		return Application{}, fmt.Errorf("spapisim: applicationId %s exists already", app.ApplicationID)
	}
	app.secrets = []secret{{value: app.ClientSecret, issued: s.clock()}}
	s.apps[app.ClientID] = app
	s.appIDs = append(s.appIDs, app.ClientID)
	return app.Application, nil
}

// newApplication fills in what a specification leaves empty.
func newApplication(rng *rand.Rand, spec ApplicationSpec) *application {
	app := &application{
		Application: Application{
			ClientID:      spec.ClientID,
			ClientSecret:  spec.ClientSecret,
			ApplicationID: "amzn1.sp.solution." + requestID(rng),
		},
		roles: slices.Clone(spec.Roles),
	}
	if spec.ApplicationID != "" {
		app.ApplicationID = spec.ApplicationID
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
	app.register(spec)
	return app
}

// register takes over what can be changed of an application.
func (app *application) register(spec ApplicationSpec) {
	spec.ClientID, spec.ClientSecret, spec.ApplicationID, spec.Roles = "", "", "", nil
	spec.RedirectURIs = slices.Clone(spec.RedirectURIs)
	app.spec = spec
}

// ChangeApplication changes what is registered of an application: redirect and
// login URIs, draft, consent limit, enrolment. What a seller already
// authorised stays. Nothing changes when the result makes no sense, or when it
// has another id, secret or roles: SetApplicationRoles and RotateSecret change
// those.
func (s *Simulator) ChangeApplication(clientID string, change func(*ApplicationSpec)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, err := s.app(clientID)
	if err != nil {
		return err
	}
	spec := app.spec
	spec.RedirectURIs = slices.Clone(spec.RedirectURIs)
	change(&spec)
	if spec.ClientID != "" || spec.ClientSecret != "" || spec.ApplicationID != "" || len(spec.Roles) > 0 {
		return errors.New("spapisim: ids, secret and roles of an application are not changed here: leave clientSecret, applicationId and roles out")
	}
	if err := spec.check(); err != nil {
		return err
	}
	app.register(spec)
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

// applicationIDShape is what the consent page calls an application.
const applicationIDShape = `^amzn1\.(sp\.solution|sellerapps\.app)\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`

// check says what is wrong with a registration.
func (spec *ApplicationSpec) check() error {
	if ok, _ := regexp.MatchString(applicationIDShape, spec.ApplicationID); spec.ApplicationID != "" && !ok {
		return fmt.Errorf("spapisim: applicationId %q: want amzn1.sp.solution.<uuid> or amzn1.sellerapps.app.<uuid>, not the client id", spec.ApplicationID)
	}
	for _, uri := range spec.RedirectURIs {
		if err := checkURI("redirectUris", uri); err != nil {
			return err
		}
	}
	if spec.LoginURI != "" {
		if err := checkURI("loginUri", spec.LoginURI); err != nil {
			return err
		}
	}
	if spec.ConsentLimit < 0 {
		return fmt.Errorf("spapisim: consentLimit is %d: use 0 for none, or the number of sellers", spec.ConsentLimit)
	}
	return nil
}

// checkURI wants an address to which a browser can be sent with parameters of
// Amazon's. Plain http is taken, for loopback.
func checkURI(field, uri string) error {
	u, err := url.Parse(uri)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.Contains(uri, "#") {
		return fmt.Errorf("spapisim: %s %q: want an absolute http or https address without user and fragment, such as https://app.example/callback", field, uri)
	}
	return nil
}

// app finds an application; s.mu is held.
func (s *Simulator) app(clientID string) (*application, error) {
	app := s.apps[clientID]
	if app == nil {
		return nil, fmt.Errorf("spapisim: no application %q", clientID)
	}
	return app, nil
}

// appOnPage finds an application by what the consent page calls it; nil: there
// is none. s.mu is held.
func (s *Simulator) appOnPage(applicationID string) *application {
	for _, app := range s.apps { // at most one is called so
		if app.ApplicationID == applicationID {
			return app
		}
	}
	return nil
}
