package ordersync

import (
	"fmt"
	"strings"
)

// TenantID names a customer of the SaaS, in the SaaS's own words. It is part of
// every key of tenant data. The zero value names nobody.
type TenantID string

// maxTenantID is the longest tenant id that is taken, in bytes.
const maxTenantID = 128

// reservedTenants mean "no single tenant" in the interface that this service
// replaces; a tenant of that name could never be asked for.
var reservedTenants = map[string]bool{"global": true, "system-global": true}

// ParseTenantID checks a tenant id from outside: 1 to 128 bytes of ASCII
// letters, digits and "-_.:@", beginning with a letter or digit.
func ParseTenantID(s string) (TenantID, error) {
	switch {
	case s == "":
		return "", fmt.Errorf("tenant id is empty: give the id under which the application knows this customer")
	case len(s) > maxTenantID:
		return "", fmt.Errorf("tenant id has %d bytes, at most %d are allowed", len(s), maxTenantID)
	case reservedTenants[strings.ToLower(s)]:
		return "", fmt.Errorf("tenant id %q is reserved: it means all tenants", s)
	}
	for i := range len(s) {
		if !tenantByte(s[i], i == 0) {
			return "", fmt.Errorf("tenant id %s has a character at byte %d that is not allowed: use letters, digits and -_.:@, beginning with a letter or digit",
				ShowBytes([]byte(s)), i+1)
		}
	}
	return TenantID(s), nil
}

func tenantByte(b byte, first bool) bool {
	switch {
	case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		return true
	case first:
		return false
	}
	return strings.IndexByte("-_.:@", b) >= 0
}
