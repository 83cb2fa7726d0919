# All set-up happens in .venv; PYTHON picks the interpreter it is made from (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable

.PHONY: demo test check format bench notebook readme clean

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

# README shows real output; when that changes on purpose, this pastes the new one.
readme: .venv/dev
	$(BIN)/python tests/project/refresh_readme.py

bench: .venv/dev
	$(BIN)/overlaysim bench
	$(BIN)/python tests/benchmarks/frames.py

notebook: .venv/notebook
	$(BIN)/jupyter lab notebooks

clean:
	rm -rf .venv

# A venv that could not be finished is removed, or the next run would take it for a whole one.
.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "overlaysim needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/run: pyproject.toml | .venv/bin/python
	$(INSTALL) .
	touch $@

.venv/dev: .venv/run
	$(INSTALL) ".[dev]"
	touch $@

.venv/notebook: .venv/run
	$(INSTALL) ".[notebook]"
	touch $@
