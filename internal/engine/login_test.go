package engine_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/engine"
)

// query is what Amazon sends a browser to the login URI with.
func query(callback, state, seller string, more ...string) string {
	q := url.Values{"amazon_callback_uri": {callback}, "amazon_state": {state}, "selling_partner_id": {seller}}
	for i := 0; i < len(more); i += 2 {
		q.Add(more[i], more[i+1])
	}
	return q.Encode()
}

const confirmPage = "/apps/authorize/confirm/amzn1.sp.solution.x"

// A login leads to Seller Central, whatever its address is made to look like.
func TestLoginLeadsToSellerCentralOnly(t *testing.T) {
	for callback, want := range map[string]string{
		"https://sellercentral.amazon.com" + confirmPage:                    "https://sellercentral.amazon.com" + confirmPage,
		"https://sellercentral-europe.amazon.com" + confirmPage + "?a=b%2F": "https://sellercentral-europe.amazon.com" + confirmPage + "?a=b%2F",
		"HTTPS://SellerCentral.Amazon.Co.JP/x":                              "https://sellercentral.amazon.co.jp/x",
		"https://sellercentral.amazon.fr/x":                                 "https://sellercentral.amazon.fr/x",

		"http://sellercentral.amazon.com/x":                             "",
		"javascript://sellercentral.amazon.com/%0aalert(1)":             "",
		"//sellercentral.amazon.com/x":                                  "",
		"sellercentral.amazon.com/x":                                    "",
		"https:sellercentral.amazon.com/x":                              "",
		"https:///sellercentral.amazon.com/x":                           "",
		"https://":                                                      "",
		"https://amazon.com/x":                                          "",
		"https://evil.example/sellercentral.amazon.com":                 "",
		"https://sellercentral.amazon.com.evil.example/x":               "",
		"https://evil-sellercentral.amazon.com/x":                       "",
		"https://x.sellercentral.amazon.com/x":                          "",
		"https://sellercentral.amazon.community/x":                      "",
		"https://sellercentral.amazon.com./x":                           "",
		"https://sellercentral.amazon.com:443/x":                        "",
		"https://sellercentral.amazon.com:8443/x":                       "",
		"https://sellercentral.amazon.com@evil.example/x":               "",
		"https://evil.example@sellercentral.amazon.com/x":               "",
		"https://a:b@sellercentral.amazon.com/x":                        "",
		`https://evil.example\@sellercentral.amazon.com/x`:              "",
		`https://sellercentral.amazon.com\.evil.example/x`:              "",
		`https:\\sellercentral.amazon.com/x`:                            "",
		"https://sellercentral.amazon.com#@evil.example/x":              "",
		"https://evil.example#sellercentral.amazon.com":                 "",
		"https://evil.example?sellercentral.amazon.com":                 "",
		"https://sellercentral.amazon.com%2eevil.example/x":             "",
		"https://sellercentral%2eamazon.com/x":                          "",
		"https://sellercentral.аmazon.com/x":                            "", // Cyrillic
		"https://sellercentral.amazon.co.u\u212a/x":                     "", // the sign of kelvin, small: k
		"https://sellercentral。amazon.com/x":                            "",
		"https://xn--sellercentral-8yl.amazon.com/x":                    "",
		"https://sellercentral.amazon.com/x\r\nSet-Cookie: a=b":         "",
		"https://sellercentral.amazon.com/x y":                          "",
		" https://sellercentral.amazon.com/x":                           "",
		"https://sellercentral.amazon.com/?a=%zz":                       "",
		"https://sellercentral.amazon.com/?a=b;c=d":                     "",
		"https://[::1]/x":                                               "",
		"https://sellingpartnerapi-eu.amazon.com/x":                     "",
		"https://sellercentral.amazon.com/" + strings.Repeat("x", 1024): "",
	} {
		l, err := engine.ParseLogin(query(callback, "state", "A3TH9S8BH6GOGM"), "")
		if l.Callback != want || (err == nil) != (want != "") {
			t.Errorf("%q leads to %q, want %q: %v", callback, l.Callback, want, err)
		}
		var wrong *engine.LoginError
		if err != nil && (!errors.As(err, &wrong) || wrong.Field != "amazon_callback_uri") {
			t.Errorf("%q: %v", callback, err)
		}
	}
}

// The region is the host's, the country too where the host is one country's.
func TestLoginTellsTheRegion(t *testing.T) {
	for host, want := range map[string][2]string{
		"sellercentral-europe.amazon.com": {"eu", ""},
		"sellercentral.amazon.com":        {"na", "ATVPDKIKX0DER"},
		"sellercentral.amazon.com.br":     {"na", "A2Q3Y263D00KWC"},
		"sellercentral.amazon.co.uk":      {"eu", "A1F83G8C2ARO7P"},
		"sellercentral.amazon.co.jp":      {"fe", "A1VC38T7YXB528"},
	} {
		l, err := engine.ParseLogin(query("https://"+host+confirmPage, "s", "A1", "version", "beta"), "")
		if err != nil || string(l.Region) != want[0] || l.Marketplace != want[1] || !l.Beta || l.SellerID != "A1" || l.State.Reveal() != "s" {
			t.Errorf("%s: %+v, %v", host, l, err)
		}
	}
}

