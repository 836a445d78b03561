package standin

import (
	"crypto/rand"
	"time"
)

// account is a seller in a region: what a consent covers.
type account struct{ seller, region string }

// standing is from when on the tokens of an account are good. Without one all are.
type standing struct {
	grant  int64 // access and refresh tokens of earlier consents are revoked
	serial int64 // earlier refresh tokens are replaced
}

// Rotation says what comes back when a refresh token is used.
type Rotation int

// What may come back.
const (
	RotateNever   Rotation = iota // the same token, as Amazon does it
	RotateKeep                    // another one; the one before stays good
	RotateReplace                 // another one; the one before is not taken again
)

const (
	authorizationLife = 365 * 24 * time.Hour
	codeLife          = 5 * time.Minute
)

// next returns a serial higher than any before, those of a stand-in that was here before included. The caller has a.mu.
func (a *Amazon) next() int64 {
	a.serial = max(a.serial+1, a.now().UnixNano())
	return a.serial
}

// RefreshToken returns what an exchanged code would bring: a token of a seller who consents now, in a region.
func (a *Amazon) RefreshToken(seller, region string) (refresh string) {
	a.do(func() { refresh = a.grant(account{seller, region}) })
	return refresh
}

// grant makes a refresh token of a new consent. The caller has a.mu.
func (a *Amazon) grant(of account) string {
	serial := a.next()
	return a.seal(refreshPrefix, token{
		Client: a.app.ClientID, Seller: of.seller, Region: of.region, Grant: serial, Serial: serial, Granted: a.now().Unix(),
	})
}

// Revoke takes back a seller's consent in a region, as sellers do in Seller Central; in all regions if region is "". No token
// that was given out before is good any more.
func (a *Amazon) Revoke(seller, region string) {
	a.do(func() {
		floor := a.next()
		for _, r := range regions {
			if region == "" || region == r {
				a.standings[account{seller, r}] = &standing{grant: floor, serial: floor}
			}
		}
	})
}

// Rotate changes what comes back when a refresh token is used.
func (a *Amazon) Rotate(r Rotation) { a.do(func() { a.rotation = r }) }

// SetTokenLife changes for how long access tokens are good from now on. Those that are out keep their end.
func (a *Amazon) SetTokenLife(d time.Duration) { a.do(func() { a.tokenLife = d }) }

// Skew sets the clock of the Selling Partner API ahead of that of Login with Amazon, or back: access tokens end earlier or
// later than it was said, and its Date headers are wrong.
func (a *Amazon) Skew(d time.Duration) { a.do(func() { a.skew = d }) }

// revoked reports whether the consent that t came from was taken back, or ended after a year. The caller has a.mu.
func (a *Amazon) revoked(t token) bool {
	s := a.standings[account{t.Seller, t.Region}]
	if s != nil && t.Grant < s.grant {
		return true
	}
	return a.now().Sub(time.Unix(t.Granted, 0)) > authorizationLife
}

// replaced reports whether the refresh token t made room for another. The caller has a.mu.
func (a *Amazon) replaced(t token) bool {
	s := a.standings[account{t.Seller, t.Region}]
	return s != nil && t.Serial < s.serial
}

// rotated returns the refresh token that comes back when t, which is good, is used. The caller has a.mu.
func (a *Amazon) rotated(t token) string {
	if a.rotation == RotateNever {
		return a.seal(refreshPrefix, t)
	}
	t.Serial = a.next()
	if a.rotation == RotateReplace {
		s := a.standings[account{t.Seller, t.Region}]
		if s == nil {
			s = &standing{}
			a.standings[account{t.Seller, t.Region}] = s
		}
		s.serial = t.Serial
	}
	return a.seal(refreshPrefix, t)
}

// code is a consent whose code was not exchanged yet.
type code struct {
	account
	redirect string
	ends     time.Time
}

// newCode makes the code of a consent.
func (a *Amazon) newCode(of account, redirect string) (text string) {
	text = "AN" + rand.Text()[:18]
	a.do(func() {
		for other, c := range a.codes {
			if a.now().After(c.ends) {
				delete(a.codes, other)
			}
		}
		a.codes[text] = code{of, redirect, a.now().Add(codeLife)}
	})
	return text
}

// redeem takes a code out of those that are good. The caller has a.mu.
func (a *Amazon) redeem(text, redirect string) (account, bool) {
	c, ok := a.codes[text]
	delete(a.codes, text)
	return c.account, ok && !a.now().After(c.ends) && c.redirect == redirect
}
