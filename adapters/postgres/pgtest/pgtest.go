// Package pgtest gives every test a Postgres database of its own: [Database], [Durable] and [Empty].
//
// A test process starts one private server when its first test asks for a database; the server ends with the process. Its
// folder, in the user's cache directory, is used again by later processes, so that only the first ones make a cluster.
// The migrations run once per process, into a database that each test's is a copy of.
//
// Where no Postgres is installed the test fails and says so.
package pgtest

import (
	"sync"
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/postgres/local"
	"github.com/keybuzzio/marketplaces/migrations"
)

// The servers of this process, each started by the first test that needs it.
var (
	disposable = sync.OnceValues(func() (*cluster, error) {
		return startCluster("disposable", local.Options{Disposable: true, Settings: settings}, migrations.Up)
	})
	durable = sync.OnceValues(func() (*cluster, error) {
		return startCluster("durable", local.Options{Settings: settings}, migrations.Up)
	})
	settings = map[string]string{"max_connections": "300"}
)

// Database returns the URL of a fresh, migrated database that only this test uses and that its end drops, connections
// to it included. The role in the URL owns the database and is no superuser. The server of these databases flushes
// nothing to disk: what is committed survives everything but a crash of the machine or the server.
func Database(t testing.TB) string {
	t.Helper()
	return open(t, disposable).database(t, template)
}

// Durable is [Database] on a server that flushes every commit to disk, as one in production does: for benchmarks.
func Durable(t testing.TB) string {
	t.Helper()
	return open(t, durable).database(t, template)
}

// Empty is [Database] without the migrations: for their own tests.
func Empty(t testing.TB) string {
	t.Helper()
	return open(t, disposable).database(t, "template0")
}

// open returns the cluster, or ends the test: how, says the package's comment.
func open(t testing.TB, start func() (*cluster, error)) *cluster {
	t.Helper()
	c, err := start()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
