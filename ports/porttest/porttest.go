// Package porttest holds the conformance suites of the ports. An adapter is done when it passes the suite of every port
// that it implements; a bug found in one adapter becomes a rule for all.
//
// A suite is called from an adapter's own test with a function that opens a fixture: the adapter, empty, and what the
// suite needs to know about it. What an adapter cannot do is a nil field of its fixture. Each rule of a port's comment is
// a subtest named as a sentence; subtests run in parallel, each on a fixture of its own.
package porttest

import "testing"

// rules are what a port promises: a sentence each, and the check of it on a fresh fixture.
type rules[F any] map[string]func(t *testing.T, f F)

// check runs every rule as a subtest. open is called once for each.
func (r rules[F]) check(t *testing.T, open func(t *testing.T) F) {
	for sentence, rule := range r {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			rule(t, open(t))
		})
	}
}
