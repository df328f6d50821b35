package web

import (
	"net/http"
	"time"
)

// The cookies that hold what a visitor prefers; nothing else is in them.
const (
	themeCookie    = "ordersync_theme"
	languageCookie = "ordersync_lang"
	preferTime     = 365 * 24 * time.Hour
)

// preferences are what addresses may say, and where it is kept.
var preferences = map[string]struct {
	cookie  string
	allowed []string
}{
	"theme": {themeCookie, []string{"light", "dark", "auto"}},
	"lang":  {languageCookie, languages},
}

// prefer keeps what the address says that a visitor prefers, and sends the browser to
// the same page without it.
func (d *dashboard) prefer(w http.ResponseWriter, r *http.Request) bool {
	q := r.URL.Query()
	if !q.Has("theme") && !q.Has("lang") {
		return false
	}
	for name, preference := range preferences {
		for _, value := range preference.allowed {
			if q.Get(name) == value {
				cookie := &http.Cookie{Name: preference.cookie, Value: value, Path: "/", MaxAge: int(preferTime / time.Second), Secure: d.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
				if value == "auto" {
					cookie.Value, cookie.MaxAge = "", -1
				}
				http.SetCookie(w, cookie)
			}
		}
	}
	q.Del("theme")
	q.Del("lang")
	to := *r.URL
	to.RawQuery = q.Encode()
	http.Redirect(w, r, nextPage(to.RequestURI()), http.StatusSeeOther)
	return true
}

// screenLanguage is the language that a visitor chose, else what the browser prefers.
func screenLanguage(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && (c.Value == "en" || c.Value == "fr") {
		return c.Value
	}
	return language(r)
}
