# make run: start it. make test: prove it. Both set up what they need, and rebuild only what has changed.
#
#   make run ARGS="--port 9999"   further arguments go to `jupyter interview`
#   make test TESTS="tests/cli"   pytest's part of the run can be narrowed down
#   make test WORKERS=1           one file of tests after the other, instead of two at a time
#   make PYTHON=python3.12 …      another Python than `python3`

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
JLPM := $(BIN)/python hatch_build.py
ARGS ?=
TESTS ?= tests
WORKERS ?= 2
PART ?= core

SHARED := $(VENV)/share/jupyter/labextensions
BUILT := jupyter_interview/labextension
PAGES := jupyter_interview/static/replay jupyter_interview/static/isolated
FRONT_END := $(shell find labextension/src labextension/style labextension/schema labextension/replaypage labextension/licenses \
	-type f 2>/dev/null) $(wildcard labextension/licenses.cjs labextension/tsconfig*.json labextension/package.json labextension/yarn.lock)

.PHONY: help
help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-16s %s\n", $$1, $$2}'

# ---- what it stands on ----------------------------------------------------------------------------------------------

$(MADE)/venv:
	@bash .ci/venv "$(PYTHON)" "$(VENV)"
	@mkdir -p $(MADE) && touch $@

$(MADE)/package: pyproject.toml hatch_build.py $(wildcard jupyter-config/*/*.json) | $(MADE)/venv
	@echo "Installing jupyter-interview and what it needs …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[build]'
	@touch $@

$(MADE)/front-end-packages: labextension/package.json labextension/yarn.lock | $(MADE)/package
	@echo "Installing the packages of the JupyterLab extension …"
	@$(JLPM) install --immutable > $(MADE)/front-end-packages.log 2>&1 || { cat $(MADE)/front-end-packages.log; exit 1; }
	@touch $@

$(MADE)/labextension: $(FRONT_END) $(MADE)/front-end-packages
	@echo "Building the JupyterLab extension …"
	@$(JLPM) run build:prod > $(MADE)/labextension.log 2>&1 || { cat $(MADE)/labextension.log; exit 1; }
	@mkdir -p $(SHARED) && rm -rf $(SHARED)/jupyter-interview
	@ln -s "$(CURDIR)/$(BUILT)" $(SHARED)/jupyter-interview
	@touch $@

$(MADE)/development: pyproject.toml $(MADE)/package
	@echo "Installing the tools for tests …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(MADE)/benchmarks: pyproject.toml $(MADE)/development
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

$(MADE)/mutation: pyproject.toml $(MADE)/development
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	@touch $@

.PHONY: install
install: $(MADE)/package $(MADE)/labextension ## The virtual environment with everything that `make run` needs

.PHONY: setup
setup: $(MADE)/development $(MADE)/labextension ## The same with what the tests need: Chromium, PostgreSQL, nginx, bubblewrap, compilers, Docker
	@bash .ci/system "$(BIN)"
	@bash .ci/toolchains
	@bash .ci/engine && bash .ci/images "$(BIN)"

# ---- use it ---------------------------------------------------------------------------------------------------------

.PHONY: run
run: install ## Start jupyter interview and open it in the browser
	@exec $(BIN)/jupyter-interview $(ARGS)

# ---- prove it -------------------------------------------------------------------------------------------------------

.PHONY: test
test: export JUPYTER_INTERVIEW_REQUIRE_ALL := 1
test: $(MADE)/venv ## Everything: lint, types, layers, front-end tests, then Python and browser tests
	@bash .ci/engine > $(MADE)/engine.log 2>&1 & engine=$$!; \
	  $(MAKE) --no-print-directory $(MADE)/development $(MADE)/labextension; made=$$?; \
	  wait $$engine || { cat $(MADE)/engine.log >&2; exit 1; }; exit $$made
	@echo "Building the images of the languages meanwhile …"
	@bash .ci/images "$(BIN)" > $(MADE)/images.log 2>&1 & images=$$!; \
	  $(MAKE) --no-print-directory lint-front-end test-front-end lint-python; proven=$$?; \
	  wait $$images || { cat $(MADE)/images.log >&2; exit 1; }; exit $$proven
	@$(MAKE) --no-print-directory setup
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

.PHONY: test-python
test-python: $(MADE)/development $(MADE)/labextension ## pytest alone; what is missing on this machine is skipped
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

.PHONY: chaos
chaos: export JUPYTER_INTERVIEW_KILLS ?= 1000
chaos: $(MADE)/development $(MADE)/labextension ## Kill the server a thousand times (an hour): is anything lost?
	$(BIN)/python -m pytest tests/integration/test_chaos.py

.PHONY: mutation
mutation: $(MADE)/mutation $(MADE)/labextension ## Change the code a little, again and again: does a test notice? (PART=core)
	$(BIN)/python -m tests.mutation $(PART) $(ARGS)

.PHONY: test-front-end
test-front-end: $(MADE)/front-end-packages ## The front end's unit tests
	$(JLPM) run test

.PHONY: lint
lint: lint-front-end lint-python ## Style, types and layers

.PHONY: lint-front-end
lint-front-end: $(MADE)/front-end-packages
	$(JLPM) run lint:check

.PHONY: lint-python
lint-python: $(MADE)/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(MADE)/development $(MADE)/front-end-packages ## Bring the sources into shape
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(JLPM) run lint

.PHONY: bench
bench: $(MADE)/benchmarks $(MADE)/labextension ## The performance goals, as ratios measured in one run
	$(BIN)/python -m benchmarks $(ARGS)

.PHONY: docs
docs: $(MADE)/package ## The generated parts of docs/
	$(BIN)/python docs/generate.py

.PHONY: wheel
wheel: $(MADE)/package ## A wheel and an sdist in dist/
	@rm -rf $(BUILT) $(PAGES)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check build
	$(BIN)/python -m build
	@rm -f $(MADE)/labextension

.PHONY: clean
clean: ## Remove everything that was made, the virtual environment too
	rm -rf $(VENV) $(BUILT) $(PAGES) labextension/lib labextension/node_modules labextension/*.tsbuildinfo dist test-artifacts
