# Everything a person types; each target sets up what it needs on a machine with Python alone.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
FUZZER := .fuzz/.installed
NOTEBOOKS := .venv/.notebooks
FUZZ_SECONDS ?= 60
SOAK_SECONDS ?= 3600
FIRST_DAY := 2026-03-02
LAST_DAY := 2026-03-16
BENCHMARKS := accuracy ingest date backfill readers

# Dagster refuses a relative home, and leaves its telemetry on without one.
export DAGSTER_HOME := $(CURDIR)/dagster_home
# dg asks which environment is active.
export VIRTUAL_ENV := $(CURDIR)/.venv
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test check format lint types definitions bench bench-history accuracy fuzz soak notebooks lab serve screenshots dev lock

help:
	@sed -n 's/^\([a-z-]*\):.*## /make \1: /p' $(MAKEFILE_LIST)

setup: $(INSTALLED)  ## make .venv from requirements.lock

# --no-deps: the lock is complete, and pip's hash mode stumbles over a requirement with an extra
# (pandera[polars]), for which it looks for a second, unpinned line.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'mono_recon needs Python 3.11 or newer; name one: make setup PYTHON=python3.11' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: $(INSTALLED)  ## write a fortnight of invented data with labelled faults to demo/ and reconcile it
	[ -e demo/truth.jsonl ] || $(BIN)/mono-recon demo --dir demo
	$(BIN)/mono-recon --data demo backfill --from $(FIRST_DAY) --to $(LAST_DAY)
	@echo
	@echo 'The last report:    demo/reports/$(LAST_DAY)/'
	@echo 'The same in words:  $(BIN)/mono-recon --data demo report show $(LAST_DAY)'
	@echo 'All reports:        $(BIN)/mono-recon --data demo report list'
	@echo 'The faults put in:  demo/truth.jsonl'

test: $(INSTALLED)  ## run the tests
	$(BIN)/pytest -n 2

check: lint types definitions test  ## everything that must hold before a commit

format: $(INSTALLED)  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(INSTALLED)  ## format, rules and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(INSTALLED)  ## strict types
	$(BIN)/mypy

definitions: $(INSTALLED)  ## load the Dagster definitions
	$(BIN)/dg check defs

bench: $(NOTEBOOKS)  ## run the benchmarks, beside DuckDB, Polars and pandas by hand; takes an hour or more
	@set -e; for name in $(BENCHMARKS); do $(BIN)/python -m bench.$$name; done

bench-history: $(INSTALLED)  ## whether day 300 of a history costs as much as day 1; takes half an hour
	$(BIN)/python -m bench.history

accuracy: $(INSTALLED)  ## how often breaks are found, missed and invented, on worlds with new seeds
	$(BIN)/python -m bench.accuracy

fuzz: $(FUZZER)  ## look for records that break the reader, for FUZZ_SECONDS (60)
	cd .fuzz && PYTHONPATH=packages:.. ../$(BIN)/python ../tests/fuzz/harness.py corpus -max_total_time=$(FUZZ_SECONDS)

# The fuzzer has wheels for fewer Pythons than the project, so it is no part of the environment.
$(FUZZER): requirements-fuzz.lock $(INSTALLED)
	$(BIN)/pip install --quiet --no-deps --require-hashes --upgrade --target .fuzz/packages -r $<
	@touch $@

soak: $(INSTALLED)  ## run the tests at length, with other examples and 200 killed runs, and an hour of fuzzing
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest -n 2
	$(MAKE) fuzz FUZZ_SECONDS=$(SOAK_SECONDS)

notebooks: $(NOTEBOOKS)  ## run the notebooks and the page for analysts on the demo, made if there is none
	[ -e demo/reports/$(LAST_DAY) ] || $(MAKE) demo
	MONO_RECON_DATA= $(BIN)/pytest --nbmake notebooks
	$(BIN)/pytest tests/cli/test_analysts_page.py

lab: $(NOTEBOOKS)  ## open the notebooks in JupyterLab, on this machine only
	[ -e demo/reports/$(LAST_DAY) ] || $(MAKE) demo
	$(BIN)/jupyter lab --ip 127.0.0.1 --LabApp.news_url=None \
		--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate notebooks/1_start_here.ipynb

# Their lock holds the whole environment, in the same versions, and what only they need.
$(NOTEBOOKS): requirements-notebooks.lock $(INSTALLED)
	$(BIN)/pip install --quiet --no-deps --require-hashes -r $<
	@touch $@

serve: $(INSTALLED)  ## open the demo's reports to a browser on this machine
	[ -e demo/reports/$(LAST_DAY) ] || $(MAKE) demo
	$(BIN)/mono-recon --data demo serve

screenshots: $(INSTALLED)  ## take the pictures in docs/images again, of the demo; needs chromium
	[ -e demo/reports/$(LAST_DAY) ] || $(MAKE) demo
	$(BIN)/python -m tests.screenshots demo
	MONO_RECON_DATA=$(CURDIR)/demo $(BIN)/python -m bench.asset_graph --data demo

dev: $(INSTALLED)  ## Dagster's web page with the demo, or with MONO_RECON_DATA, on this machine only
	[ -n "$$MONO_RECON_DATA" ] || [ -e demo/reports/$(LAST_DAY) ] || $(MAKE) demo
	MONO_RECON_DATA=$${MONO_RECON_DATA:-$(CURDIR)/demo} $(BIN)/dg dev --host 127.0.0.1

# The lock holds for every supported Python and names no index. It needs uv; nothing else does.
lock:  ## make the locks anew from pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate \
		--group dev --output-file requirements.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --constraints requirements.lock \
		--group dev --group notebooks --output-file requirements-notebooks.lock pyproject.toml
