# One command sets everything up, trains and shows; one more passes the tests.
#
#   make demo    train on the embedded digits (first sets up)
#   make test    the whole test suite
#   make check   lint, format, types, layers
#   make setup   only the environment
#   make bench   pictures per second against a plain PyTorch loop

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --python $(BIN)/python --constraint constraints.txt

.PHONY: demo test check setup bench clean
.DEFAULT_GOAL := help

help:
	@sed -n '3,7s/^# *//p' Makefile

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Grevy needs Python 3.11 or newer; call: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv

# uv inside the environment: fast, and it does not take a CPU-only torch file that lies about.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/uv
	$(UV) --quiet --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	$(UV) --quiet --editable '.[test]'
	@touch $@

$(VENV)/.check: $(VENV)/.installed
	$(UV) --quiet --editable '.[test,check]'
	@touch $@

setup: $(VENV)/.installed

demo: setup
	$(BIN)/grevy train digits

test: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 $(PYTEST_ARGUMENTS)

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.test
	$(BIN)/python benchmarks/pictures_per_second.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
