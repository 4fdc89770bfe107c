# make setup | run | test | check | bench — each sets up its own .venv from the lock first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
PYTEST_WORKERS ?= 3

ifeq ($(UV),)
  MAKE_VENV = $(PYTHON) -m venv $(VENV) && { $(BIN)/python -m pip install --quiet --disable-pip-version-check \
    --require-hashes --no-deps -r requirements-installer.lock 2>/dev/null || echo "uv could not be installed: pip takes longer"; }
else
  MAKE_VENV = $(UV) venv --quiet --python $(PYTHON) $(VENV)
endif

# Install into the environment of that Python. uv takes ten seconds where pip takes a minute and a half: the one that is
# there, else the one that pip has brought. What uv cannot do here, pip may: an index that only pip was told of, say.
install = { uv=$$(command -v uv || ls $(BIN)/uv 2>/dev/null) && $$uv pip install --quiet --python $(1) $(2); } || \
  $(1) -m pip install --quiet --disable-pip-version-check $(2)
LOCKED = --require-hashes --no-deps -r

COMPILE = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-header --no-annotate --quiet

# The requirements of an extra, each quoted for the shell.
extra = $(shell $(PYTHON) -c 'import shlex, tomllib; print(shlex.join(tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["$(1)"]))')

.PHONY: help setup extras azurite browser streaming screenshots fidelity docs run test pytest test-long check lint types format bench lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "snowcast needs Python 3.11 or newer as $(PYTHON) (set PYTHON=python3.11, say)"; exit 2; }
	@echo "creating $(VENV)"
	@$(MAKE_VENV)

$(VENV)/.locked: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing requirements.lock (hashes checked)"
	@$(call install,$(BIN)/python,$(LOCKED) requirements.lock)
	@$(call install,$(BIN)/python,--no-deps --no-build-isolation -e .)
	@touch $@

$(VENV)/.locked-dev: requirements-dev.lock $(VENV)/.locked
	@echo "installing requirements-dev.lock (hashes checked)"
	@$(call install,$(BIN)/python,$(LOCKED) requirements-dev.lock)
	@touch $@

setup: $(VENV)/.locked ## create .venv and install the lock

$(VENV)/.locked-extras: requirements-extras.lock $(VENV)/.locked
	@echo "installing requirements-extras.lock (hashes checked)"
	@$(call install,$(BIN)/python,$(LOCKED) requirements-extras.lock)
	@touch $@

extras: $(VENV)/.locked-extras ## add what S3 (s3://), Azure (abfs://) and Kafka need

# What draws the lineage comes from npm; without npm its page is a list.
CYTOSCAPE := 3.35.0
ELKJS := 0.12.1
# What looks for barriers on pages, too.
AXE := 4.14.1

$(VENV)/.docs-$(CYTOSCAPE)-$(ELKJS): | $(BIN)/python
	@mkdir -p $(VENV)/docs
	@if command -v npm >/dev/null && npm install --prefix $(VENV)/docs --no-save --no-package-lock --no-audit \
	    --no-fund --silent cytoscape@$(CYTOSCAPE) elkjs@$(ELKJS); then touch $@; \
	  else echo "cytoscape and elkjs could not be installed with npm: the lineage is a list"; fi

$(VENV)/.locked-docs: requirements-docs.lock $(VENV)/.locked
	@echo "installing requirements-docs.lock (hashes checked)"
	@$(call install,$(BIN)/python,$(LOCKED) requirements-docs.lock)
	@touch $@

docs: $(VENV)/.locked-docs $(VENV)/.docs-$(CYTOSCAPE)-$(ELKJS) ## build the documentation site; then: snowcast docs serve
	@$(BIN)/snowcast docs build

run: setup ## the main job: sandbox sources to validated marts on the embedded warehouse
	@$(BIN)/snowcast run

check: lint types ## format, lint, types

lint: $(VENV)/.locked-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(VENV)/.locked-dev
	@$(BIN)/mypy

# Azure's stand-in for tests comes from npm; without npm its tests are left out.
AZURITE := 3.35.0
$(VENV)/.azurite: | $(BIN)/python
	@mkdir -p $(VENV)/azurite
	@if command -v npm >/dev/null && npm install --prefix $(VENV)/azurite --no-save --no-package-lock --no-audit \
	    --no-fund --silent azurite@$(AZURITE); then touch $@; \
	  else echo "azurite could not be installed with npm: the tests of Azure are left out"; fi

