# The two commands of the README, and what stands behind them. Plain Snakemake does the work.
PYTHON ?= python3
VENV ?= .venv
CORES ?= all
RUN = $(VENV)/bin/python -m snakemake --cores $(CORES) --rerun-incomplete --quiet rules host

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: envs/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, found " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --upgrade pip
	$(VENV)/bin/pip install --quiet torch==2.13.0
	$(VENV)/bin/pip install --quiet -r envs/requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed envs/requirements-dev.txt
	$(VENV)/bin/pip install --quiet -r envs/requirements-dev.txt
	@touch $@

install: $(VENV)/.installed ## Make the environment

demo: $(VENV)/.installed ## Run the whole study on the embedded world
	$(RUN) --configfile config/demo.yaml
	@echo "Report: $(CURDIR)/results/demo/report.html"

test: $(VENV)/.installed-dev ## Run all tests
	$(VENV)/bin/python -m pytest

lint: $(VENV)/.installed-dev ## Check style and the workflow
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/snakefmt --check Snakefile workflow/rules
	$(VENV)/bin/python -m snakemake --configfile config/demo.yaml --lint

format: $(VENV)/.installed-dev ## Put the code in its format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/snakefmt Snakefile workflow/rules

clean: ## Remove the demo's results
	rm -rf results/demo
