package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
)

// Every page of the dashboard is a template of its own besides the frame of all.
//
//go:embed screens
var screenFiles embed.FS

// languages are those that the pages speak.
var languages = []string{"en", "fr"}

// parseScreens reads the templates, once a language.
func parseScreens(a assets, all []screen) (map[string]map[string]*template.Template, error) {
	names := []string{"login", "trouble"}
	for _, one := range all {
		names = append(names, one.name)
	}
	sets := map[string]map[string]*template.Template{}
	for _, lang := range languages {
		sets[lang] = map[string]*template.Template{}
		for _, name := range names {
			t, err := template.New(name).Funcs(templateWords(wordsOf(lang), a)).
				ParseFS(screenFiles, "screens/frame.html", "screens/icons.html", "screens/parts.html", "screens/"+name+".html")
			if err != nil {
				return nil, fmt.Errorf("read the page %s: %w", name, err)
			}
			sets[lang][name] = t
		}
	}
	return sets, nil
}

// templateWords are the functions of templates: t says a sentence, tn one of two by a
// number, n writes a number, icon draws one, and asset is the address of a file.
func templateWords(w words, a assets) template.FuncMap {
	return template.FuncMap{
		"t":     w.say,
		"tn":    w.count,
		"n":     func(n any) string { return w.number(int64Of(n)) },
		"dec":   w.decimal,
		"span":  w.span,
		"icon":  icon,
		"asset": a.address,
	}
}

// icon draws one of screens/icons.html; it says nothing that stands not beside it.
func icon(name string) template.HTML {
	return template.HTML(`<svg viewBox="0 0 16 16" aria-hidden="true"><use href="#i-` + template.HTMLEscapeString(name) + `"/></svg>`) //nolint:gosec // escaped
}

// write shows a page. It is made whole before anything is sent.
func (d *dashboard) write(w http.ResponseWriter, r *http.Request, v *visit, status int, name string) {
	var out bytes.Buffer
	if err := d.sets[v.Lang][name].ExecuteTemplate(&out, "frame", v); err != nil {
		d.Log.ErrorContext(r.Context(), "write a page", "page", name, "error", err)
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(out.Len())) // so that the browser has it whole, whatever follows here
	h.Set("Content-Language", v.Lang)
	h.Add("Vary", "Cookie, Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

// fragment makes one part of a page.
func (d *dashboard) fragment(v *visit, page, name string) (string, error) {
	var out bytes.Buffer
	if err := d.sets[v.Lang][page].ExecuteTemplate(&out, name, v); err != nil {
		return "", fmt.Errorf("write %s of %s: %w", name, page, err)
	}
	return out.String(), nil
}
