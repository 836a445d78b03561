package boot

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
)

// openKeys returns what checks tokens. In development mode without any key it makes one and puts it into c.
func openKeys(ctx context.Context, c *Config, log *slog.Logger) (*httpapi.Authenticator, error) {
	if c.Dev && c.JWTSecret.IsZero() && c.JWKSURL == "" {
		c.JWTSecret = randomSecret()
	}
	return httpapi.NewAuthenticator(ctx, httpapi.AuthOptions{Secret: c.JWTSecret, JWKSURL: c.JWKSURL, Log: log})
}

// release is set by the linker (see Dockerfile), where the toolchain has no history to take a version from.
var release string

// version is the release, or the module's version as the Go toolchain stamped it.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
