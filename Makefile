# make without a target lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# What `ordersync version` says.
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# How long `make fuzz` spends on each target: a time, or a number of inputs such
# as 1000x.
FUZZTIME ?= 10s
# How many seeds `make soak` tells, and where it notes them.
SEEDS ?= 1000
SOAK ?= soak.txt
# How often `make chaos` kills a worker, stops one past its lease, and restarts the
# database; CHAOS holds further flags, such as -chaos.seed to replay a schedule.
KILLS ?= 100
STOPS ?= 20
RESTARTS ?= 10
CHAOS ?=
# Further flags for go test, such as -run or -v.
TESTFLAGS ?=
# Where what is made for this machine goes.
BIN := bin
LINT := $(BIN)/tools/golangci-lint

# The race detector is for our code. SQLite, translated from C, keeps its data
# outside of Go's heap, which the detector does not watch, and would only be slow:
# without its instruments tests take less than half. Its driver keeps them, and is
# spared the check of pointers only.
RACE := -race '-gcflags=modernc.org/sqlite=-d=checkptr=0' \
	'-gcflags=modernc.org/sqlite/lib=-race=false' '-gcflags=modernc.org/libc=-race=false' '-gcflags=modernc.org/memory=-race=false'

# Folders with files that a test makes and compares: those with an -update flag.
GENERATED_IN = $(shell grep -rl 'flag.Bool."update"' --include='*_test.go' . | xargs -r -n1 dirname | sort -u)

##@ Use
.PHONY: build demo
build: ## build bin/ordersync, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN)/ordersync ./cmd/ordersync

demo: build ## build and run the demo, against a simulated Amazon
	./$(BIN)/ordersync demo

##@ Check
.PHONY: test lint bench mutants chaos fuzz soak generate pictures
test: ## everything that must hold: format, vet, lint, tests on SQLite and PostgreSQL, generated files
	@scripts/test

lint: tools check-format check-vet check-lint ## format, vet and linters only

bench: ## benchmarks, on SQLite and PostgreSQL
	scripts/with-postgres go test -run '^$$' -bench . -benchmem $(TESTFLAGS) ./...

chaos: ## kill workers (KILLS), stop them past their leases (STOPS), restart the database (RESTARTS), then look for what is lost
	go test ./cmd/ordersync -count=1 -timeout 90m -v $(TESTFLAGS) -run '^TestChaos$$' -chaos.long -chaos.kills $(KILLS) -chaos.stops $(STOPS) -chaos.restarts $(RESTARTS) $(CHAOS)

fuzz: ## every fuzz target for FUZZTIME (10s) each
	@FUZZTIME=$(FUZZTIME) scripts/fuzz

mutants: ## build each deliberate defect in, see the simulation find it, and write the table in docs/proof.md
	go test ./internal/engine/simulation -run '^TestMutants' -count=1 -timeout 3h -v -args -mutants -mutants-update

soak: ## SEEDS (1000) more seeds of the simulation, noted in SOAK (soak.txt) by commit
	@test -z "$$(git status --porcelain)" || echo "soak: there are changes that the commit does not hold"
	go test ./internal/engine/simulation -run '^TestSoak$$' -count=1 -timeout 24h -args -soak $(SEEDS) \
		-soak-file $(abspath $(SOAK)) -soak-commit $(shell git rev-parse HEAD)

generate: ## write the generated files anew
	$(if $(GENERATED_IN),go test $(GENERATED_IN) -count=1 -run '^TestGenerated' -update)

pictures: tools ## take the pictures of the docs anew, from the running demo; with ALL=folder every page, light, dark and on a phone
	scripts/browser pictures.js $(if $(ALL),$(abspath $(ALL)))

##@ Keep house
.PHONY: tools clean help
tools: ## install what the checks need and is missing
	@scripts/tools

clean: ## remove what was built
	rm -rf $(BIN) coverage.out

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The parts of `make test`.
.PHONY: check-format check-vet check-lint check-unit check-fuzz check-whole check-simulation check-strangers check-browser check-alerts check-generated
check-format:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "not formatted (run gofmt -w):"; echo "$$unformatted"; exit 1; }

check-vet:
	go vet ./...

check-lint:
	$(LINT) run ./...

check-unit:
	CGO_ENABLED=1 scripts/with-postgres go test $(RACE) -parallel 8 -shuffle=on -timeout 15m $(TESTFLAGS) ./...

# What the race detector makes too slow to be run whole, and what it cannot see.
check-whole:
	scripts/with-postgres go test -timeout 10m -run '^(TestFleetOfTroubles|TestDayOfPolling|TestChaos|TestStormOfProcessesOnOneConnection|TestVaultBreaksInTheMiddleOfARun)$$' \
		./internal/engine ./internal/store ./cmd/ordersync

# The promises, told from 200 fresh seeds.
check-simulation:
	go test -timeout 20m -count=1 ./internal/engine/simulation

# A few new inputs for each fuzz target; those that are kept are unit tests.
check-fuzz:
	@FUZZTIME=200x scripts/fuzz

# Clients from npm read the simulator.
check-strangers:
	@scripts/strangers

# A seller connects, and connects again, in a real browser.
check-browser:
	@scripts/browser

# Each alert fires when it must and is silent when it must be.
check-alerts:
	bin/tools/promtool check rules deploy/prometheus/alerts.yml
	bin/tools/promtool test rules deploy/prometheus/alerts_test.yml

# The tests named TestGenerated… compare generated files with what would be
# generated; make generate writes them.
check-generated:
	go mod tidy -diff
	go mod verify
	$(if $(GENERATED_IN),go test $(GENERATED_IN) -count=1 -run '^TestGenerated')