# Without npm pages are not searched for barriers.
$(VENV)/.axe-$(AXE): | $(BIN)/python
	@mkdir -p $(VENV)/axe
	@if command -v npm >/dev/null && npm install --prefix $(VENV)/axe --no-save --no-package-lock --no-audit \
	    --no-fund --silent axe-core@$(AXE); then touch $@; \
	  else echo "axe-core could not be installed with npm: pages are not searched for barriers"; fi

browser: $(VENV)/.axe-$(AXE) $(VENV)/.docs-$(CYTOSCAPE)-$(ELKJS) ## install what the tests of pages need beside Chromium (needs npm)

screenshots: $(VENV)/.locked-dev ## pictures of every page of the dashboard of SNOWCAST_HOME, in screenshots/
	@$(BIN)/python -m tests.dashboard.screenshots screenshots

# Snowflake's streaming client, of which tests hold what is called, in a folder of its own: its package `snowflake`
# would cover the connector's; without it these tests are left out.
$(VENV)/.locked-streaming: requirements-streaming.lock | $(BIN)/python
	@rm -rf $(VENV)/streaming
	@if $(call install,$(BIN)/python,--target $(VENV)/streaming $(LOCKED) requirements-streaming.lock); then touch $@; \
	  else echo "snowpipe-streaming could not be installed: the tests of its interface are left out"; fi

streaming: $(VENV)/.locked-streaming ## install Snowflake's streaming client for the tests of its interface

azurite: $(VENV)/.azurite ## install Azure's stand-in for tests (needs npm)

# Types are checked while the tests wait for servers; one of the two that fails does not stop the other.
test: ## format, lint, then types beside every test with coverage
	@$(MAKE) --no-print-directory --jobs 4 lint azurite browser streaming
	@$(MAKE) --no-print-directory --jobs 2 types pytest || { echo "types or tests failed: see above"; exit 1; }

pytest: $(VENV)/.locked-dev
	@$(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered \
	  --durations=15

test-long: $(VENV)/.locked-dev ## the long forms: many more examples, a statement of three minutes
	@SNOWCAST_TEST_EXAMPLES=60 $(BIN)/pytest -n $(PYTEST_WORKERS) tests/properties
	@$(BIN)/pytest -m long tests/embedded tests/flows

# Each in an environment of its own: they pin what the others and Prefect need newer.
fidelity: $(VENV)/.locked-dev ## other people's clients on the embedded warehouse: dbt, ibis, dlt, snow; their parser of every statement
	@test -x $(VENV)/clients/bin/sqlfluff || { $(PYTHON) -m venv $(VENV)/clients && \
	  { $(call install,$(VENV)/clients/bin/python,$(call extra,fidelity)); }; }
	@test -x $(VENV)/dbt/bin/dbt || { $(PYTHON) -m venv $(VENV)/dbt && \
	  { $(call install,$(VENV)/dbt/bin/python,$(call extra,bench)); }; }
	@FIDELITY_CLIENTS=$(abspath $(VENV)/clients/bin) FIDELITY_DBT=$(abspath $(VENV)/dbt/bin/dbt) \
	  $(BIN)/pytest -m fidelity tests/fidelity

format: $(VENV)/.locked-dev ## rewrite the code in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.locked-dev ## measure the warehouse, a 15-minute cycle, and histories beside dbt and plain DuckDB
	@$(BIN)/python -m tests.bench

lock: ## compile the lock files anew (needs uv); the others are parts of the first, so that they fit each other
	@$(COMPILE) --extra build --extra dev --extra s3 --extra azure --extra kafka --extra docs --extra dashboard \
	  --output-file requirements-dev.lock
	@$(COMPILE) --extra build --extra s3 --extra azure --extra kafka --constraint requirements-dev.lock \
	  --output-file requirements-extras.lock
	@$(COMPILE) --extra build --extra dashboard --constraint requirements-dev.lock --output-file requirements.lock
	@$(COMPILE) --extra build --extra docs --constraint requirements-dev.lock --output-file requirements-docs.lock
	@printf '%s\n' $(call extra,bench) | $(subst pyproject.toml,-,$(COMPILE)) --output-file requirements-bench.lock
	@printf '%s\n' $(call extra,snowpipe-streaming) | $(subst pyproject.toml,-,$(COMPILE)) \
	  --output-file requirements-streaming.lock
	@printf '%s\n' $(call extra,installer) | $(subst pyproject.toml,-,$(COMPILE)) --output-file requirements-installer.lock

clean: ## remove the warehouse and what tests leave behind
	@rm -rf .snowcast .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* htmlcov
