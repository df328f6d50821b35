package secret

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"ordersync"
)

// Kept is what Vault keeps of a connection.
type Kept struct {
	Token   Secret // the refresh token; empty beside an error
	Seller  string // whose the document says it is; "" if it says nothing
	Version int    // of the document, for Write; 0 when there never was one
}

// vaultDocument is a document as it lies in Vault, with the members that nobody
// here knows.
type vaultDocument struct {
	members map[string]json.RawMessage // nil when there is none
	version int                        // also of a deleted document
}

// noKVError says that an answer is not of a KV store of version 2.
type noKVError struct {
	kind VaultKind // what that means
	what string
}

func (e noKVError) Error() string { return e.what }

// parseVaultDocument reads the answer to a read. Vault says that there is nothing
// by 404, and by the same 404 that a mount is wrong: only an empty list of errors,
// or the metadata of a deleted version, mean the former. The error is [noKVError].
func parseVaultDocument(answer vaultAnswer) (vaultDocument, error) {
	var body struct {
		Errors *[]json.RawMessage
		Data   *struct {
			Data     map[string]json.RawMessage
			Metadata struct {
				Version      int
				DeletionTime string `json:"deletion_time"`
				Destroyed    bool
			}
		}
	}
	if err := json.Unmarshal(answer.body, &body); err != nil {
		// The decoder's error is left out: it may show some of the document.
		return vaultDocument{}, noKVError{VaultBadAnswer, "the answer is no JSON of Vault's"}
	}
	if answer.status == http.StatusNotFound && body.Data == nil {
		switch {
		case body.Errors == nil:
			return vaultDocument{}, noKVError{VaultBadAnswer, "the answer is no JSON of Vault's"}
		case len(*body.Errors) > 0:
			return vaultDocument{}, noKVError{VaultWrongMount, "nothing serves this path in this namespace"}
		}
		return vaultDocument{}, nil
	}
	if body.Data == nil || body.Data.Metadata.Version < 1 {
		return vaultDocument{}, noKVError{VaultBadAnswer, "the answer has no metadata with a version"}
	}
	meta := body.Data.Metadata
	gone := answer.status == http.StatusNotFound && (meta.Destroyed || meta.DeletionTime != "")
	if gone != (body.Data.Data == nil) {
		return vaultDocument{}, noKVError{VaultBadAnswer, "the answer is neither a document nor a deleted one"}
	}
	return vaultDocument{members: body.Data.Data, version: meta.Version}, nil
}

// text is a member of the document without the white space around it, which a
// file gives that was stored as it was; "" when it is absent or null.
func (d vaultDocument) text(name string) (string, error) {
	raw, ok := d.members[name]
	if !ok {
		return "", nil
	}
	var text *string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", fmt.Errorf("%s in the document is no text: store it as text", name)
	}
	if text == nil {
		return "", nil
	}
	return strings.TrimSpace(*text), nil
}

// vaultTrouble is a kind and what is known of it.
type vaultTrouble struct {
	kind   VaultKind // 0 for none
	detail string
}

// kept is what the document says to the connection ref. Beside trouble it has the
// version and the seller, and no token.
func (d vaultDocument) kept(ref VaultRef) (Kept, vaultTrouble) {
	kept := Kept{Version: d.version}
	if d.members == nil {
		return kept, vaultTrouble{kind: VaultNotFound}
	}
	seller, err := d.text("seller_id")
	if err != nil {
		return kept, vaultTrouble{VaultBadAnswer, err.Error()}
	}
	kept.Seller = seller
	if trouble := d.foreign(ref, seller); trouble.kind != 0 {
		return kept, trouble
	}
	token, err := d.text("refresh_token")
	if err != nil {
		return kept, vaultTrouble{VaultBadAnswer, err.Error()}
	}
	if token == "" {
		return kept, vaultTrouble{kind: VaultNoToken}
	}
	kept.Token = New(token)
	return kept, vaultTrouble{}
}

// foreign tells whether the document is another seller's. A seller that one of
// both does not know decides nothing.
func (d vaultDocument) foreign(ref VaultRef, seller string) vaultTrouble {
	if seller != "" && ref.Seller != "" && seller != ref.Seller {
		return vaultTrouble{VaultOtherSeller, fmt.Sprintf("its seller_id is %s, the connection's is %s", show(seller), ref.Seller)}
	}
	return vaultTrouble{}
}

// vaultRegions are the names of Amazon's regions in documents of the system that
// this service replaces: those of the hosts.
var vaultRegions = map[string]ordersync.Region{
	"eu-west-1": ordersync.RegionEU, "us-east-1": ordersync.RegionNA, "us-west-2": ordersync.RegionFE,
	"eu": ordersync.RegionEU, "na": ordersync.RegionNA, "fe": ordersync.RegionFE,
}

// region is the region of the document; "" when it has none that is known.
func (d vaultDocument) region() ordersync.Region {
	text, err := d.text("region")
	if err != nil {
		return "" // it is read as no region, and written over
	}
	return vaultRegions[strings.ToLower(text)]
}

// with is the members of the document with a new token, and all others as they
// are. A region that says the same in other words stays, for those who know only
// their own.
func (d vaultDocument) with(ref VaultRef, token Secret, now time.Time) map[string]json.RawMessage {
	members := maps.Clone(d.members)
	if members == nil {
		members = map[string]json.RawMessage{}
	}
	members["refresh_token"] = quote(token.Reveal())
	if ref.Seller != "" {
		members["seller_id"] = quote(ref.Seller)
	}
	if d.region() != ref.Region {
		members["region"] = quote(string(ref.Region))
	}
	if _, ok := members["created_at"]; !ok {
		members["created_at"] = quote(now.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return members
}

// quote is text as JSON.
func quote(text string) json.RawMessage {
	raw, _ := json.Marshal(text) // a text can always be written
	return raw
}
