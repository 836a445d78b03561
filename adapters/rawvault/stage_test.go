package rawvault_test

import (
	"encoding/base64"
	"math/rand/v2"
	"time"
)

const (
	minute = time.Minute
	hour   = time.Hour
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// base64Noise is size bytes of base64 that say nothing.
func base64Noise(size int) []byte {
	r := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, size*3/4)
	_, _ = r.Read(noise)
	return base64.StdEncoding.AppendEncode(nil, noise)
}
