# The commands: `make demo` runs a whole election, `make test` every test, `make bench`
# measures.

SCALE ?=
DATA  ?= moscow
KEEP  ?=
SEED  ?= 1
LOGIN ?=

BUILD    := build
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
GO_BUILD := go build -trimpath -ldflags "-X main.version=$(VERSION)"

.PHONY: build demo test unit race proto proto-check fmt-check vet fuzz differential \
	bench bench-full bench-moscow bench-programs bench-tables microbench profile clean

build:
	@mkdir -p $(BUILD)
	$(GO_BUILD) -o $(BUILD)/ ./cmd/urnad ./cmd/urna ./cmd/urna-gateway

demo: build
	@$(GO_BUILD) -o $(BUILD)/urna-demo ./testnet/demo
	@$(GO_BUILD) -o $(BUILD)/ ./testnet/portal/urna-portal ./testnet/smsc/urna-smsc ./testnet/mailbox/urna-mailbox
	@$(BUILD)/urna-demo --bin $(BUILD) --dir $(BUILD)/demo --data "$(DATA)" --seed $(SEED) \
		$(if $(SCALE),--scale $(SCALE)) $(if $(LOGIN),--login $(LOGIN)) $(if $(KEEP),--keep)

test: vet fmt-check
	go test -timeout 20m ./...

race:
	go test -race -short -timeout 30m ./crypto/... ./x/... ./app/... ./offchain/...

vet:
	go vet ./...

fmt-check:
	@files="$$(gofmt -l app cmd crypto internal node offchain proto testnet x scripts 2>/dev/null)"; \
	if [ -n "$$files" ]; then echo "run gofmt -w on:"; echo "$$files"; exit 1; fi

# Generated code is committed; proto-check shows that it is up to date.
proto:
	@mkdir -p $(BUILD)/tools
	cd scripts/tools && go build -o ../../$(BUILD)/tools/ ./protogen github.com/cosmos/gogoproto/protoc-gen-gocosmos
	$(BUILD)/tools/protogen proto proto $(BUILD)/tools/protoc-gen-gocosmos

proto-check: proto
	git diff --exit-code -- proto

# FUZZTIME for every fuzz target in turn.
FUZZTIME ?= 30s
fuzz:
	@scripts/fuzz.sh $(FUZZTIME)

# Batch and single verdicts over 100,000 random good and bad ballots.
differential:
	go test ./crypto/bitproof -run Differential -ballots=100000 -timeout 30m
	go test ./app -run Differential -casts=100000 -timeout 30m

# Programs of measurements beside those of a release.
bench-programs: build
	@$(GO_BUILD) -o $(BUILD)/urna-floor ./testnet/floor
	@$(GO_BUILD) -o $(BUILD)/urna-load ./testnet/load/urna-load
	@$(GO_BUILD) -o $(BUILD)/urna-bench ./testnet/bench

# ONLY and SKIP name stages: verify, voter, one, four, snapshot.
ONLY ?=
SKIP ?=
BENCH := $(BUILD)/urna-bench --bin $(BUILD) --dir $(BUILD)/bench --out $(BUILD)/bench.json $(if $(ONLY),--only $(ONLY)) $(if $(SKIP),--skip $(SKIP))

# A quarter of an hour on two quiet cores, up to 100,000 ballots.
bench: bench-programs
	@$(BENCH) --docs docs/PERFORMANCE.md

# Up to 1,000,000 ballots: two hours.
bench-full: bench-programs
	@$(BENCH) --sizes 1000,10000,100000,1000000 --four 300000 --docs docs/PERFORMANCE.md

# Moscow 2021 whole: 1,826,287 ballots of two contests. Stopped, it goes on when it is called
# again; build/moscow is kept until it is removed by hand.
bench-moscow: bench-programs
	@$(BUILD)/urna-bench --bin $(BUILD) --dir $(BUILD)/bench --out $(BUILD)/bench.json --only moscow --scale $(or $(SCALE),1)

# The tables of docs/PERFORMANCE.md from build/bench.json, nothing is measured.
bench-tables: bench-programs
	@$(BENCH) --docs docs/PERFORMANCE.md --tables

# CPU and heap profiles of a validator under load and of verification, into build/profiles.
profile: bench-programs
	@$(GO_BUILD) -o $(BUILD)/urna-profiled ./testnet/bench/profiled
	@$(BUILD)/urna-bench --bin $(BUILD) --dir $(BUILD)/bench --out $(BUILD)/bench.json --only profile --sizes 50000

# Every benchmark in Go.
microbench:
	go test -run '^$$' -bench . -benchmem ./crypto/... ./app/...

clean:
	rm -rf $(BUILD)
