# make run and make test are all a newcomer needs. Each installs what it needs on Debian and Ubuntu and says what to
# install elsewhere.

.PHONY: help run test screenshots chaos lint bench bench-engine fuzz generate

TOOL     = go tool -modfile=.ci/tools/go.mod
FUZZTIME ?= 10s

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: ## the whole product on this machine: a private Postgres, the API, the worker, a token to try
	@.ci/need postgres
	go build -o bin/server ./cmd/server
	@exec bin/server --dev

# -count=1: what deploy's tests look at lies outside of its module, where Go's test cache notices no change.
test: ## everything that must hold: lint, all tests under the race detector, every fuzz target for 10 s
	@.ci/need gcc postgres dovecot postfix promtool versitygw kvengine chromium
	$(MAKE) --no-print-directory lint
	go test -race -shuffle=on -timeout=40m ./...
	$(MAKE) --no-print-directory fuzz
	go -C deploy test -count=1 -shuffle=on ./...

screenshots: ## pictures of what a seller's browser shows, in bin/screenshots
	@.ci/need postgres chromium
	go test -count=1 -run='^TestAPersonTriesItInABrowser$$' ./app/boot -args -screenshots='$(CURDIR)/bin/screenshots'

chaos: ## everything that can fail fails, for as long as in earnest: nothing is lost; how long recovery takes
	@.ci/need gcc postgres dovecot
	go test -race -count=1 -v -timeout=30m -run='^TestChaos$$' ./app/boot -args -chaos

lint: ## formatting, go vet, staticcheck
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt wants: $$unformatted"; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...
	go -C deploy vet ./...
	go -C deploy tool -modfile=../.ci/tools/go.mod staticcheck ./...

bench: ## speed and memory against floors of the same run; LARGE=1 with 5,000,000 messages stored as well
	@.ci/need postgres dovecot
	go test -run='^$$' -bench=. -benchtime=1x -timeout=2h ./adapters/postgres $(if $(LARGE),-args -large)
	go test -run='^$$' -bench=. -benchmem ./domain ./adapters/amazon/mail
	go test -run='^$$' -bench=. -benchtime=1x -timeout=30m ./adapters/amazon/spapi
	go test -run='^$$' -bench=. -benchtime=1x -timeout=30m ./adapters/mailserver $(if $(LARGE),-args -large)
	go test -run='^$$' -bench=. -benchtime=1x -timeout=30m ./app/boot

bench-engine: ## 100,000 sellers due at once: how long one worker takes, and two; the way of a new message
	@.ci/need postgres
	go test -run='^$$' -bench='Engine|Latency' -benchtime=1x -timeout=1h ./app/boot

fuzz: ## every fuzz target for FUZZTIME (10s)
	@.ci/fuzz $(FUZZTIME)

generate: ## the gomock fakes of ports/portmock
	go generate ./...
