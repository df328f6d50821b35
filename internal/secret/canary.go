package secret

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// canaryOwner is whose the canary is: the database's as a whole.
var canaryOwner = Owner{Purpose: "canary"}

// NewCanary makes the value that a new database keeps to prove at each start
// that the master key is the one it was written with. What it holds is not
// wasted: digestKey, 32 random bytes, keys the digests that are kept of contents
// and goes with the database for ever, whatever becomes of the master key.
func NewCanary(b *Box) (sealed, digestKey []byte, err error) {
	digestKey = make([]byte, keyBytes)
	_, _ = rand.Read(digestKey) // never fails: it ends the program instead
	sealed, err = b.Seal(digestKey, canaryOwner)
	if err != nil {
		return nil, nil, fmt.Errorf("make the canary: %w", err)
	}
	return sealed, digestKey, nil
}

// OpenCanary proves the master key and returns the digest key. Under another
// key the error is [ErrWrongKey] and says what to do.
func OpenCanary(b *Box, sealed []byte) (digestKey []byte, err error) {
	digestKey, err = b.Open(sealed, canaryOwner)
	if errors.Is(err, ErrWrongKey) {
		return nil, fmt.Errorf("the key in %[1]s is not the one that this database was written with: "+
			"set %[1]s to that key; to replace it, write the new key, a comma and the old key: %[2]w", keySetting, err)
	}
	if err != nil {
		return nil, err
	}
	if len(digestKey) != keyBytes {
		return nil, fmt.Errorf("the canary of this database holds %d bytes instead of %d: restore the database from a backup", len(digestKey), keyBytes)
	}
	return digestKey, nil
}

// ResealCanary seals what a canary holds under the box's first key. The digest key
// stays the same.
func ResealCanary(b *Box, sealed []byte) ([]byte, error) {
	digestKey, err := OpenCanary(b, sealed)
	if err != nil {
		return nil, err
	}
	return b.Seal(digestKey, canaryOwner)
}
