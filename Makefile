# The whole project through one door. Only Python >= 3.11, make and a package index are needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready

.PHONY: help setup demo test unit lint format docs screenshot bench soak clean
help:           ## show this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(STAMP): constraints.txt pyproject.toml
	@echo "[1/3] Making a private environment in $(VENV) · создаю окружение"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Obmen needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)
	@echo "[2/3] Installing pinned packages, hashes checked (about a minute) · ставлю пакеты"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@echo "[3/3] Installing obmen itself · ставлю obmen"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(STAMP) ## make the environment

demo: $(STAMP)  ## a simulated 1C fills a simulated shop, live
	@$(BIN)/obmen demo $(ARGS)

test: $(STAMP)  ## every test a clean machine can run
	$(BIN)/python -m pytest $(ARGS)

unit: $(STAMP)  ## only the quick ones
	$(BIN)/python -m pytest tests/unit $(ARGS)

lint: $(STAMP)  ## formatting, lint, types, import directions, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell src tests docs benchmarks *.md

format: $(STAMP) ## put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP)  ## write the reference pages anew from the program itself
	$(BIN)/python -m obmen.cli.reference docs

screenshot: $(STAMP) ## record the demo as the pictures of the READMEs
	OBMEN_LANG=en $(BIN)/python -m obmen.cli.demo.picture docs/demo.svg
	OBMEN_LANG=ru $(BIN)/python -m obmen.cli.demo.picture docs/ru/demo.svg

bench: $(STAMP) ## all benchmarks, or one: make bench ARGS=commerceml
	$(BIN)/python -m benchmarks $(ARGS)

soak: $(STAMP)  ## the referee for longer: make soak ARGS="--steps 1000000"
	$(BIN)/python -m obmen.testkit.soak $(ARGS)

clean:          ## remove what was made here
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .demo
