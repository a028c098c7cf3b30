# Everything that is done here by hand or by a machine goes through make.

GOLANGCI_LINT := v2.15.0

# The race detector needs a C compiler; without one the tests run all the same.
RACE := $(if $(shell command -v $$(go env CC) 2>/dev/null),-race)

# The tests behind a real proxy look in the same places.
NGINX := $(shell PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v nginx)

# The tests of the page need a browser; the check that everybody can use it
# needs a script that npm has.
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
AXE_CORE := 4.14.1
axe      := .cache/axe.min.js

tools := .cache/bin
lint  := $(tools)/golangci-lint-$(GOLANGCI_LINT)

.DEFAULT_GOAL := help
.PHONY: help
help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## run everything on this machine, with a chat page in the browser
	go run ./deployments/wxbus up

.PHONY: build
build: ## build every program into bin/
	CGO_ENABLED=0 go build -trimpath -ldflags=-s -o bin/ ./ingress ./workers/... ./deployments/wxbus

# What a night has time for and a change has not.
NIGHTLY ?=

.PHONY: test
test: $(if $(CHROMIUM),$(if $(shell command -v npm),$(axe))) ## run all tests, with NIGHTLY=1 every fuzz target as well
	@test -n "$(RACE)" || echo "no C compiler found: the tests run without the race detector"
	@test -n "$(NGINX)" || echo "no nginx found: the tests behind a real proxy are left out"
	@test -n "$(CHROMIUM)" || echo "no chromium found: the tests of the page are left out; on Debian: apt-get install chromium"
	@test -z "$(CHROMIUM)" -o -f $(axe) || echo "no npm found: the page's accessibility is not checked"
	go test $(RACE) ./...
	$(if $(NIGHTLY),@$(MAKE) --no-print-directory fuzz)

.PHONY: lint
lint: $(lint) ## check the code: vet, linters, format, tidy modules
	go vet ./...
	go mod tidy -diff
	$(lint) run

.PHONY: fmt
fmt: $(lint) ## format the code
	$(lint) fmt

.PHONY: settings
settings: ## write the tables of settings into both READMEs
	go test ./deployments/wxbus -run TestReadmeTables -update

FUZZTIME := 30s
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME, 30s each unless set
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r file; do \
		for target in $$(sed -n 's/^func \(Fuzz[[:alnum:]_]*\)(.*/\1/p' "$$file"); do \
			go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) || exit 1; \
		done; \
	done

# Only the ratios that the second command prints may be compared: the figures of
# the first are those of this machine.
.PHONY: bench
bench: ## measure the steps of a push, and the ingress against a server that does nothing
	go test -run '^$$' -bench . ./pkg/callback ./pkg/wechat ./pkg/bus ./ingress/...
	go run ./deployments/bench

.PHONY: cover
cover: ## run all tests and say how much of the code they reach
	go test -coverpkg=./... -coverprofile=cover.out ./...
	go tool cover -func=cover.out | tail -n 1

.PHONY: clean
clean: ## remove what builds and tests have left; the data of make run stays
	rm -rf bin .cache cover.out

# A tool of its own version and module: none of its requirements enter go.mod.
$(lint):
	GOBIN=$(CURDIR)/$(tools) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT)
	mv $(tools)/golangci-lint $@

$(axe):
	mkdir -p .cache
	cd .cache && npm pack --silent axe-core@$(AXE_CORE) && tar -xzf axe-core-$(AXE_CORE).tgz package/axe.min.js --strip-components=1
	rm .cache/axe-core-$(AXE_CORE).tgz
	touch $(axe)
