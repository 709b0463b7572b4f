# `make app` starts the app, `make test` runs the tests; both set up what they need first.
VENV   := .venv
PYTHON := $(VENV)/bin/python
BASE   ?= python3
READY  := $(VENV)/.ready
PORT   ?= 8501
# Two workers: one for the browser tests, which mostly wait, and one for all others; see `tests/conftest.py`.
SIDE_BY_SIDE := -n 2 --no-loadscope-reorder

.PHONY: setup app test test-all lint clean

setup: $(READY)

# torch comes first and alone, so that nothing else decides which build of it is installed.
$(READY): requirements.txt requirements-dev.txt
	$(BASE) -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --upgrade pip
	$(PYTHON) -m pip install --quiet "$$(grep '^torch==' requirements.txt)"
	$(PYTHON) -m pip install --quiet -r requirements-dev.txt
	touch $(READY)

app: setup
	@echo "scint starts at http://127.0.0.1:$(PORT)"
	$(PYTHON) -m streamlit run app.py --server.port $(PORT)

# Beside each other, threads of matrix products would spin in each other's way.
test: setup
	OPENBLAS_NUM_THREADS=1 $(PYTHON) -m pytest $(SIDE_BY_SIDE) -m "not slow"

test-all: setup
	$(PYTHON) -m pytest

lint: setup
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
