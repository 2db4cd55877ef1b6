# Thin aliases: each sets up .venv where needed, then calls the tool that does the work.
PYTHON ?= $(or $(shell command -v python3.11),$(shell command -v python3))
PROFILE ?= quick
DEVICE ?= cpu
SEED ?= 0
BIN := .venv/bin
CHOSEN = --profile '$(PROFILE)' --device '$(DEVICE)' --seed '$(SEED)'
# A process of tests for each core; one takes up to a gigabyte.
PYTEST = $(BIN)/python -m pytest -n logical --maxprocesses 8
.DEFAULT_GOAL := book
# What the shell of the user says to every Python is not meant for this book's; and one goal at a
# time, because each uses the cores that there are.
unexport $(filter PYTHON%,$(.VARIABLES))
.NOTPARALLEL:
.PHONY: book pdf paper test test-all check pages thorough lint lab links serve lock clean distclean

book: .venv/ready  ## Compute what is missing and write _build/html (PROFILE, DEVICE, SEED)
	@$(BIN)/python -m workflow.build $(CHOSEN)

pdf: .venv/ready  ## The book as one PDF, _build/pdf; needs Chromium
	@$(BIN)/python -m workflow.build pdf $(CHOSEN)

paper:  ## The book at the paper's own number of samples
	@$(MAKE) --no-print-directory book PROFILE=paper

test: .venv/ready  ## The quick tests
	@$(PYTEST)

test-all: .venv/ready  ## The slow tests as well
	@$(PYTEST) -m "not thorough and not browser and not book and not gpu"

check: book  ## Read the built pages, in Chromium too
	@$(MAKE) --no-print-directory pages

pages: .venv/ready  ## The same, of pages that are there
	@$(PYTEST) -m "(book or browser) and not timed"
	@$(BIN)/python -m pytest -m timed

thorough: .venv/ready  ## What takes too long for every change: other Pythons, repetitions
	@$(BIN)/python -m workflow.checks thorough

lint: .venv/ready  ## ruff, imports and mypy
	@$(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check . && \
		$(BIN)/lint-imports --no-cache && \
		$(BIN)/python -m mypy && $(BIN)/python -m mypy workflow && \
		$(BIN)/python -m mypy -p benchmarks && $(BIN)/python -m mypy book/_ext

lab: .venv/ready  ## JupyterLab; a double click on a chapter opens it as a notebook
	@JUPYTER_CONFIG_PATH="$$PWD/workflow/jupyter" $(BIN)/python -m jupyterlab

links: .venv/ready  ## Whether the addresses that the built book names are there; needs the network
	@$(BIN)/python -m workflow.links

serve: .venv/ready  ## The built book at http://127.0.0.1:8000
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html '$(or $(PORT),8000)'

lock:  ## Resolve pyproject.toml anew into requirements.lock
	@"$(PYTHON)" workflow/environment.py lock

clean:  ## Remove what was built; runs, data and environment stay
	@mkdir -p _build && rm -rf .snakemake && find _build -mindepth 1 -maxdepth 1 ! -name runs -exec rm -rf {} + && \
		echo "Removed what was built; the runs stay in _build/runs."

distclean:  ## Remove the runs and the environment too
	@rm -rf _build .snakemake .venv

.venv/ready: requirements.lock pyproject.toml workflow/environment.py
	@test -n "$(PYTHON)" || { echo "There is no python3 here: install Python 3.11." >&2; exit 1; }
	@"$(PYTHON)" workflow/environment.py
