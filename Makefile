# Two commands do everything on a fresh machine with Python 3.11+ and make: `make demo` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements/lock.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Kingpost needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

setup: $(READY) ## the virtual environment, from the hashed lock

demo: $(READY) ## a trading day on this machine; ONCE=1 ends by itself
	$(RUN)/kingpost demo $(if $(ONCE),--once) $(ARGS)

bench: $(READY) ## the named figures of docs/performance.md, about a quarter of an hour
	$(RUN)/kingpost bench $(ARGS)

chaos: $(READY) ## everything fails, then the books are judged; ARGS="--documents 5000 --minutes 5 --seed 7"
	$(RUN)/kingpost chaos $(ARGS)

test: check unit ## everything CI runs

check: $(READY) ## lint, types, import rules, flow files
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/kingpost flows check

unit: $(READY) ## all tests, in parallel
	$(RUN)/pytest -n auto --dist loadgroup

format: $(READY) ## put the sources in order
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

lock: ## renew the hashed locks from pyproject.toml
	$(RUN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --python-version 3.11 --quiet --output-file requirements/lock.txt
	$(RUN)/uv pip compile pyproject.toml --constraints requirements/lock.txt --universal --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --python-version 3.11 --quiet \
		--output-file requirements/runtime.txt

clean: ## forget the environment and all state
	rm -rf $(VENV) .kingpost .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help setup demo bench chaos test check unit format lock clean
