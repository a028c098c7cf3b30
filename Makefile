# Everything that is done here by hand or by a machine goes through make.

GOLANGCI_LINT := v2.15.0

# The race detector needs a C compiler; without one the tests run all the same.
RACE := $(if $(shell command -v $$(go env CC) 2>/dev/null),-race)

# The tests behind a real proxy look in the same places.
NGINX := $(shell PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v nginx)

CYCLONEDX := v1.10.0
# The tests of the page need a browser; the check that everybody can use it
# needs a script that npm has.
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
AXE_CORE := 4.14.1
axe      := .cache/axe.min.js

tools := .cache/bin
lint  := $(tools)/golangci-lint-$(GOLANGCI_LINT)
sbom  := $(tools)/cyclonedx-gomod-$(CYCLONEDX)
comma := ,
space := $(subst ,, )

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

# The programs that have an image: PROGRAMS=./workers/greeter makes that of one.
PROGRAMS  := ./ingress $(patsubst %/main.go,./%,$(wildcard workers/*/main.go)) ./deployments/wxbus
REGISTRY  := ghcr.io/wxbus
PLATFORMS := linux/amd64 linux/arm64
VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
REVISION  := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
CREATED   := $(shell git log -1 --format=%ct 2>/dev/null || echo 0)

.PHONY: image
image: $(addprefix image/,$(notdir $(PROGRAMS))) ## build the images of all programs as OCI archives, with SBOMs, into bin/images/
	@ls -l bin/images

# With a Docker that builds for several platforms by the Dockerfile, else by Go
# alone. Both make the same image.
BUILDX := $(shell docker buildx version >/dev/null 2>&1 && docker info >/dev/null 2>&1 && echo yes)
image/%: program = $(filter %/$*,$(PROGRAMS))
image/%: labels = org.opencontainers.image.title=wxbus-$* org.opencontainers.image.source=https://github.com/wxbus/wxbus \
	org.opencontainers.image.version=$(VERSION) org.opencontainers.image.revision=$(REVISION)
image/%: $(sbom)
ifeq ($(BUILDX),yes)
	mkdir -p bin/images
	docker buildx build -f deployments/docker/Dockerfile --build-arg PROGRAM=$(program) --sbom=true \
		$(foreach label,$(labels),--label $(label)) --platform $(subst $(space),$(comma),$(PLATFORMS)) \
		--tag $(REGISTRY)/$*:$(VERSION) --output type=oci,dest=bin/images/$*.tar .
else
	for platform in $(PLATFORMS); do \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go build -trimpath -tags timetzdata -ldflags='-s -w' \
			-o bin/$$platform/$* $(program) || exit 1; \
	done
	cd deployments/docker && go run ./oci -out ../../bin/images/$*.tar -name $(REGISTRY)/$*:$(VERSION) -created $(CREATED) \
		$(foreach label,$(labels),-label $(label)) $(foreach platform,$(PLATFORMS),-binary $(platform)=../../bin/$(platform)/$*)
	$(sbom) bin -json -version $(VERSION) -output bin/images/$*.cdx.json bin/$(firstword $(PLATFORMS))/$*
endif

# Modules beside the one of wxbus: what they need for images and for the tests of
# manifests stands in no go.mod of those who import wxbus.
MODULES := deployments/docker deployments/kubernetes

# What a night has time for and a change has not.
NIGHTLY ?=

.PHONY: test
test: $(if $(CHROMIUM),$(if $(shell command -v npm),$(axe))) ## run all tests, with NIGHTLY=1 every fuzz target as well
	@test -n "$(RACE)" || echo "no C compiler found: the tests run without the race detector"
	@test -n "$(NGINX)" || echo "no nginx found: the tests behind a real proxy are left out"
	@test -n "$(CHROMIUM)" || echo "no chromium found: the tests of the page are left out; on Debian: apt-get install chromium"
	@test -z "$(CHROMIUM)" -o -f $(axe) || echo "no npm found: the page's accessibility is not checked"
	go test $(RACE) ./...
	$(foreach module,$(MODULES),cd $(module) && go test $(RACE) ./... && cd $(CURDIR) &&) true
	$(if $(NIGHTLY),@$(MAKE) --no-print-directory fuzz)

.PHONY: lint
lint: $(lint) ## check the code: vet, linters, format, tidy modules
	go vet ./...
	go mod tidy -diff
	$(lint) run
	$(foreach module,$(MODULES),cd $(module) && go vet ./... && go mod tidy -diff && $(CURDIR)/$(lint) run && cd $(CURDIR) &&) true

.PHONY: fmt
fmt: $(lint) ## format the code
	$(lint) fmt
	$(foreach module,$(MODULES),cd $(module) && $(CURDIR)/$(lint) fmt && cd $(CURDIR) &&) true

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

KUBE_REGISTRY := $(REGISTRY)
KUBE_TAG      := $(VERSION)
.PHONY: kube-test
kube-test: ## run wxbus on the cluster that KUBECONFIG names, with the images of KUBE_REGISTRY and KUBE_TAG
	cd deployments/kubernetes && KUBE_REGISTRY=$(KUBE_REGISTRY) KUBE_TAG=$(KUBE_TAG) go test -tags kube -run TestKube -count 1 -v -timeout 40m .

# Only the ratios that the second command prints may be compared: the figures of
# the first are those of this machine.
.PHONY: bench
bench: ## measure the steps of a push, and programs against others that do nothing
	go test -run '^$$' -bench . ./pkg/callback ./pkg/wechat ./pkg/bus ./ingress/...
	go run ./deployments/bench

# Runs begin until FOR has passed, the first with SEED, any unless set; each has
# every fault once and takes about five minutes.
FOR  := 10m
SEED := 0
.PHONY: chaos
chaos: ## kill, freeze and cut off everything under load for FOR, 10m unless set, and check what is promised
	go test ./deployments/chaos -run Promises -count=1 -v -timeout 0 -for $(FOR) -seed $(SEED)

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

$(sbom):
	GOBIN=$(CURDIR)/$(tools) go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX)
	mv $(tools)/cyclonedx-gomod $@

$(axe):
	mkdir -p .cache
	cd .cache && npm pack --silent axe-core@$(AXE_CORE) && tar -xzf axe-core-$(AXE_CORE).tgz package/axe.min.js --strip-components=1
	rm .cache/axe-core-$(AXE_CORE).tgz
	touch $(axe)
