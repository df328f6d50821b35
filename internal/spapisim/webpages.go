package spapisim

import "strings"

// The pages of Seller Central, without scripts.

// maxChoices is how many sellers a page offers; others are posted by name.
const maxChoices = 500

type consentView struct {
	ApplicationID, State, RedirectURI, Version string

	Roles   []Role
	Sellers []sellerChoice
	More    int // sellers that are not listed
}

type appsView struct {
	Applications   []string
	Sellers        []sellerChoice
	More           int
	Authorizations []appsRow
}

type appsRow struct {
	Authorization
	ApplicationID string
}

type messageView struct{ Title, Code, Text string }

// sellerChoice is a seller who can sign in.
type sellerChoice struct{ Key, Label string }

// sellerChoices lists the sellers of a region, or with "" of all; s.mu is held.
func (s *Simulator) sellerChoices(region string) (list []sellerChoice, more int) {
	for _, key := range s.sellerIDs {
		sel := s.sellers[key]
		switch {
		case region != "" && sel.Region != region:
		case len(list) == maxChoices:
			more++
		default:
			list = append(list, sellerChoice{key, sel.StoreName + ", " + key + " (" + sel.countries() + ")"})
		}
	}
	return list, more
}

// countries are where a seller trades, for people.
func (sel *seller) countries() string {
	var names []string
	for _, id := range sel.public().MarketplaceIDs() {
		m, ok := marketByID(id)
		if !ok {
			m.country = id
		}
		names = append(names, m.country)
	}
	if len(names) == 0 {
		return "trades nowhere"
	}
	return strings.Join(names, " ")
}

// webPages are the templates consent, apps and message.
const webPages = `{{define "head"}}<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.}} - Seller Central, simulated</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
select, button { font: inherit; margin: .3rem 0 } select { width: 100% }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem; border-bottom: 1px solid #ccc }
code { overflow-wrap: anywhere }
</style>
</head>
<body>
<p>Seller Central, simulated by ordersync. Nothing here is Amazon's.</p>
<h1>{{.}}</h1>
{{end}}
{{define "sign-in"}}<p><label for="seller">Sign in as seller</label>
<select id="seller" name="seller" required>
{{range .Sellers}}<option value="{{.Key}}">{{.Label}}</option>
{{end}}</select></p>
{{if .More}}<p>{{.More}} sellers more are not listed. Post the form to sign in as one of them.</p>
{{end}}<p><label><input type="radio" name="user" value="primary" checked> as the account's primary user</label><br>
<label><input type="radio" name="user" value="other"> as another user</label></p>
{{end}}
{{define "consent"}}{{template "head" "Authorise an application"}}
<form method="post" action="/apps/authorize/consent">
<input type="hidden" name="application_id" value="{{.ApplicationID}}">
<input type="hidden" name="state" value="{{.State}}">
<input type="hidden" name="redirect_uri" value="{{.RedirectURI}}">
<input type="hidden" name="version" value="{{.Version}}">
<p>Application <code>{{.ApplicationID}}</code> asks for access to your seller account, with these roles:</p>
<ul>
{{range .Roles}}<li>{{.}}</li>
{{end}}</ul>
{{template "sign-in" .}}
<button name="answer" value="confirm">Confirm</button>
<button name="answer" value="cancel" formnovalidate>Cancel</button>
</form>
</body>
</html>
{{end}}
{{define "apps"}}{{template "head" "Manage Your Apps"}}
<form method="post" action="/apps/manage">
<p><label for="application_id">Application</label>
<select id="application_id" name="application_id" required>
{{range .Applications}}<option>{{.}}</option>
{{end}}</select></p>
{{template "sign-in" .}}
<button name="action" value="authorize">Authorise or re-authorise</button>
<button name="action" value="disable">Disable</button>
</form>
<h2>Authorisations</h2>
<table>
<tr><th>Seller</th><th>Application</th><th>Authorised</th><th>State</th></tr>
{{range .Authorizations}}<tr><td>{{.Seller}}</td><td><code>{{.ApplicationID}}</code></td><td>{{.At.Format "2006-01-02 15:04:05"}}</td>
<td>{{if not .Revoked.IsZero}}revoked {{.Revoked.Format "2006-01-02 15:04:05"}}{{else if not .Active}}expired {{.Expires.Format "2006-01-02 15:04:05"}}{{else if .Expires.IsZero}}active{{else}}until {{.Expires.Format "2006-01-02 15:04:05"}}{{end}}</td></tr>
{{end}}</table>
</body>
</html>
{{end}}
{{define "message"}}{{template "head" .Title}}
{{if .Code}}<p>Error <strong>{{.Code}}</strong></p>
{{end}}<p>{{.Text}}</p>
</body>
</html>
{{end}}
`
