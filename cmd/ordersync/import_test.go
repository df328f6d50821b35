package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// badLines are import lines that are refused, and words of what is said.
var badLines = []struct{ name, line, words string }{
	{"no JSON", `hello`, "no JSON object"},
	{"half of an object", `{"tenantId":"t","region":"eu"`, "no JSON object"},
	{"single quotes", `{'tenantId':'t','region':'eu'}`, "no JSON object"},
	{"a list", `[{"tenantId":"t","region":"eu"}]`, "no JSON object"},
	{"a text", `"t"`, "no JSON object"},
	{"two objects", `{"tenantId":"t","region":"eu"}{"tenantId":"u","region":"eu"}`, "no JSON object"},
	{"nothing", `null`, "tenantId is missing"},
	{"empty object", `{}`, "tenantId is missing: every line needs tenantId and region; region is missing"},
	{"bad UTF-8", "{\"tenantId\":\"t\",\"region\":\"eu\",\"displayName\":\"\xff\"}", "not UTF-8"},
	{"lone surrogate", `{"tenantId":"t","region":"eu","displayName":"\ud800"}`, "no JSON object"},
	{"a NUL in the line", "{\"tenantId\":\"t\x00\",\"region\":\"eu\"}", "no JSON object"},

	{"tenantId missing", `{"region":"eu"}`, "tenantId is missing"},
	{"tenantId null", `{"tenantId":null,"region":"eu"}`, "tenantId is missing"},
	{"tenantId a number", `{"tenantId":7,"region":"eu"}`, "tenantId has the wrong type: it must be a text"},
	{"tenantId empty", `{"tenantId":"","region":"eu"}`, "tenant id is empty"},
	{"tenantId with a space", `{"tenantId":"a b","region":"eu"}`, `tenant id "a b" has a character at byte 2 that is not allowed`},
	{"tenantId with a NUL", `{"tenantId":"a\u0000","region":"eu"}`, `tenant id "a\x00" has a character at byte 2`},
	{"tenantId too long", `{"tenantId":"` + strings.Repeat("t", 129) + `","region":"eu"}`, "tenant id has 129 bytes, at most 128"},
	{"tenantId reserved", `{"tenantId":"global","region":"eu"}`, "reserved"},
	{"region missing", `{"tenantId":"t"}`, "region is missing"},
	{"region unknown", `{"tenantId":"t","region":"asia"}`, `region "asia" is unknown: use eu, na or fe`},
	{"region in capitals", `{"tenantId":"t","region":"EU"}`, `region "EU" is unknown: use eu, na or fe`},
	{"region a list", `{"tenantId":"t","region":["eu"]}`, "region has the wrong type: it must be a text"},
	{"seller in small letters", `{"tenantId":"t","region":"eu","sellingPartnerId":"a3th"}`, "sellingPartnerId"},
	{"seller too long", `{"tenantId":"t","region":"eu","sellingPartnerId":"` + strings.Repeat("A", 33) + `"}`, "1 to 32 capital letters and digits"},
	{"seller a number", `{"tenantId":"t","region":"eu","sellingPartnerId":1}`, "sellingPartnerId has the wrong type: it must be a text"},
	{"marketplaces a text", `{"tenantId":"t","region":"eu","marketplaceIds":"A13V1IB3VIYZZH"}`, "marketplaceIds has the wrong type: it must be a list of texts"},
	{"a marketplace that is a number", `{"tenantId":"t","region":"eu","marketplaceIds":["A13V1IB3VIYZZH",3]}`, "marketplaceIds has the wrong type: it must be a list of texts"},
	{"marketplace by country", `{"tenantId":"t","region":"eu","marketplaceIds":["fr"]}`, `marketplaceIds: "fr" has a wrong shape`},
	{"marketplace twice", `{"tenantId":"t","region":"eu","marketplaceIds":["A13V1IB3VIYZZH","A13V1IB3VIYZZH"]}`, "stands twice"},
	{"marketplace of another region", `{"tenantId":"t","region":"eu","marketplaceIds":["ATVPDKIKX0DER"]}`, "belongs to region na, the connection is in eu"},
	{"too many marketplaces", `{"tenantId":"t","region":"eu","marketplaceIds":[` + strings.TrimSuffix(strings.Repeat(`"A",`, 51), ",") + `]}`, "at most 50"},
	{"status unknown", `{"tenantId":"t","region":"eu","status":"ACTIVE"}`, "use CONNECTED, PENDING, DISABLED or ERROR"},
	{"status in small letters", `{"tenantId":"t","region":"eu","status":"connected"}`, "use CONNECTED, PENDING, DISABLED or ERROR"},
	{"status empty", `{"tenantId":"t","region":"eu","status":""}`, "use CONNECTED, PENDING, DISABLED or ERROR"},
	{"token too long", `{"tenantId":"t","region":"eu","refreshToken":"` + strings.Repeat(canaryToken, 200) + `"}`, "refreshToken has"},
	{"token with a space", `{"tenantId":"t","region":"eu","refreshToken":"` + canaryToken + ` x"}`, "refreshToken has a space"},
	{"token with a NUL", `{"tenantId":"t","region":"eu","refreshToken":"` + canaryToken + `\u0000"}`, "a character that tokens never have"},
	{"token an object", `{"tenantId":"t","region":"eu","refreshToken":{"value":"` + canaryToken + `"}}`, "refreshToken has the wrong type: it must be a text"},
	{"personalData a text", `{"tenantId":"t","region":"eu","personalData":"yes"}`, "personalData has the wrong type: it must be true or false"},
	{"authorizedAt a day", `{"tenantId":"t","region":"eu","authorizedAt":"2026-01-12"}`, "authorizedAt is no RFC 3339 time"},
	{"authorizedAt impossible", `{"tenantId":"t","region":"eu","authorizedAt":"2026-02-30T00:00:00Z"}`, "authorizedAt is no RFC 3339 time"},
	{"authorizedAt a number", `{"tenantId":"t","region":"eu","authorizedAt":1768186463}`, "authorizedAt has the wrong type: it must be a text"},
	{"lastSuccessAt a word", `{"tenantId":"t","region":"eu","lastSuccessAt":"never"}`, "lastSuccessAt is no RFC 3339 time"},
	{"lastSuccessAt before all", `{"tenantId":"t","region":"eu","lastSuccessAt":"0000-01-01T00:00:00Z"}`, "lastSuccessAt is no RFC 3339 time"},
	{"cursor a number", `{"tenantId":"t","region":"eu","cursor":1768186463}`, "cursor has the wrong type: it must be a text"},
	{"cursor too long", `{"tenantId":"t","region":"eu","cursor":"` + strings.Repeat("x", 64<<10+1) + `"}`, "cursor has 65537 bytes, at most 65536"},
	{"displayName too long", `{"tenantId":"t","region":"eu","displayName":"` + strings.Repeat("é", 101) + `"}`, "displayName has 202 bytes, at most 200"},

	{"unknown field", `{"tenantId":"t","region":"eu","refresh":"` + canaryToken + `"}`, "refresh is an unknown field: leave it out"},
	{"field in another case", `{"tenantid":"t","region":"eu"}`, "tenantid is an unknown field: write it tenantId"},
	{"token as a field's name", `{"tenantId":"t","region":"eu","` + canaryToken + `":true}`, "a field with an odd name is an unknown field"},
	{"field twice", `{"tenantId":"t","tenantId":"u","region":"eu"}`, "tenantId stands twice"},
	{"token in the place of the seller", `{"tenantId":"t","region":"eu","sellingPartnerId":"` + canaryToken + `"}`, "sellingPartnerId"},
	{"several at once", `{"tenantId":"a b","region":"EU","status":"x"}`, `region "EU" is unknown: use eu, na or fe; status "x" is unknown`},
	{"line too long", `{"tenantId":"t","region":"eu","displayName":"` + strings.Repeat("x", maxImportLine) + `"}`, "the line has more than 1048576 bytes"},
}

