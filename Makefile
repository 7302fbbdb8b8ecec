# Each target makes the environment it needs in .venv first; nothing else is touched outside _build.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# A newer interpreter is looked for only where none was asked for.
PYTHON ?= python3 python3.13 python3.12 python3.11
STAMP := .venv/.ready
BIN := .venv/bin

.PHONY: help book test notebooks lab bench clean

help:
	@echo "make book       execute every notebook and build the book in _build/html"
	@echo "make test       lint, build, then every test, notebook and page"
	@echo "make notebooks  re-execute the stored notebooks in place (ONLY='name name' selects)"
	@echo "make lab        open the chapters in JupyterLab"
	@echo "make bench      run the benchmarks"
	@echo "make clean      remove _build, .venv and caches"

$(STAMP): requirements.txt pyproject.toml
	@python=; \
	for candidate in $(PYTHON); do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer is needed; none among: $(PYTHON). Try make PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi; \
	$(BIN)/python -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear .venv; \
	echo "Installing the pinned packages into .venv ..."; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
