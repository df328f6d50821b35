package web

import (
	"bytes"
	"net/http"
	"strings"

	"ordersync"
)

// page is what a page is filled with.
type page struct {
	ordersync.Consent
	Lang, Service     string
	Customer, Country string
	Seller            string
	Problem           ordersync.ConsentProblemInfo
	Ticket            string
	Other             string // the address of the page in the other language
}

// French tells in which language the page is.
func (p page) French() bool { return p.Lang == "fr" }

// What and Remedy are the problem's words in the page's language.
func (p page) What() string {
	if p.French() {
		return p.Problem.French
	}
	return p.Problem.English
}

// Remedy is what to do about it.
func (p page) Remedy() string {
	if p.French() {
		return p.Problem.RemedyFR
	}
	return p.Problem.Remedy
}

// show writes a page. It is made whole before anything is sent.
func (s *server) show(w http.ResponseWriter, r *http.Request, status int, name string, p page, formTo string) {
	p.Lang, p.Service = language(r), s.Name
	// What Amazon's addresses hold must stand in no link.
	if r.Method == http.MethodGet && r.URL.Path != CallbackPath && r.URL.Path != LoginPath {
		p.Other = "?lang=" + map[bool]string{true: "en", false: "fr"}[p.French()]
	}
	var out bytes.Buffer
	if err := s.pages.ExecuteTemplate(&out, name+".html", p); err != nil {
		s.Log.ErrorContext(r.Context(), "write a page", "page", name, "error", err)
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	guard(w.Header(), formTo)
	w.Header().Set("Content-Language", p.Lang)
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

// language is the page's: what the address says, else what the browser prefers of
// English and French.
func language(r *http.Request) string {
	if lang := r.URL.Query().Get("lang"); lang == "en" || lang == "fr" {
		return lang
	}
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch primary, _, _ := strings.Cut(strings.ToLower(tag), "-"); primary {
		case "en", "fr":
			return primary
		}
	}
	return "en"
}
