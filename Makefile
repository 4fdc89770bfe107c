# make setup | run | test | check | bench — each sets up its own .venv from the lock first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
PYTEST_WORKERS ?= 2

ifeq ($(UV),)
  MAKE_VENV = $(PYTHON) -m venv $(VENV)
  INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
else
  MAKE_VENV = $(UV) venv --quiet --python $(PYTHON) $(VENV)
  INSTALL = $(UV) pip install --quiet --python $(BIN)/python
endif

.PHONY: help setup run test test-long check format bench lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "snowcast needs Python 3.11 or newer as $(PYTHON) (set PYTHON=python3.11, say)"; exit 2; }
	@echo "creating $(VENV)"
	@$(MAKE_VENV)

$(VENV)/.locked: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing requirements.lock (hashes checked)"
	@$(INSTALL) --require-hashes --no-deps -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.locked-dev: requirements-dev.lock $(VENV)/.locked
	@echo "installing requirements-dev.lock (hashes checked)"
	@$(INSTALL) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.locked ## create .venv and install the lock

run: setup ## the main job: sandbox sources to validated marts on the embedded warehouse
	@$(BIN)/snowcast run

check: $(VENV)/.locked-dev ## format, lint, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

test: check ## format, lint, types, then every test with coverage
	@$(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadfile --cov --cov-report=term:skip-covered

test-long: $(VENV)/.locked-dev ## the long forms: many more examples, a statement of three minutes
	@SNOWCAST_TEST_EXAMPLES=60 $(BIN)/pytest -n $(PYTEST_WORKERS) tests/properties
	@$(BIN)/pytest -m long tests/embedded

format: $(VENV)/.locked-dev ## rewrite the code in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.locked-dev ## measure a 15-minute cycle, cold and warm, with little and much history
	@$(BIN)/python -m tests.bench

lock: ## compile the lock files anew (needs uv)
	@uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock
	@uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --quiet --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove the warehouse and what tests leave behind
	@rm -rf .snowcast .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* htmlcov
