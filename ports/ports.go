// Package ports says what the use cases need from the outside: one file per port, each a contract that a stranger could
// implement from. Adapters implement them, ports/porttest checks an adapter against its contract, and ports/portmock
// has gomock fakes for unit tests.
//
// What holds for every port: implementations are safe for concurrent use unless their comment says otherwise; errors
// are of the kinds of package domain, translated once at the adapter's edge; context errors pass as they are; an error
// is never an empty result; and the caller, not the adapter, decides about retries.
package ports

//go:generate go tool mockgen -typed -source=addresses.go -destination=portmock/addresses.go -package=portmock
//go:generate go tool mockgen -typed -source=archive.go -destination=portmock/archive.go -package=portmock
//go:generate go tool mockgen -typed -source=authorizations.go -destination=portmock/authorizations.go -package=portmock
//go:generate go tool mockgen -typed -source=authorizer.go -destination=portmock/authorizer.go -package=portmock
//go:generate go tool mockgen -typed -source=clock.go -destination=portmock/clock.go -package=portmock
//go:generate go tool mockgen -typed -source=consents.go -destination=portmock/consents.go -package=portmock
//go:generate go tool mockgen -typed -source=conversations.go -destination=portmock/conversations.go -package=portmock
//go:generate go tool mockgen -typed -source=replies.go -destination=portmock/replies.go -package=portmock
//go:generate go tool mockgen -typed -source=directory.go -destination=portmock/directory.go -package=portmock
//go:generate go tool mockgen -typed -source=interpreter.go -destination=portmock/interpreter.go -package=portmock
//go:generate go tool mockgen -typed -source=jobs.go -destination=portmock/jobs.go -package=portmock
//go:generate go tool mockgen -typed -source=mailbox_checker.go -destination=portmock/mailbox_checker.go -package=portmock
//go:generate go tool mockgen -typed -source=mailbox_watcher.go -destination=portmock/mailbox_watcher.go -package=portmock
//go:generate go tool mockgen -typed -source=marketplace_client.go -destination=portmock/marketplace_client.go -package=portmock
//go:generate go tool mockgen -typed -source=object_store.go -destination=portmock/object_store.go -package=portmock
//go:generate go tool mockgen -typed -source=order_source.go -destination=portmock/order_source.go -package=portmock
//go:generate go tool mockgen -typed -source=orders.go -destination=portmock/orders.go -package=portmock
//go:generate go tool mockgen -typed -source=observer.go -destination=portmock/observer.go -package=portmock
//go:generate go tool mockgen -typed -source=operations.go -destination=portmock/operations.go -package=portmock
//go:generate go tool mockgen -typed -source=poll_ledger.go -destination=portmock/poll_ledger.go -package=portmock
//go:generate go tool mockgen -typed -source=quarantine.go -destination=portmock/quarantine.go -package=portmock
//go:generate go tool mockgen -typed -source=queue.go -destination=portmock/queue.go -package=portmock
//go:generate go tool mockgen -typed -source=rate_limiter.go -destination=portmock/rate_limiter.go -package=portmock
//go:generate go tool mockgen -typed -source=source_vault.go -destination=portmock/source_vault.go -package=portmock
//go:generate go tool mockgen -typed -source=dead_letters.go -destination=portmock/dead_letters.go -package=portmock
//go:generate go tool mockgen -typed -source=repository.go -destination=portmock/repository.go -package=portmock
//go:generate go tool mockgen -typed -source=sender.go -destination=portmock/sender.go -package=portmock
//go:generate go tool mockgen -typed -source=submission_checker.go -destination=portmock/submission_checker.go -package=portmock
//go:generate go tool mockgen -typed -source=secret_store.go -destination=portmock/secret_store.go -package=portmock