// canaryToken is a secret in the shape of Amazon's.
const canaryToken = "Atzr|IwEBcanary-of-a-refresh-token"

func TestBadImportLines(t *testing.T) {
	onBoth(t, func(p *program) {
		p.hide(canaryToken)
		p.imports(line{"tenantId": "t", "region": "eu", "displayName": "as it was", "marketplaceIds": []string{"A13V1IB3VIYZZH"}})
		for _, c := range badLines {
			p.unchanged(func() {
				a := p.feed(c.line+"\n", "tenants", "import", "-")
				if a.code != exitUsage || a.out != "" || !strings.Contains(a.err, "line 1: ") || !strings.Contains(a.err, c.words) ||
					!strings.Contains(a.err, "0 created, 0 changed, 0 unchanged, 1 refused") {
					p.t.Errorf("%s: exit code %d, said %.500q", c.name, a.code, a.err)
				}
				if strings.Count(a.err, "\n") != 2 || len(a.err) > 1000 {
					p.t.Errorf("%s: not one line for one line: %.500q", c.name, a.err)
				}
			})
		}
	})
}

// Every bad line is named, and the good ones around it are imported.
func TestBadLinesDoNotStopGoodOnes(t *testing.T) {
	onBoth(t, func(p *program) {
		var file strings.Builder
		file.WriteString("\ufeff" + `{"tenantId":"first","region":"eu"}` + "\r\n\r\n   \n")
		for _, c := range badLines {
			file.WriteString(c.line + "\n")
		}
		file.WriteString(`{"tenantId":"last","region":"fe","displayName":"no line end"}`)
		p.hide(canaryToken)
		path := filepath.Join(p.t.TempDir(), "tenants.jsonl")
		p.must(os.WriteFile(path, []byte(file.String()), 0o600))
		a := p.run("tenants", "import", path)
		if a.code != exitUsage || !strings.Contains(a.err, fmt.Sprintf("2 created, 0 changed, 0 unchanged, %d refused", len(badLines))) {
			p.t.Fatalf("exit code %d: %s", a.code, a.err)
		}
		for i, c := range badLines {
			if words := fmt.Sprintf("line %d: ", i+4); !strings.Contains(a.err, words) {
				p.t.Errorf("%s: nothing is said of %s", c.name, words)
			}
		}
		if tenants := p.query(`SELECT tenant FROM connections ORDER BY tenant`); len(tenants) != 2 || tenants[0][0] != "first" || tenants[1][0] != "last" {
			p.t.Errorf("tenants %v", tenants)
		}
	})
}

