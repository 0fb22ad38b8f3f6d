# Every target sets up what it needs; all it wants from the machine is make and Python 3.11 or newer.

PYTHON ?= python3
ENGINE ?= docker
BIN := .venv/bin
SERVING := .venv/serving
READY := .venv/ready
# A worker that has no more tests gets some of another's.
WORKERS := -n auto --dist worksteal

# With bytecode a server starts in half the time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help serve demo test test-browser screenshots console-bench test-slow contract lowest clients documents scripts check format bench differential fidelity schema stubs image image-test clean

help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 22

$(SERVING): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("mockserver needs Python 3.11 or newer, but $(PYTHON) is %d.%d. Name another one: make PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps drf-spectacular-sidecar
	@touch $@

$(READY): $(SERVING)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

serve: $(SERVING) ## Serve the three APIs; options in ARGS='--port 9000'.
	@$(BIN)/mockserver serve $(ARGS)

demo: $(SERVING) ## Serve the living demo, and open the console in a browser.
	@$(BIN)/mockserver serve --open $(ARGS)

test: $(READY) ## Run the tests; a choice in ARGS='tests/unit -k phone'.
	$(BIN)/python -m pytest $(WORKERS) -m 'not slow' --ignore tests/contract --ignore tests/console $(ARGS)

test-browser: $(READY) ## Drive the console in Debian's Chromium; it is skipped where there is none.
	$(BIN)/python -m pytest -n auto --dist worksteal tests/console $(ARGS)

contract: $(READY) ## Hold the server to the OpenAPI documents with schemathesis.
	$(BIN)/python -m pytest -n auto tests/contract $(ARGS)

test-slow: $(READY) ## Run the tests that take many seconds each.
	$(BIN)/python -m pytest $(WORKERS) -m 'slow and not alone' --ignore tests/console --ignore tests/contract $(ARGS)
	$(BIN)/python -m pytest -n 0 -m alone tests/growth $(ARGS)

lowest: ## Test with the lowest versions, and beside well-known frameworks; ARGS='newest-pytest-9'.
	$(PYTHON) -m tools.lowest $(ARGS)

clients: $(READY) ## Generate clients from the OpenAPI documents, and use them; ARGS='oapi-codegen'.
	$(BIN)/python -m tools.clients $(ARGS)

documents: $(READY) ## Hold the documents to validators, and to readers of YAML in other languages.
	$(BIN)/python -m tools.documents $(ARGS)

scripts: $(READY) ## Hold the console's scripts to prettier, eslint and tsc, where npm is.
	$(BIN)/python -m tools.scripts $(ARGS)

check: $(READY) ## Format, lint, types, layers: what must hold besides the tests.
	$(BIN)/ruff format --check .
	$(BIN)/python tools/yaml_style.py --check
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format the code and the YAML files, and mend what the linter can mend.
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/python tools/yaml_style.py
	$(BIN)/python -m tools.scripts format

bench: $(READY) ## Measure speed and memory; of another checkout too with ARGS='--against FOLDER'.
	$(BIN)/python benchmarks/run.py $(ARGS)

screenshots: $(READY) ## Make the pictures of README and docs anew.
	$(BIN)/python -m tests.console.screenshots

console-bench: $(READY) ## Measure the console: first paint, long tasks, keys under load.
	$(BIN)/python -m tests.console.bench $(ARGS)

differential: $(READY) ## Compare Sela with the real framework; ARGS='--seed 7 --requests 100000'.
	$(BIN)/python -m tests.differential $(ARGS)

fidelity: $(READY) ## Write docs/fidelity.md anew.
	$(BIN)/python -m mockserver.fidelity > docs/fidelity.md

stubs: $(READY) ## Write the vendors' clients anew, as type checkers see them.
	$(BIN)/python -m mockserver.testing.stubs > mockserver/testing/clients.pyi

schema: $(READY) ## Write fixtures/schema.json anew.
	$(BIN)/python -m mockserver.fixture_schema > fixtures/schema.json

image: ## Build the container image.
	$(ENGINE) build --tag mockserver .

image-test: ## Build the image, run it and look at it.
	bash tests/project/image_test.sh

clean: ## Remove everything that a target made.
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
