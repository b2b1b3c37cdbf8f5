# Every routine of this project; `make` or `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
NODE_PATHS := $(CURDIR)/.venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench conformance chaos fuzz lock wheel pictures clean browser build translations

help: ## list the routines
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.ready build translations ## install everything from the lock files and build the browser assets

.venv/.ready: requirements/dev.lock setup.cfg
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

node_modules/.ready: package-lock.json .venv/.ready
	PATH="$(NODE_PATHS):$$PATH" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

build: workflow_service/web/static/dist/manifest.json

workflow_service/web/static/dist/manifest.json: node_modules/.ready $(wildcard workflow_service/web/islands/*)
	PATH="$(NODE_PATHS):$$PATH" node workflow_service/web/islands/build.mjs

translations: workflow_service/web/translations/en/LC_MESSAGES/messages.mo

workflow_service/web/translations/en/LC_MESSAGES/messages.mo: workflow_service/web/translations/en/LC_MESSAGES/messages.po .venv/.ready
	$(BIN)/pybabel -q compile -d workflow_service/web/translations -l en

run: setup ## start the service with demo people and cases on 127.0.0.1:$(PORT)
	$(BIN)/workflow-service serve --demo --port $(PORT)

browser: .venv/.ready # finds or installs the Chromium that the tests drive
	$(BIN)/python tests/browser/install.py

# Two of everything that works, file by file; faults are waited for more than worked at, and run last and by themselves.
FAULTS := tests/chaos

test: setup browser ## run every test, the faults last
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore=$(FAULTS); most=$$?; \
	$(BIN)/pytest -n 3 --dist worksteal $(FAULTS) && test $$most -eq 0

check: setup ## format, lint, types, import contracts, diagrams
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy workflow_service handlers
	PYTHONPATH=. $(BIN)/lint-imports
	$(BIN)/workflow-service check bpmn forms

var/rivals/.ready: requirements/rivals.lock .venv/.ready # other FEEL libraries, only to be measured
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --upgrade --target var/rivals -r requirements/rivals.lock
	touch $@

bench: setup var/rivals/.ready ## measure, as ratios against baselines run beside; also var/bench.json
	$(BIN)/python -m bench

conformance: setup ## run the public DMN suite found under $DMN_TCK (default ../shared/dmn-tck)
	$(BIN)/python -m tests.conformance.run_tck

fuzz: setup ## 100,000 random expressions: nothing but FEEL errors may come out
	FUZZ_EXAMPLES=100000 $(BIN)/python -m pytest tests/feel/test_properties.py -q

chaos: setup browser ## the full fault matrix, with a printed seed, and every page looked at in every way
	$(BIN)/python -m pytest tests/chaos tests/browser/test_tour.py -q --full-chaos

lock: ## resolve requirements/*.in anew into the lock files with hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile -q --no-annotate --universal --python-version 3.11 --generate-hashes requirements/run.in -o requirements/run.lock
	$(BIN)/uv pip compile -q --no-annotate --universal --python-version 3.11 --generate-hashes requirements/dev.in -o requirements/dev.lock
	$(BIN)/uv pip compile -q --no-annotate --universal --python-version 3.11 --generate-hashes requirements/rivals.in -o requirements/rivals.lock

pictures: setup browser ## take the pictures of the README anew
	$(BIN)/python -m tests.browser.pictures

wheel: setup ## build the wheel, install it in a fresh environment and start it
	$(BIN)/python -m tests.wheel

clean: ## remove what can be built again
	rm -rf .venv node_modules build dist *.egg-info workflow_service/web/static/dist
