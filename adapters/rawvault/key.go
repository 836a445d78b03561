package rawvault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/keybuzzio/marketplaces/domain"
)

// A sealed raw is a byte that names this form, a random nonce, and the ciphertext with its tag. Stored data: it never changes.
const (
	form      = 1
	nonceSize = 12
	tagSize   = 16
	header    = 1 + nonceSize
)

// maxRaw is the largest raw that is opened, in bytes: far beyond what is accepted.
const maxRaw = 64 << 20

// The compression is shared: both work on many raws at once, and wait their turn beyond these. The window is small, since
// messages are, and few are large.
var (
	compressor, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(512<<10), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true), zstd.WithEncoderCRC(false))
	decompressor, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxRaw), zstd.WithDecoderLowmem(true))
)

// key is a tenant's key, ready for use.
type key struct {
	id     domain.SourceKeyID
	tenant domain.TenantID
	aead   cipher.AEAD
}

// sealer is the ports.SourceSealer of a key.
type sealer struct{ key }

// Seal implements ports.SourceSealer.
func (s sealer) Seal(raw domain.StoredSource) (domain.StoredSource, error) {
	if raw.Sealed() {
		return raw, nil
	}
	if raw.Size > maxRaw {
		return raw, domain.Errorf(domain.ErrInvalid, "a message of more than %d bytes is not kept", maxRaw)
	}
	out := make([]byte, header, header+raw.Size*13/16+1024) // of what mails hold, files in base64 shrink least: to three quarters
	out[0] = form
	_, _ = rand.Read(out[1:header])
	out = compressor.EncodeAll(raw.Bytes, out)
	out = slices.Grow(out, tagSize)
	raw.Key, raw.Bytes = s.id, s.aead.Seal(out[:header], out[1:header], out[header:], s.about(s.id, raw.Digest))
	return raw, nil
}

// open returns what was sealed. Everything is checked, the promised size before memory is taken for it.
func (k key) open(kept domain.StoredSource) (domain.Source, error) {
	if kept.Size < 0 || kept.Size > maxRaw || len(kept.Bytes) < header+tagSize || kept.Bytes[0] != form {
		return domain.Source{}, errDamaged
	}
	packed, err := k.aead.Open(nil, kept.Bytes[1:header], kept.Bytes[header:], k.about(kept.Key, kept.Digest))
	if err != nil {
		return domain.Source{}, errDamaged
	}
	plain, err := decompressor.DecodeAll(packed, make([]byte, 0, kept.Size))
	if err != nil || domain.DigestOf(plain) != kept.Digest {
		return domain.Source{}, errDamaged
	}
	return domain.Source{MediaType: kept.MediaType, Bytes: plain}, nil
}

// errDamaged says nothing of how it differs: that is for nobody to know who may have changed it.
var errDamaged = domain.Errorf(domain.ErrInvalid, "the message is not as it was sealed")

// about is what the ciphertext is bound to, so that no raw passes for another's.
func (k key) about(id domain.SourceKeyID, d domain.Digest) []byte {
	about := append([]byte("keybuzz raw\x00"), k.tenant.String()...)
	about = append(append(about, 0), id.UUID[:]...)
	return append(about, d[:]...)
}

// newAEAD returns AES-256-GCM under a key of 32 bytes.
func newAEAD(secret []byte) (cipher.AEAD, error) {
	if len(secret) != 32 {
		return nil, domain.Errorf(domain.ErrUnavailable, "a key for messages in the SecretStore has %d bytes, not 32", len(secret))
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, domain.Wrap(domain.ErrUnavailable, err, "a key for messages cannot be used")
	}
	return cipher.NewGCM(block)
}
