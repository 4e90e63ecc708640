# Everything is private to this checkout: .venv, .local, node_modules. Nothing is installed on the machine, except that
# `make test` as root adds the system packages that the browser tests need.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
WEB := agent_console/web
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

export PIP_NO_INPUT := 1

.PHONY: help
help: ## what can be done here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

.PHONY: setup
setup: .venv/.run-ready console ## get everything that the platform needs, without root
	@echo "Ready. Next: make demo"

.PHONY: demo
demo: setup ## run the platform with simulated citizens and seats: make demo ARGS="--seconds 60 --headless"
	@$(BIN)/hotline demo $(ARGS)

.PHONY: bench
bench: setup ## measure beside the named peers, into build/bench.json: make bench ARGS="popup_1"
	@$(BIN)/hotline bench $(ARGS)

.PHONY: drill
drill: setup ## break things under load and count what was lost, into build/drill.json
	@$(BIN)/hotline drill $(ARGS)

.PHONY: test
test: setup .venv/.test-ready lint ## run every test, with the real Asterisk, PostgreSQL, Vosk and browser
	@scripts/system-for-tests
	@scripts/npm test
	@$(BIN)/hotline pbx install
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder $(ARGS)

.PHONY: lint
lint: .venv/.test-ready ## style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

.PHONY: console
console: $(WEB)/dist/index.html ## build the web console

.PHONY: lock
lock: .venv/.run-ready ## pin every Python package by version and hash, without any address
	@$(PIP) install pip-tools
	@$(BIN)/python scripts/lock.py

.PHONY: clean
clean: ## remove what was built; recordings and the database in .local stay
	@rm -rf build $(WEB)/dist $(WEB)/node_modules .venv

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name it: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv .venv

# srt is published as source only; it is built by the pinned setuptools, not in an environment that pip fills by itself
.venv/.run-ready: .venv/pyvenv.cfg requirements-build.lock requirements.lock pyproject.toml
	@echo "Python packages ..."
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-build.lock
	@$(PIP) install --require-hashes --only-binary :all: --no-binary srt --no-build-isolation -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/.test-ready: .venv/.run-ready requirements-dev.lock
	@echo "Python packages for tests ..."
	@$(PIP) install --require-hashes --only-binary :all: --no-binary srt --no-build-isolation -r requirements-dev.lock
	@touch $@

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json scripts/npm requirements-node.lock | .venv/.run-ready
	@echo "Packages of the web console ..."
	@scripts/npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.package-lock.json $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(WEB)/*.json $(WEB)/*.ts -type f 2>/dev/null)
	@echo "Web console ..."
	@scripts/npm run build --silent
	@touch $@
