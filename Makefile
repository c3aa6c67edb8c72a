# One word for each thing people do. `make` alone lists them.
SHELL := /bin/bash
CONFIGURATION ?= debug
DEPLOYMENT ?= manifests/deployments/starter.yaml
DATA ?=
LISTEN ?= 127.0.0.1:8080
MINUTES ?= 5
ROWS ?= 1000000

BUILD := swift build -c $(CONFIGURATION)

.PHONY: help run demo test test-all torture-import check bench fuzz install-deps install-test-deps build format clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

install-deps: ## install the Debian packages that are missing, and say which
	@scripts/install-deps

install-test-deps: ## those that the tests need too
	@scripts/install-deps tests

build: install-deps ## build the server, its modules and the command line
	$(BUILD)

run: CONFIGURATION := release
run: install-deps ## build (release) and run the starter deployment on a PostgreSQL of its own
	swift build -c release
	.build/release/tessera serve --deployment $(DEPLOYMENT) --listen $(LISTEN) $(if $(DATA),--data $(DATA))

demo: CONFIGURATION := release
demo: install-deps ## the same with a thousand made-up people, in a data folder of its own that goes at the end
	swift build -c release
	@scripts/demo $(LISTEN)

test: install-test-deps ## everything that CI proves
	@scripts/test

test-all: install-test-deps ## the same, then the running API against its own description (needs PyPI)
	@scripts/test-all

check: install-deps ## format and the direction of imports, without building anything
	@scripts/check

torture-import: install-test-deps ## a million rows, killed three times at random and resumed, against an import that ran through (ROWS=n)
	swift build -c release
	swift build --build-tests
	TESSERA_PROGRAM=$(CURDIR)/.build/release/tessera TESSERA_TORTURE_ROWS=$(ROWS) swift test --skip-build --filter '^ProductTests\.ProductTests/ImportTortureTests'

bench: install-test-deps ## Tessera beside pgbench: a table of ratios (see Benchmarks/README.md)
	@Benchmarks/run

fuzz: install-test-deps ## MINUTES=n of random input for each front
	@scripts/fuzz $(MINUTES)

format: ## rewrite the sources as swift-format wants them
	swift format -i --parallel --configuration .swift-format --recursive Sources Plugins Tests sdk/Sources sdk/Tests Package.swift sdk/Package.swift

clean: ## delete what was built
	rm -rf .build sdk/.build
