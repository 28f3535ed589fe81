# Every target makes .venv ready itself: Python 3.11-3.13 and make are all that must be there.
#   PYTHON=...   another Python than the first that is found
#   ARGS=...     passed on to the command that the target runs
#   GPU=1        TensorFlow with NVIDIA's libraries (Linux)
#   NB=04        one notebook: by its number

PY = .venv/bin/python
STUDENT = requirements.txt $(if $(filter 1,$(GPU)),requirements-gpu.txt)
AUTHOR = $(STUDENT) requirements-dev.txt
setup = @PYTHON="$(PYTHON)" sh tools/setup.sh

# What another project, a module system or a shell's start-up file tells Python holds for no test and
# no kernel of ours: packages of others (PYTHONPATH), tools/ not found (PYTHONSAFEPATH), no asserts
# (PYTHONOPTIMIZE), warnings as errors ... Where bytecode and output go is left as it is.
unexport $(filter-out PYTHON PYTHONUTF8 PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE \
    PYTHONPYCACHEPREFIX,$(filter PYTHON%,$(.VARIABLES)))

.DEFAULT_GOAL := help
.PHONY: help lab test lint format data chapters notebooks checkpoints bench requirements clean

help:  ## shows this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

lab:  ## installs what is missing and opens JupyterLab on notebooks/
	$(setup) $(STUDENT)
	@-$(PY) -m tools.trust
	@$(PY) -m jupyterlab notebooks $(ARGS)

test:  ## all tests: helpers, every notebook as pretrained and with a few steps of training
	$(setup) $(AUTHOR)
	@$(PY) -m tools.run_tests $(ARGS)

lint:  ## style of code and notebooks
	$(setup) $(AUTHOR)
	@$(PY) -m ruff check $(ARGS)
	@$(PY) -m ruff format --check $(ARGS)

format:  ## puts the style right where that is mechanical
	$(setup) $(AUTHOR)
	@$(PY) -m ruff check --fix $(ARGS)
	@$(PY) -m ruff format $(ARGS)

data: LAST = data/build_tonic.py  # it reads what build_tunes.py writes
data:  ## builds data/ again from its sources
	$(setup) $(STUDENT)
	@set -e; for script in $(filter-out $(LAST),$(wildcard data/build_*.py)) $(LAST); do \
	    $(PY) $$script $(ARGS); done

chapters:  ## writes helpers/chapters/ from the notebooks' export cells
	$(setup) $(AUTHOR)
	@$(PY) -m tools.export_chapters

notebooks:  ## runs the notebooks (or NB=04) with TRAIN=0 and keeps their outputs
	$(setup) $(AUTHOR)
	@$(PY) -m tools.run_notebooks $(NB)

checkpoints:  ## trains a chapter (NB=04) and publishes its checkpoint
	$(setup) $(AUTHOR)
	@$(PY) -m tools.train_chapter $(NB)

bench:  ## every benchmark: prints its table
	$(setup) $(AUTHOR)
	@set -e; for script in benchmarks/*.py; do $(PY) $$script $(ARGS); done

requirements:  ## resolves requirements*.in into requirements*.txt (newest: ARGS=--upgrade)
	$(setup) $(AUTHOR)
	@set -e; for list in requirements requirements-dev requirements-gpu; do \
	    $(PY) -m uv pip compile $$list.in -o $$list.txt --universal --python-version 3.11 \
	        --no-header --no-emit-index-url --quiet $(ARGS); done

clean:  ## removes .venv and caches; keeps runs/
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
	find . \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
