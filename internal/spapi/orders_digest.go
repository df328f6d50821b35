package spapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/go-json-experiment/json/jsontext"

	"ordersync"
)

// A digest of a data group is the sum of hashes of its leaves, each of its path
// and value: so the order of keys means nothing. A path holds the index of an
// array's element; the elements of orderItems and packages are bound by their
// id instead, because their order means nothing. null counts as absent, and a
// group without a leaf has digest 0.

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// fnv is FNV-1a, 64 bits, continued from seed.
func fnv(seed uint64, text []byte) uint64 {
	for _, b := range text {
		seed = (seed ^ uint64(b)) * fnvPrime
	}
	return seed
}

// mix is the finaliser of splitmix64: every bit of x moves every bit.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// nameSalt stands for a field's name in a path.
func nameSalt(name []byte) uint64 { return mix(fnv(fnvOffset, name)) }

// step is the path of a field, or with an index as salt of an array's element.
func step(path, salt uint64) uint64 { return mix(path*fnvPrime + salt + 0x9e3779b97f4a7c15) }

// sums collects the digests of one order, or of one element of it.
type sums struct {
	sum  [ordersync.GroupCount]uint64
	seen ordersync.Groups
}

func (s *sums) add(bit int, leaf uint64) {
	s.sum[bit] += leaf
	s.seen |= 1 << bit
}

// fold adds the digests of an element, bound by key.
func (s *sums) fold(element sums, key uint64) {
	for bit := range element.sum {
		if element.seen.Has(1 << bit) {
			s.add(bit, mix(mix(element.sum[bit])+key))
		}
	}
}

// digests are the sums by group: 0 for what was not there, and only for that.
func (s *sums) digests() [ordersync.GroupCount]uint64 {
	out := s.sum
	for bit := range out {
		if s.seen.Has(1<<bit) && out[bit] == 0 {
			out[bit] = 1
		}
	}
	return out
}

func plainLeaf(path uint64, value scalar) uint64 {
	return mix(fnv(fnv(path, []byte{byte(value.kind)}), value.text))
}

// keyed hashes what must not be guessed from its digest.
type keyed struct {
	mac  hash.Hash
	head [9]byte
	sum  [sha256.Size]byte
}

func newKeyed(key []byte) *keyed { return &keyed{mac: hmac.New(sha256.New, key)} }

func (k *keyed) leaf(path uint64, value scalar) uint64 {
	binary.BigEndian.PutUint64(k.head[:], path)
	k.head[8] = byte(value.kind)
	k.mac.Reset()
	k.mac.Write(k.head[:])
	k.mac.Write(value.text)
	return binary.BigEndian.Uint64(k.mac.Sum(k.sum[:0]))
}

// body names a body that has no readable id.
func (k *keyed) body(raw []byte) string {
	k.mac.Reset()
	k.mac.Write([]byte("body"))
	k.mac.Write(raw)
	return hex.EncodeToString(k.mac.Sum(k.sum[:0])[:16])
}

// typeLeaf stands for a value of which only the type is kept.
func typeLeaf(path uint64, kind jsontext.Kind) uint64 {
	return mix(fnv(path, []byte(typeName(kind))))
}

// pageDigest continues the digest of a page with one entry.
func pageDigest(digest uint64, id string, at int64, contents ...uint64) uint64 {
	digest = step(fnv(digest, []byte(id)), uint64(at))
	for _, content := range contents {
		digest = step(digest, content)
	}
	return digest
}