// With a simulator, only that one is led to; its region is not known.
func TestLoginOfASimulator(t *testing.T) {
	const sim = "http://127.0.0.1:9090/"
	for callback, good := range map[string]bool{
		"http://127.0.0.1:9090/apps/x":             true,
		"http://127.0.0.1:9091/apps/x":             false,
		"https://127.0.0.1:9090/apps/x":            false,
		"http://127.0.0.1:9090@evil.example/":      false,
		"http://127.0.0.1:90900/":                  false,
		"http://127.0.0.1:9090.evil.example/":      false,
		"https://sellercentral.amazon.com/apps/x":  false,
		`http://127.0.0.1:9090\@evil.example/`:     false,
		"http://evil.example:9090/":                false,
		"http://127.0.0.1:9090/#@evil.example/":    false,
		"http://localhost:9090/apps/x":             false,
		"http://sellercentral.amazon.de.localhost": false,
	} {
		l, err := engine.ParseLogin(query(callback, "s", "A1"), sim)
		if (err == nil) != good || l.Region != "" {
			t.Errorf("%s: %+v, %v", callback, l, err)
		}
	}
}

// What Amazon does not send is refused with the parameter's name.
func TestLoginIsRefused(t *testing.T) {
	const good = "https://sellercentral.amazon.com/x"
	for _, c := range []struct{ query, field string }{
		{"", ""},
		{"%zz", "query"},
		{query(good, "", "A1"), "amazon_state"},
		{query(good, strings.Repeat("x", 2049), "A1"), "amazon_state"},
		{query(good, "a\nb", "A1"), "amazon_state"},
		{query(good, "é", "A1"), "amazon_state"},
		{query(good, "s", "A1", "amazon_state", "s"), "amazon_state"},
		{query(good, "s", ""), "selling_partner_id"},
		{query(good, "s", "a1"), "selling_partner_id"},
		{query(good, "s", "A1&<b>"), "selling_partner_id"},
		{query(good, "s", "A1", "selling_partner_id", "A2"), "selling_partner_id"},
		{query(good, "s", "A1", "amazon_callback_uri", good), "amazon_callback_uri"},
		{query(good, "s", "A1", "version", strings.Repeat("x", 17)), "version"},
		{query(good, "s", "A1", "version", "beta", "version", "beta"), "version"},
		{query("", "s", "A1"), "amazon_callback_uri"},
	} {
		_, err := engine.ParseLogin(c.query, "")
		var wrong *engine.LoginError
		if !errors.As(err, &wrong) || c.field != "" && wrong.Field != c.field {
			t.Errorf("%s: %v", c.query, err)
		}
	}
	// What Amazon may add is let be, and the state is taken as it is.
	const state = `a b+c/d=e%"<>&~`
	l, err := engine.ParseLogin(query(good, state, "A1", "lang", "en", "lang", "fr", "version", "2"), "")
	if err != nil || l.Beta || l.State.Reveal() != state {
		t.Errorf("%+v, %v", l, err)
	}
}

// Whatever a browser is sent to us with, it leads to Seller Central by https, in a
// way that browsers read as Go does, or nowhere.
func FuzzParseLogin(f *testing.F) {
	for _, callback := range []string{
		"https://sellercentral.amazon.com/apps/x?a=b", "https://sellercentral-europe.amazon.com", `https://evil.example\@sellercentral.amazon.com/x`,
		"https://a@sellercentral.amazon.com", "HTTPS://SELLERCENTRAL.AMAZON.DE/%2F", "https:sellercentral.amazon.com", "//sellercentral.amazon.com",
	} {
		f.Add(query(callback, "state", "A3TH9S8BH6GOGM"))
	}
	f.Add("amazon_callback_uri=https://sellercentral.amazon.com&amazon_callback_uri=x")
	f.Fuzz(func(t *testing.T, q string) {
		l, err := engine.ParseLogin(q, "")
		if err != nil {
			var wrong *engine.LoginError
			if !errors.As(err, &wrong) || wrong.Field == "" || wrong.Wrong == "" {
				t.Errorf("%v", err)
			}
			return
		}
		rest, https := strings.CutPrefix(l.Callback, "https://")
		host := rest
		if end := strings.IndexAny(rest, `/?#\`); end >= 0 {
			host = rest[:end]
		}
		region, _, known := ordersync.FindSellerCentral(host)
		if !https || !known || region != l.Region || strings.ContainsAny(l.Callback, "\\#\"<> \r\n\t") {
			t.Errorf("%q leads to %q", q, l.Callback)
		}
		if values, err := url.ParseQuery(q); err != nil || values.Get("amazon_state") != l.State.Reveal() || ordersync.CheckSellerID(l.SellerID) != nil || l.SellerID == "" {
			t.Errorf("%q: seller %q", q, l.SellerID)
		}
	})
}
