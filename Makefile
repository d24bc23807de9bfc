# Tasks of the project; `make help` lists them. Needs Python 3.11 or later with venv;
# the tests also need Node 20 or later with npm. Everything that is made stays inside
# the checkout: .venv, .cache.

PYTHON := $(shell for p in python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v $$p && break; done)
BIN := .venv/bin

# Nothing is written outside the checkout, so that a home directory is not needed.
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
export npm_config_cache ?= $(CURDIR)/.cache/npm
export BUF_CACHE_DIR ?= $(CURDIR)/.cache/buf/cache

# Files depend on the stamps, which the installer writes last.
INSTALLED_FROM := pyproject.toml constraints.txt scripts/install.py

.DEFAULT_GOAL := help
.PHONY: help serve test check format generate freeze clean

help: ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile

serve: .venv/.installed-serve ## install, then serve the embedded model on 127.0.0.1
	@exec $(BIN)/openinteractions serve --embedded \
		--http 127.0.0.1:8080 --grpc 127.0.0.1:50051

test: .venv/.installed-test ## install, then run every test; PYTEST="-k NAME" for some
	@$(BIN)/python scripts/needs.py
	@$(BIN)/python -m tests.sdk.js.projects & javascript=$$!; \
		$(BIN)/python -m tests.sdk.environments; python=$$?; \
		wait $$javascript && exit $$python
	@$(BIN)/pytest -n auto --maxprocesses 4 $(PYTEST)

check: ruff mypy imports generated protos ## format, lint, types, imports, protos

.PHONY: ruff mypy imports generated protos
ruff: .venv/.installed-test
	$(BIN)/ruff format --check
	$(BIN)/ruff check

mypy: .venv/.installed-test
	$(BIN)/mypy

imports: .venv/.installed-test
	$(BIN)/lint-imports

generated: .venv/.installed-test
	$(BIN)/python scripts/generate.py --check
	$(BIN)/python scripts/lifecycle.py --check
	$(BIN)/python scripts/dialects.py --check

protos: .venv/.installed-test
	$(BIN)/python scripts/buf.py

format: .venv/.installed-test ## format sources and protos
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format
	$(BIN)/python scripts/buf.py format

generate: .venv/.installed-test ## make gen/ from protos/
	$(BIN)/python scripts/generate.py
	$(BIN)/python scripts/lifecycle.py
	$(BIN)/python scripts/dialects.py

.PHONY: bench bench-peers
bench: .venv/.installed-test ## measure beside the peers, into docs/bench; BENCH=--help
	@$(BIN)/python -m bench --output docs/bench $(BENCH)

bench-peers: ## install the peers that `make bench` measures, as far as they are to be had
	@$(PYTHON) -m bench.peers

.PHONY: chaos worlds
chaos: .venv/.installed-test ## kill real processes for two minutes, into docs; CHAOS=--help
	@$(BIN)/python -m tests.chaos --record docs $(CHAOS)

worlds: .venv/.installed-test ## simulate many more worlds than the tests; WORLDS=100000
	@WORLDS=$(or $(WORLDS),20000) FIRST_WORLD=$(or $(FIRST_WORLD),10001) \
		$(BIN)/pytest -n auto --maxprocesses 4 tests/simulation -k every_world

freeze: ## renew constraints.txt with the newest versions that pyproject.toml allows
	$(PYTHON) scripts/freeze.py

clean: ## remove what was installed and cached
	rm -rf .venv .cache

.venv/.installed-%: $(INSTALLED_FROM)
	@test -n "$(PYTHON)" || \
		{ echo "Python 3.11 or later is needed, not found" >&2; exit 1; }
	@$(PYTHON) scripts/install.py $*
