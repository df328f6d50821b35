package spapisim

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Seller Central, as much of it as sellers need to authorise applications: the
// consent page, the way back from the login URI, and "Manage Your Apps". Docs
// pages "Website authorization workflow" and "Selling Partner Appstore
// authorization workflow". Pages work without scripts; their forms can be posted
// without a browser.

const (
	consentPath = "/apps/authorize/consent"
	confirmPath = "/apps/authorize/confirm/" // and the application id; Amazon's path is not documented
	managePath  = "/apps/manage"             // Amazon's path is not documented
)

// maxForm bounds a posted form in bytes.
const maxForm = 1 << 16

// ConsentHandler serves Seller Central of one region ("na", "eu", "fe"), or of
// all with "", whatever the host: sellers of other regions cannot sign in.
//
//	GET, POST /apps/authorize/consent        the website workflow; POST takes the
//	                                         same parameters and seller, user
//	                                         (primary, other), answer (confirm,
//	                                         cancel)
//	GET /apps/authorize/confirm/{id}         amazon_callback_uri
//	GET, POST /apps/manage                   authorise an application from Amazon's
//	                                         side, or end that: application_id,
//	                                         seller, user, action (authorize,
//	                                         disable)
func (s *Simulator) ConsentHandler(region string) http.Handler {
	mux := http.NewServeMux()
	for pattern, work := range map[string]func(*Simulator, string, *http.Request) (webAnswer, error){
		"GET " + consentPath:          (*Simulator).showConsent,
		"POST " + consentPath:         (*Simulator).answerConsent,
		"GET " + confirmPath + "{id}": (*Simulator).confirm,
		"GET " + managePath:           (*Simulator).showApps,
		"POST " + managePath:          (*Simulator).manageApps,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			a, err := webAnswer{}, error(nil)
			if r.ParseForm() != nil {
				err = pageErrorf("", "the form or the query cannot be read: want application/x-www-form-urlencoded, at most 64 KiB")
			} else {
				a, err = work(s, region, r)
			}
			writeWeb(w, r, a, err)
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Referrer-Policy", "no-referrer") // the address holds state and code
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		mux.ServeHTTP(w, r)
	})
}

// onConsentPath says whether a path is Seller Central's, for listeners that
// serve all hosts.
func onConsentPath(path string) bool {
	return path == consentPath || path == managePath || strings.HasPrefix(path, confirmPath)
}

// webAnswer is a redirect, or a page: the name of a template and its data.
type webAnswer struct {
	location string
	page     string
	data     any
}

// writeWeb sends an answer to a browser.
func writeWeb(w http.ResponseWriter, r *http.Request, a webAnswer, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest // Amazon's is not known
		view := messageView{Title: "The application cannot be authorised", Text: err.Error()}
		var refused *pageError
		if errors.As(err, &refused) {
			view.Code, view.Text = refused.code, refused.text
		}
		if view.Code != "" {
			w.Header().Set("X-Simulator-Reason", view.Code)
		}
		a = webAnswer{page: "message", data: view}
	}
	if a.location != "" {
		http.Redirect(w, r, a.location, http.StatusSeeOther)
		return
	}
	var page bytes.Buffer
	if err := template.Must(template.New("").Parse(webPages)).ExecuteTemplate(&page, a.page, a.data); err != nil {
		panic("spapisim: " + err.Error()) // the templates fit their data
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // a browser that went away is its own affair
}

// showConsent is the page to which the application sends a seller.
func (s *Simulator) showConsent(region string, r *http.Request) (webAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, _, err := s.asked(r.Form.Get("application_id"), r.Form)
	if err != nil {
		return webAnswer{}, err
	}
	view := consentView{
		ApplicationID: app.ApplicationID, State: r.Form.Get("state"), RedirectURI: r.Form.Get("redirect_uri"), Version: r.Form.Get("version"),
		Roles: slices.Clone(app.roles),
	}
	view.Sellers, view.More = s.sellerChoices(region)
	return webAnswer{page: "consent", data: view}, nil
}

// answerConsent is Confirm or Cancel.
func (s *Simulator) answerConsent(region string, r *http.Request) (webAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, redirectURI, err := s.asked(r.Form.Get("application_id"), r.Form)
	if err != nil {
		return webAnswer{}, err
	}
	switch answer := r.Form.Get("answer"); answer {
	case "cancel":
		location := s.decline(redirectURI, r.Form.Get("state"))
		return webAnswer{location: location, page: "message", data: messageView{
			Title: "Not authorised", Text: "You can close this page.",
		}}, nil
	case "confirm":
		sel, err := s.signIn(region, r.Form)
		if err != nil {
			return webAnswer{}, err
		}
		location, err := s.agree(app, sel, redirectURI, r.Form.Get("state"))
		return webAnswer{location: location}, err
	default:
		return webAnswer{}, pageErrorf("", "answer is %q: use confirm or cancel", answer)
	}
}

// confirm is amazon_callback_uri.
func (s *Simulator) confirm(region string, r *http.Request) (webAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	location, err := s.arrive(region, r.PathValue("id"), r.Form)
	return webAnswer{location: location}, err
}

// showApps is "Manage Your Apps" and the Appstore in one.
func (s *Simulator) showApps(region string, _ *http.Request) (webAnswer, error) {
	authorizations := s.Authorizations("", "")
	s.mu.Lock()
	defer s.mu.Unlock()
	view := appsView{}
	for _, id := range s.appIDs {
		view.Applications = append(view.Applications, s.apps[id].ApplicationID)
	}
	view.Sellers, view.More = s.sellerChoices(region)
	for _, a := range authorizations {
		if region == "" || s.sellers[a.Seller].Region == region {
			view.Authorizations = append(view.Authorizations, appsRow{Authorization: a, ApplicationID: s.apps[a.ClientID].ApplicationID})
		}
		if len(view.Authorizations) == maxChoices {
			break
		}
	}
	return webAnswer{page: "apps", data: view}, nil
}

// manageApps begins the login-URI workflow, or ends an authorisation.
func (s *Simulator) manageApps(region string, r *http.Request) (webAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app := s.appOnPage(r.Form.Get("application_id"))
	if app == nil {
		return webAnswer{}, pageErrorf("", "no application is called %q: application_id is amzn1.sp.solution.<uuid>, not the client id", r.Form.Get("application_id"))
	}
	sel, err := s.signIn(region, r.Form)
	if err != nil {
		return webAnswer{}, err
	}
	switch action := r.Form.Get("action"); action {
	case "authorize":
		location, err := s.depart(app, sel, here(r)+confirmPath+app.ApplicationID)
		return webAnswer{location: location}, err
	case "disable":
		s.revoke(app, sel)
		return webAnswer{location: managePath}, nil
	default:
		return webAnswer{}, pageErrorf("", "action is %q: use authorize or disable", action)
	}
}

// here is the address of the host that the browser asked.
func here(r *http.Request) string {
	u := url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return u.String()
}
