package secret

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ordersync"
)

// VaultLayout is where the documents of connections lie in Vault.
type VaultLayout struct {
	Mount string // of a KV store of version 2, without slashes around it
	Path  string // within the mount, with {tenant}, {region}, {seller}
}

// VaultPresets are the layouts that have a name. "ordersync" is the default, a
// document for each connection. "keybuzz" is the layout of the system that this
// service replaces, one document for each tenant, so that both can read the same
// Vault while one replaces the other. The document has one shape in both.
var VaultPresets = map[string]VaultLayout{
	"ordersync": {Mount: "secret", Path: "ordersync/{tenant}/{region}/{seller}"},
	"keybuzz":   {Mount: "secret", Path: "keybuzz/tenants/{tenant}/amazon_spapi"},
}

// UsePreset sets Mount and Path to the preset of that name.
func (c *VaultConfig) UsePreset(name string) error {
	layout, ok := VaultPresets[name]
	if !ok {
		var names []string
		for known := range VaultPresets {
			names = append(names, known)
		}
		slices.Sort(names)
		return fmt.Errorf("vault preset %s is unknown: use one of %s", ordersync.ShowBytes([]byte(name)), strings.Join(names, ", "))
	}
	c.Mount, c.Path = layout.Mount, layout.Path
	return nil
}

// VaultRef names the document of one connection.
type VaultRef struct {
	Tenant ordersync.TenantID
	Region ordersync.Region
	Seller string // selling partner id; "" while it is unknown
}

// vaultSegment is a fixed segment of a path. Neither "." nor ".." is one, and
// nothing in it needs escaping.
var vaultSegment = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

// vaultPlaceholders are the segments that a reference fills.
var vaultPlaceholders = []string{"{tenant}", "{region}", "{seller}"}

// parseVaultPath checks a template of paths and returns its segments. A
// placeholder is a whole segment: beside other text, or beside another
// placeholder, the values of two tenants could come to one path.
func parseVaultPath(text string) ([]string, error) {
	segments := strings.Split(text, "/")
	for i, segment := range segments {
		switch {
		case slices.Contains(vaultPlaceholders, segment), vaultSegment.MatchString(segment):
		case segment == "":
			return nil, fmt.Errorf("vault path %s has an empty segment %d: write segments with one slash between them, none at the ends", show(text), i+1)
		case strings.ContainsAny(segment, "{}"):
			return nil, fmt.Errorf("vault path %s has segment %d %s: use {tenant}, {region} or {seller}, each as a whole segment", show(text), i+1, show(segment))
		default:
			return nil, fmt.Errorf("vault path %s has segment %d %s: use letters, digits and -_. in it, not beginning with a dot", show(text), i+1, show(segment))
		}
	}
	if !slices.Contains(segments, "{tenant}") {
		return nil, fmt.Errorf("vault path %s has no segment {tenant}: without it all tenants would share one token; the default is %s",
			show(text), VaultPresets["ordersync"].Path)
	}
	return segments, nil
}

// checkVaultMount checks the path of a mount, of a store or of a login.
func checkVaultMount(field, text string) error {
	for segment := range strings.SplitSeq(text, "/") {
		if !vaultSegment.MatchString(segment) {
			return fmt.Errorf("%s %s is no path of a mount: write it without slashes at the ends, of letters, digits and -_., such as secret or team/secret", field, show(text))
		}
	}
	return nil
}

func show(text string) string { return ordersync.ShowBytes([]byte(text)) }

// path is the path of a reference within the mount. Every value is checked, so
// that none is empty, holds a slash, means a folder above, or needs escaping.
func (v *Vault) path(ref VaultRef) (string, error) {
	if _, err := ordersync.ParseTenantID(string(ref.Tenant)); err != nil {
		return "", err
	}
	if _, err := ordersync.ParseRegion(string(ref.Region)); err != nil {
		return "", err
	}
	if err := ordersync.CheckSellerID(ref.Seller); err != nil {
		return "", err
	}
	filled := slices.Clone(v.template)
	for i, segment := range filled {
		switch segment {
		case "{tenant}":
			filled[i] = string(ref.Tenant)
		case "{region}":
			filled[i] = string(ref.Region)
		case "{seller}":
			if ref.Seller == "" {
				return "", fmt.Errorf("sellingPartnerId is empty and the vault path %s needs it: import the connection with its sellingPartnerId, or use a path without {seller}",
					strings.Join(v.template, "/"))
			}
			filled[i] = ref.Seller
		}
	}
	return strings.Join(filled, "/"), nil
}
