# Thin on purpose: each target is one line that the README also gives for Windows.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test faults audit lint dev bench

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info[:2] != (3, 11) and 'Python 3.11 is needed: make PYTHON=python3.11')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch .venv/ready

demo: .venv/ready
	$(BIN)/lado demo

test: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile

faults: .venv/ready
	$(BIN)/python -m pytest -m faults

# An environment of its own: what looks at the dependencies is none of them. First the bill of materials, which needs no
# network; then the findings, for which PyPI is asked about every package: --strict fails where it cannot be.
.venv-audit/ready: requirements-audit.lock
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.lock
	touch .venv-audit/ready

audit: .venv-audit/ready
	mkdir -p build
	.venv-audit/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom.cdx.json
	.venv-audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --processes 2 dbt_project
	$(BIN)/lint-imports

dev: .venv/ready
	$(BIN)/lado dev

bench: .venv/ready
	$(BIN)/python -m benchmarks.refresh
