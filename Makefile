# All set-up happens in .venv; PYTHON picks the interpreter it is made from (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format bench notebook clean

demo: .venv/run
	$(BIN)/overlaysim demo

test: .venv/dev
	$(BIN)/python -m pytest -n auto

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev
	$(BIN)/python tests/benchmarks/run.py

notebook: .venv/dev
	$(BIN)/python -m pip install --quiet ".[notebook]"
	$(BIN)/jupyter lab notebooks

clean:
	rm -rf .venv

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "overlaysim needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

.venv/run: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/dev: .venv/run
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
