# Everything happens in .venv, built from the lock files the first time and after they change.
# `make` alone lists the targets.

# python3, or the newest one beside it that is new enough.
NEW_ENOUGH = -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
PYTHON ?= $(firstword $(shell for it in python3 python3.14 python3.13 python3.12 python3.11; do \
            $$it $(NEW_ENOUGH) && echo $$it; done) python3)
RUN    := .venv/bin/python -m

N    ?= 200
SEED ?= 1
DAYS ?= 3
REPLICAS ?= 1

# What a shell or a pipeline may have set and a virtual environment trips over.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_REQUIRE_HASHES
export PIP_USER := 0
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak siege fix lock foreign clean
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-16s%s\n", $$1, $$2}'

demo: .venv/.runtime ## the whole story against a simulated tenant: plan, apply, drift, heal
	@.venv/bin/mbx demo

test: .venv/.dev ## every test
	@$(RUN) pytest -n auto $(ARGS)

check: .venv/.dev ## style, types and layers
	@$(RUN) ruff check
	@$(RUN) mypy
	@.venv/bin/python -c 'from importlinter.cli import lint_imports_command as run; run(["--no-logo"])'

bench: .venv/.dev ## the measurements in tests/bench (make bench ARGS="--sizes 1000": a quick one)
	@set -e; for file in tests/bench/[a-z]*.py; do [ -e "$$file" ] || continue; \
	  echo "== $$file"; $(RUN) "$$(echo "$${file%.py}" | tr / .)" $(ARGS); done

soak: .venv/.dev ## N runs in random weather (make soak N=1000 SEED=7)
	@$(RUN) tests.soak --runs $(N) --seed $(SEED)

siege: .venv/.dev ## real processes through days of kills, forgeries and bad weather (make siege SEED=7 DAYS=3)
	@$(RUN) tests.siege --seed $(SEED) --days $(DAYS) --replicas $(REPLICAS)

fix: .venv/.dev ## format, and mend what can be mended by itself
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

foreign: .venv/.dev ## other people's clients against the sandbox
	@bash tests/foreign/run.sh

COMPILE = .venv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

lock: .venv/.dev ## work out the lock files anew (make lock UPGRADE=--upgrade: with newer releases)
	@$(COMPILE) $(UPGRADE) --extra postgres pyproject.toml --output-file requirements.lock
	@$(COMPILE) $(UPGRADE) --extra postgres --group dev --constraints requirements.lock pyproject.toml \
	  --output-file requirements-dev.lock
	@$(COMPILE) $(UPGRADE) --group build --output-file requirements-build.lock

clean: ## remove what was built here
	@rm -rf .venv .demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment ------------------------------------------------------------------------------

.venv/.made:
	@test -x .venv/bin/python && .venv/bin/python $(NEW_ENOUGH) || $(PYTHON) $(NEW_ENOUGH) || { \
	  found=$$($(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null || echo "not to be had"); \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) is $$found." >&2; \
	  echo "Name another one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x .venv/bin/python && .venv/bin/python $(NEW_ENOUGH) || $(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.runtime: .venv/.made requirements.lock requirements-build.lock pyproject.toml
	@echo "Installing what mbx needs into .venv (once)…"
	@$(RUN) pip install -qq --require-hashes --requirement requirements.lock --requirement requirements-build.lock
	@$(RUN) pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	@echo "Installing what the tests need into .venv (once)…"
	@$(RUN) pip install -qq --require-hashes --requirement requirements-dev.lock
	@touch $@
