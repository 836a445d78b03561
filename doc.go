// Package marketplaces is KeyBuzz's connection to marketplaces: it brings buyers' messages in as tickets, each exactly
// once, flags the ones that a machine must not answer, and lets sellers connect their accounts.
//
// It is used in three ways. Other services import it: package app has the use cases, ports what they need, adapters
// what there is; the example shows the shortest embedding. Operators run it: cmd/server and cmd/worker. Unit tests fake
// it: ports/portmock has a gomock for every port, adapters/memory a store that keeps the contracts.
//
// ARCHITECTURE.md is the map.
package marketplaces
