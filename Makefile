# The two commands: `make demo` runs a whole election, `make test` every test.

SCALE ?=
DATA  ?= moscow
KEEP  ?=
SEED  ?= 1

BUILD    := build
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
GO_BUILD := go build -trimpath -ldflags "-X main.version=$(VERSION)"

.PHONY: build demo test unit race proto proto-check fmt-check vet fuzz bench clean

build:
	@mkdir -p $(BUILD)
	$(GO_BUILD) -o $(BUILD)/ ./cmd/urnad ./cmd/urna ./cmd/urna-gateway

demo: build
	@$(GO_BUILD) -o $(BUILD)/urna-demo ./testnet/demo
	@$(BUILD)/urna-demo --bin $(BUILD) --dir $(BUILD)/demo --data "$(DATA)" --seed $(SEED) \
		$(if $(SCALE),--scale $(SCALE)) $(if $(KEEP),--keep)

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

bench:
	go test -run '^$$' -bench . -benchmem ./crypto/... ./app/...

clean:
	rm -rf $(BUILD)