// A line changes what it says and nothing else.
func TestImportTwice(t *testing.T) {
	onBoth(t, func(p *program) {
		_, token := p.seller("eu")
		_, other := p.seller("eu")
		whole := line{
			"tenantId": "t", "region": "eu", "displayName": "Ünï \t\u0000 shop", "marketplaceIds": []string{"A1PA6795UKMFR9", "A13V1IB3VIYZZH"},
			"status": "CONNECTED", "refreshToken": token, "authorizedAt": "2026-01-12T03:54:23+01:00", "personalData": false, "cursor": "2026-01-12",
		}
		for _, c := range []struct {
			name  string
			line  line
			words string
		}{
			{"new", whole, "1 created, 0 changed, 0 unchanged"},
			{"the same", whole, "0 created, 0 changed, 1 unchanged"},
			{"only the key", line{"tenantId": "t", "region": "eu"}, "0 changed, 1 unchanged"},
			{"nulls say nothing", line{"tenantId": "t", "region": "eu", "refreshToken": nil, "displayName": nil, "status": nil}, "0 changed, 1 unchanged"},
			{"an empty token keeps the stored one", line{"tenantId": "t", "region": "eu", "refreshToken": ""}, "0 changed, 1 unchanged"},
			{"a cursor counts only at creation", line{"tenantId": "t", "region": "eu", "cursor": "2020-01-01"}, "0 changed, 1 unchanged"},
			{"another token", line{"tenantId": "t", "region": "eu", "refreshToken": other}, "0 created, 1 changed"},
			{"the seller becomes known", line{"tenantId": "t", "region": "eu", "sellingPartnerId": "A1"}, "0 created, 1 changed"},
			{"another seller is another connection", line{"tenantId": "t", "region": "eu", "sellingPartnerId": "A2"}, "1 created"},
			{"another region too", line{"tenantId": "t", "region": "na"}, "1 created"},
		} {
			a := p.feed(p.text(c.line), "tenants", "import", "-")
			if a.code != exitOK || !strings.Contains(a.err, c.words) {
				p.t.Errorf("%s: exit code %d, said %s", c.name, a.code, a.err)
			}
		}
		p.unchanged(func() {
			a := p.feed(p.text(line{"tenantId": "t", "region": "eu", "displayName": "which?"}), "tenants", "import", "-")
			if a.code != exitUsage || !strings.Contains(a.err, "name the one that is meant by its sellingPartnerId") {
				p.t.Errorf("which connection: exit code %d, said %s", a.code, a.err)
			}
		})
	})
}

func TestImportFile(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.imports(line{"tenantId": "t", "region": "eu"})
		p.unchanged(func() {
			for _, c := range []struct{ file, words string }{
				{filepath.Join(p.t.TempDir(), "nowhere.jsonl"), "FILE must name a file"},
				{p.t.TempDir(), "FILE is a folder"},
			} {
				if a := p.run("tenants", "import", c.file); a.code == exitOK || !strings.Contains(a.err, c.words) {
					p.t.Errorf("%s: exit code %d, said %s", c.file, a.code, a.err)
				}
			}
			if a := p.feed("\n \n", "tenants", "import", "-"); a.code != exitOK || !strings.Contains(a.err, "0 created, 0 changed, 0 unchanged, 0 refused") {
				p.t.Errorf("nothing to import: %+v", a)
			}
		})
	})
}
