# One command sets everything up, trains and shows; one more passes the tests.
#
#   make demo    train on the embedded digits (first sets up)
#   make test    the whole test suite
#   make check   lint, format, types, layers
#   make setup   only the environment
#   make faults  every write of Grevy fails once in each way; goes on where it was stopped
#   make bench   the short form of all benchmarks, with the peers installed

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_DATA ?= cifar10
BENCH := runs/bench
UV := $(BIN)/uv pip install --python $(BIN)/python --constraint constraints.txt --compile-bytecode

.PHONY: demo test check setup faults bench clean
.DEFAULT_GOAL := help

help:
	@sed -n '3,8s/^# *//p' Makefile

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
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 $(PYTEST_ARGUMENTS)

# Hours for all; FAULTS="--every 50" tries a fiftieth, FAULTS="--only study" one operation.
faults: $(VENV)/.test
	$(BIN)/python tests/faults/fault_sweep.py $(FAULTS)

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Peers only the benchmarks need; what can't be installed here is left out by name when they run.
$(VENV)/.bench: $(VENV)/.installed
	$(UV) --quiet --editable '.[bench]'
	@touch $@

# The long forms, and what each of them measures, stand at the top of each script.
bench: $(VENV)/.bench
	$(BIN)/python benchmarks/pictures_per_second.py --data $(BENCH_DATA) --rounds 3 --steps 40 \
		--out $(BENCH)/pictures_per_second.csv
	$(BIN)/python benchmarks/time_to_accuracy.py --data digits --recipes base --target 0.5 \
		--seeds 1 --plain-epochs 5 --runs $(BENCH) --out $(BENCH)/time_to_accuracy.csv \
		--figure $(BENCH)/time-to-accuracy
	$(BIN)/python benchmarks/one_gpu.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
