# make run and make test are all a newcomer needs. Each installs what it needs on Debian and Ubuntu and says what to
# install elsewhere.

.PHONY: help run test lint bench fuzz generate

TOOL     = go tool -modfile=.ci/tools/go.mod
FUZZTIME ?= 10s

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: ## the whole product on this machine: a private Postgres, the API, the worker, a token to try
	@.ci/need postgres
	go build -o bin/server ./cmd/server
	@exec bin/server --dev

test: ## everything that must hold: lint, then all tests under the race detector
	@.ci/need gcc postgres dovecot
	$(MAKE) --no-print-directory lint
	go test -race -shuffle=on ./...

lint: ## formatting, go vet, staticcheck
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt wants: $$unformatted"; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...

bench: ## speed and memory against floors of the same run; LARGE=1 with 5,000,000 messages stored as well
	@.ci/need postgres dovecot
	go test -run='^$$' -bench=. -benchtime=1x -timeout=2h ./adapters/postgres $(if $(LARGE),-args -large)
	go test -run='^$$' -bench=. -benchmem ./domain ./adapters/amazon/mail
	go test -run='^$$' -bench=. -benchtime=1x -timeout=30m ./app/boot

fuzz: ## every fuzz target for FUZZTIME (10s)
	@for package in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$package/*_test.go | cut -d' ' -f2); do \
			go test -run='^$$' -fuzz="^$$target$$" -fuzztime=$(FUZZTIME) $$package || exit 1; \
		done; \
	done

generate: ## the gomock fakes of ports/portmock
	go generate ./...
