package domain

import (
	"crypto/sha256"
	"encoding/hex"
)

// Source is a message exactly as the source gave it.
type Source struct {
	MediaType string // message/rfc822, application/json
	Bytes     []byte
}

// Digest is the SHA-256 of a raw's bytes: the same bytes have the same digest, and what is kept is checked against it.
type Digest [sha256.Size]byte

// DigestOf returns the digest of bytes.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// String returns the digest in lower-case hex.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// StoredSource is a Source as it is stored. A new one is plain; ports.SourceVault seals it, which compresses its bytes and encrypts
// them with a key of the tenant's, and opens it again.
type StoredSource struct {
	MediaType string
	Digest    Digest      // of the plain bytes
	Size      int         // of the plain bytes
	Key       SourceKeyID // what Bytes are sealed with; zero: they are plain
	// Bytes are what is kept. nil when a sealed raw has been moved to the object store, and when it was not asked for.
	Bytes []byte
}

// Plain returns a raw as it came, not sealed.
func (r Source) Plain() StoredSource {
	return StoredSource{MediaType: r.MediaType, Digest: DigestOf(r.Bytes), Size: len(r.Bytes), Bytes: r.Bytes}
}

// Sealed reports whether the bytes are encrypted.
func (r StoredSource) Sealed() bool { return r.Key != SourceKeyID{} }

// ObjectName is the name of the tenant's raw in the object store, once it was moved there.
func (r StoredSource) ObjectName(t TenantID) string {
	return t.String() + "/" + r.Key.String() + "/" + r.Digest.String()
}

// SourceKey is a tenant's key for raws, which itself is in the SecretStore. Without it what it has sealed is unreadable, in
// backups too.
type SourceKey struct {
	ID     SourceKeyID
	Tenant TenantID
	Path   SecretPath // where the key is
}
