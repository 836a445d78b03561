// Package ports says what the use cases need from the outside: one file per port, each a contract that a stranger could
// implement from. Adapters implement them, ports/porttest checks an adapter against its contract, and ports/portmock
// has gomock fakes for unit tests.
//
// What holds for every port: implementations are safe for concurrent use unless their comment says otherwise; errors
// are of the kinds of package domain, translated once at the adapter's edge; context errors pass as they are; an error
// is never an empty result; and the caller, not the adapter, decides about retries.
package ports

//go:generate go tool mockgen -typed -source=clock.go -destination=portmock/clock.go -package=portmock
//go:generate go tool mockgen -typed -source=directory.go -destination=portmock/directory.go -package=portmock
//go:generate go tool mockgen -typed -source=mailbox_checker.go -destination=portmock/mailbox_checker.go -package=portmock
//go:generate go tool mockgen -typed -source=marketplace_client.go -destination=portmock/marketplace_client.go -package=portmock
//go:generate go tool mockgen -typed -source=repository.go -destination=portmock/repository.go -package=portmock
//go:generate go tool mockgen -typed -source=secret_store.go -destination=portmock/secret_store.go -package=portmock
