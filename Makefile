.PHONY: check fix
check:
	.venv/bin/ruff format --check -q .
	.venv/bin/ruff check -q .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest -q -m "not slow"
fix:
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
