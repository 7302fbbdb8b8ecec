# Each target makes the environment it needs in .venv first; nothing else is touched outside _build.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# A newer interpreter is looked for only where none was asked for.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
STAMP := .venv/.ready
TESTS := .venv/.tests
BIN := .venv/bin

# Set to something non-interactive, it would keep figures out of the notebooks.
unexport MPLBACKEND

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
	echo "Installing what the book needs into .venv ..."; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(TESTS): $(STAMP) tests/requirements.txt
	@echo "Installing what JupyterLab and the tests need into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

# Jupyter Book reports a page that failed and still ends well: hence the flags and the last line.
# A build on top of an old one would not repeat that one's warnings.
define build-html
rm -rf _build/html _build/.doctrees
$(BIN)/jupyter-book build _build/source --path-output . -W -n --keep-going -q
test -f _build/html/index.html
endef

book: $(STAMP)
	$(BIN)/python book/execute.py
	$(build-html)
	@echo
	@echo "The book is built. Open   file://$(CURDIR)/_build/html/index.html"
	@echo "or serve it:              python3 -m http.server -d _build/html"

# The pages are built from the stored outputs, which the last command proves.
test: $(TESTS)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python book/execute.py --stored
	$(build-html)
	STEPSIZE_REQUIRE_BOOK=1 STEPSIZE_MEASURED="$(CURDIR)/_build/measured" \
	  $(BIN)/python -m pytest -n 2 --dist loadscope

notebooks: $(STAMP)
	$(BIN)/python book/execute.py --in-place $(ONLY)

lab: $(TESTS)
	$(BIN)/jupyter lab --notebook-dir=book

bench: $(STAMP)
	@for script in tests/benchmarks/*.py; do echo "$$script"; $(BIN)/python "$$script"; done

clean:
	rm -rf _build .venv .pytest_cache .ruff_cache .hypothesis *.egg-info
	find book stepsize tests -name __pycache__ -prune -exec rm -rf {} +
	find book -name .ipynb_checkpoints -prune -exec rm -rf {} +
