# `make demo` and `make test` do their own set-up; nothing is installed outside this folder.

VENV := .venv
BIN := $(VENV)/bin
# By file, in order, the e2e plant's files together (tests/conftest.py): what is made once is then made once.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 12 --durations-min 5
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input --no-compile -qq --require-hashes
RUNTIME := $(VENV)/installed-runtime
DEV := $(VENV)/installed-dev

.PHONY: help demo setup setup-dev check test test-all soak clean
.DEFAULT_GOAL := help

help: ## what each target does
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(RUNTIME) ## the whole plant on this machine; prints URL and logins
	@exec $(BIN)/python manage.py demo

setup: $(RUNTIME) ## only the set-up of `make demo`

setup-dev: $(DEV) ## only the set-up of `make test` and `make check`

test: $(DEV) ## the tests, within 6 minutes on two cores
	@$(PYTEST) -m "not slow"

test-all: $(DEV) ## the slow tests: the demo as it is, faults, browsers, interop
	@$(PYTEST) -m slow

soak: $(DEV) ## faults and random kills for half an hour, with a report; SOAK=--help names its options
	@$(if $(SOAK),,DENCHI_TEST_POSTS=10000 $(BIN)/pytest -q tests/faults/test_copies.py)
	@exec $(BIN)/python -m tests.faults.soak $(SOAK)

check: $(DEV) ## every gate but the tests
	@$(BIN)/python .ci/check.py

clean: ## remove the environment; ./var with the demo's data stays
	rm -rf $(VENV)

# The first Python that fits; one line that says what to do where none does. PYTHON=... names one.
$(VENV)/made:
	@.ci/make-venv $(VENV) $(PYTHON)
	@touch $@

$(RUNTIME): requirements.lock | $(VENV)/made
	@echo "Installing Python packages into $(VENV) ..."
	@$(INSTALL) -r requirements.lock || { echo "Not installed: pip's last lines above say what is missing (it needs its index, or PIP_FIND_LINKS)." >&2; exit 1; }
	@touch $@

$(DEV): requirements-dev.lock requirements.lock | $(VENV)/made
	@echo "Installing Python packages and the tools for tests into $(VENV) ..."
	@$(INSTALL) -r requirements-dev.lock || { echo "Not installed: pip's last lines above say what is missing (it needs its index, or PIP_FIND_LINKS)." >&2; exit 1; }
	@touch $@ $(RUNTIME)
