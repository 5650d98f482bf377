# Needs git, make and Python 3.11+ with venv; everything else is installed into .venv, at pinned versions with hashes.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= 8000
DATA ?=

BIN := .venv/bin
# The machine's own certificates, where it has them: behind a proxy that inspects TLS the bundled ones do not suffice.
BUNDLE := $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
	/etc/ssl/cert.pem))
UV := UV_NO_CONFIG=1 UV_LINK_MODE=copy $(if $(BUNDLE),UV_SYSTEM_CERTS=1) VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv
LOCK := requirements/all.lock
# Node comes from the lock as well, so that the client is built by the same one everywhere.
NODE := $(if $(BUNDLE),NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-$(BUNDLE)}") LOUNGE_NODE=wheel
CLIENT := $(NODE) $(BIN)/python hatch_build.py
# The first Python that is recent enough and can make environments.
CHECK := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON = $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$p -c '$(CHECK)' >/dev/null 2>&1; then command -v $$p; break; fi; done)

.PHONY: help demo test check build bench faults mutants shots lock clean client static-checks tests

help: ## Show this help
	@echo "Lounge: make TARGET"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1 \t\2/p' Makefile | expand -t 12

demo: .venv/.installed client ## Start the demo network on http://127.0.0.1:$(PORT) (PORT=8000, DATA=folder)
	@exec $(BIN)/lounge demo --port $(PORT) $(if $(DATA),--data "$(DATA)")

test: .venv/.installed client chromium static-checks tests ## Run all checks and tests

check: .venv/.installed client static-checks ## Run the checks that start no server: formatting, lint, types

static-checks: .venv/.installed client
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(CLIENT) check

tests: static-checks
	$(BIN)/python -m pytest

build: .venv/.installed client ## Build the wheel and the source archive into dist/
	$(NODE) $(BIN)/hatchling build

bench: .venv/.installed client ## Measure, and print tables (docs/performance.md says how to read them)
	$(BIN)/python -m bench

faults: .venv/.installed client ## Break everything on purpose, under twenty seeds, and soak (about 35 minutes)
	$(BIN)/python -m tests.faults

mutants: .venv/.installed client ## Put faults into copies of the code, and see that each is caught (about 7 minutes)
	$(BIN)/python -m tests.faults.mutants

shots: .venv/.installed client chromium ## Take every page into shots/, and the documentation's pictures anew
	$(BIN)/python -m tools.shots

client: .venv/.installed
	@$(CLIENT) build

.PHONY: chromium
chromium:
	@sh tools/chromium.sh

lock: .venv/.uv ## Resolve requirements/*.in and client/package.json anew
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-annotate \
		--no-emit-index-url --custom-compile-command "make lock" requirements/uv.in -o requirements/uv.lock.txt
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-annotate \
		--no-emit-index-url --custom-compile-command "make lock" requirements/all.in -o $(LOCK)
	$(CLIENT) lock

clean: ## Remove what was built and installed; data folders stay
	rm -rf .venv dist lounge/static client/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.python:
	@command -v git >/dev/null || { echo "make: git is missing: install it (Debian: apt-get install git)"; exit 1; }
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or later with venv is missing (Debian: apt-get install python3 python3-venv)"; exit 1; }
	@test -d .venv || $(PYTHON) -m venv .venv
	@touch $@

.venv/.uv: requirements/uv.lock.txt | .venv/.python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock.txt
	@touch $@

.venv/.installed: $(LOCK) pyproject.toml hatch_build.py .venv/.uv
	@$(UV) pip install --quiet --require-hashes -r $(LOCK)
	@LOUNGE_CLIENT=skip $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
