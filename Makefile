# Everything a developer types. Each target first makes .venv ready (see .ci/prepare); PYTHON=python3.12 names another interpreter.

python := .venv/bin/python
unexport PYTHONDONTWRITEBYTECODE # the tests start hundreds of processes, each of which would compile everything anew
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help
.PHONY: help demo serve test faults check fix bench lock migration clean prepare-run prepare-dev prepare-test

help: ## List the targets.
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: prepare-run ## Show it all, from news to inbox, and end. FEED=… and PAGE=… take news of your own (file or URL).
	@$(python) -m tests.demo

serve: prepare-run ## Run the public pages on this machine, with an installation in ./var.
	@NEWSLETTER_DEMO=1 $(python) -m newsletter init
	@NEWSLETTER_DEMO=1 $(python) -m newsletter serve

test: prepare-test ## Run every test. T="-k consent" or T=tests/unit selects.
	@$(python) -m pytest -n 4 --dist worksteal --durations=10 $(T)

faults: prepare-test ## Kill, freeze, starve and cut off all that sends, and ask all pages, on each kind of database: half an hour and more.
	@FAULTS_KILLS=$(or $(KILLS),120) FAULTS_EXAMPLES=$(or $(EXAMPLES),500) \
		$(python) -m pytest -q -s --timeout=0 tests/faults tests/unit/delivery/test_protocol.py tests/integration/web $(T)

check: prepare-dev ## Check format, style, types, layers, migrations and the quick tests: half a minute.
	@$(python) -m ruff format --check --quiet .
	@$(python) -m ruff check --quiet .
	@$(python) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(python) -m pytest -q -n 2 --dist worksteal -m "not slow" tests/unit tests/integration/test_migrations.py

fix: prepare-dev ## Format, and mend what can be mended without thinking.
	@$(python) -m ruff format --quiet .
	@$(python) -m ruff check --quiet --fix .

bench: prepare-test ## Run the benchmarks: one line of JSON for each figure.
	@set -e; for file in tests/benchmarks/bench_*.py; do $(python) -m "$$(echo "$${file%.py}" | tr / .)"; done

lock: prepare-dev ## Lock what pyproject.toml asks for. UPGRADE=--upgrade takes the newest of everything.
	@$(compile) --group build --group dev -o requirements-dev.txt
	@$(compile) --group build --constraint requirements-dev.txt -o requirements.txt

migration: prepare-dev ## Write the migration that brings the tables to the models. M="What it does".
	@$(python) -m tests.support.new_migration '$(M)'

clean: ## Remove what was made here; an installation in ./var stays.
	rm -rf .venv build dist demo-out .coverage .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

compile = $(python) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE) pyproject.toml

prepare-run prepare-dev prepare-test:
	@.ci/prepare $(@:prepare-%=%)
