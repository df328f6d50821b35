package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"

	"ordersync"
)

// keyBytes is the length of a master key: AES-256.
const keyBytes = 32

// keySetting is the setting that errors name.
const keySetting = "ORDERSYNC_MASTER_KEY"

// ErrWrongKey says that no key of the box opens a sealed value: it was sealed
// under another key or for another owner, or it was changed since. Which of the
// three, nobody can tell.
var ErrWrongKey = errors.New("sealed value does not open: other key, other owner or changed bytes")

// Owner says whose a sealed value is and what for. A value opens only for the
// owner it was sealed for, so a row copied to another tenant is worth nothing.
type Owner struct {
	Tenant     ordersync.TenantID     // "" when it belongs to no tenant
	Connection ordersync.ConnectionID // 0 when it belongs to no connection
	Purpose    string                 // such as "refresh token"
}

// bytes is the owner as associated data. Lengths stand before the texts, so two
// different owners never have the same bytes.
func (o Owner) bytes() []byte {
	var b []byte
	b = binary.BigEndian.AppendUint64(b, uint64(len(o.Tenant)))
	b = append(b, o.Tenant...)
	b = binary.BigEndian.AppendUint64(b, uint64(o.Connection))
	b = binary.BigEndian.AppendUint64(b, uint64(len(o.Purpose)))
	return append(b, o.Purpose...)
}

// Box seals and opens under a master key. It is safe for concurrent use; the
// zero value is not usable, [ParseMasterKey] makes one.
type Box struct {
	aead  tink.AEAD
	first uint32 // id of the key that seals
	keys  int
}

// Keys is how many keys the box has.
func (b *Box) Keys() int { return b.keys }

// Current tells whether a sealed value is under the key that seals now, and not
// under one that only opens. It says nothing of whether it opens.
func (b *Box) Current(sealed []byte) bool {
	// Tink's output prefix: 1 and the key's id.
	return len(sealed) >= 5 && sealed[0] == 1 && binary.BigEndian.Uint32(sealed[1:5]) == b.first
}

// Seal encrypts plain for owner. Two seals of one value differ; each is 33 bytes
// longer than what it holds: Tink's prefix with the key's id (5), nonce (12) and
// tag (16).
func (b *Box) Seal(plain []byte, owner Owner) ([]byte, error) {
	sealed, err := b.aead.Encrypt(plain, owner.bytes())
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", owner.Purpose, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same owner, under any key of the box.
// The error is [ErrWrongKey].
func (b *Box) Open(sealed []byte, owner Owner) ([]byte, error) {
	plain, err := b.aead.Decrypt(sealed, owner.bytes())
	if err != nil {
		// Tink's own words say nothing more.
		return nil, fmt.Errorf("open %s: %w", owner.Purpose, ErrWrongKey)
	}
	return plain, nil
}

// GenerateMasterKey makes a new master key: 44 characters of base64.
func GenerateMasterKey() string {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	return base64.StdEncoding.EncodeToString(key)
}

// ParseMasterKey reads the master key: one or several keys with commas between
// them, each base64 (standard or URL alphabet, padded or not) of exactly 32
// bytes. The first seals, all open: a key is replaced by writing the new one
// before the old one. Spaces and line ends around a key do not count. Errors
// show nothing of a key.
func ParseMasterKey(text string) (*Box, error) {
	if strings.TrimSpace(text) == "" {
		return nil, fmt.Errorf("%s is empty: give base64 of 32 random bytes, as from: openssl rand -base64 32", keySetting)
	}
	parts := strings.Split(text, ",")
	manager := keyset.NewManager()
	seen := map[uint32]int{}
	var first uint32
	for i, part := range parts {
		key, err := parseKey(part)
		if err != nil {
			return nil, fmt.Errorf("%s, key %d of %d: %w", keySetting, i+1, len(parts), err)
		}
		id := keyID(key)
		if first, double := seen[id]; double {
			return nil, fmt.Errorf("%s: keys %d and %d are the same: remove one", keySetting, first, i+1)
		}
		seen[id] = i + 1
		if i == 0 {
			first = id
		}
		if err := addKey(manager, id, key, i == 0); err != nil {
			return nil, fmt.Errorf("%s, key %d of %d: %w", keySetting, i+1, len(parts), err)
		}
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, fmt.Errorf("%s: build keyset: %w", keySetting, err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("%s: build cipher: %w", keySetting, err)
	}
	return &Box{primitive, first, len(parts)}, nil
}

// parseKey reads one key. Each key has one spelling in each alphabet: unused
// bits must be zero and nothing may stand inside.
func parseKey(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, errors.New("is empty: remove the comma too much")
	}
	encoding := base64.StdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.URLEncoding
	}
	if !strings.Contains(text, "=") {
		encoding = encoding.WithPadding(base64.NoPadding)
	}
	// The decoder would skip line ends.
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("has a line end inside: write one key on one line, several with commas between them")
	}
	key, err := encoding.Strict().DecodeString(text)
	if err != nil {
		// The decoder's error is left out: it would tell about the key.
		return nil, errors.New("is no base64: make one with: openssl rand -base64 32")
	}
	if len(key) != keyBytes {
		return nil, fmt.Errorf("has %d bytes, exactly %d are needed: make one with: openssl rand -base64 32", len(key), keyBytes)
	}
	return key, nil
}

// keyID is the number that stands before everything sealed under key, so that
// the right key is found among several. Tink uses 0 for none.
func keyID(key []byte) uint32 {
	sum := sha256.Sum256(key)
	return max(binary.BigEndian.Uint32(sum[:4]), 1)
}

// addKey puts one key into the keyset that manager builds.
func addKey(manager *keyset.Manager, id uint32, key []byte, primary bool) error {
	parameters, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: keyBytes, IVSizeInBytes: 12, TagSizeInBytes: 16, Variant: aesgcm.VariantTink,
	})
	if err != nil {
		return fmt.Errorf("describe AES-256-GCM: %w", err)
	}
	data := secretdata.NewBytesFromData(key, insecuresecretdataaccess.Token{})
	gcm, err := aesgcm.NewKey(data, id, parameters)
	if err != nil {
		return fmt.Errorf("build AES-256-GCM key: %w", err)
	}
	if _, err := manager.AddKey(gcm); err != nil {
		return fmt.Errorf("add to keyset: %w", err)
	}
	if !primary {
		return nil
	}
	if err := manager.SetPrimary(id); err != nil {
		return fmt.Errorf("make it the sealing key: %w", err)
	}
	return nil
}
