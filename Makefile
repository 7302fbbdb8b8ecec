# Each target makes the environment it needs first, in .venv or _build; nothing else is touched.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# A newer interpreter is looked for only where none was asked for.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
STAMP := .venv/.ready
TESTS := .venv/.tests
FRAMEWORKS := _build/frameworks
BIN := .venv/bin

# What is installed: the pins, or, as in make test PINS="-e .[book]" TEST_PINS="-e .[test]", the newest.
PINS ?= -r requirements.txt
TEST_PINS ?= -r tests/requirements.txt

# Set to something non-interactive, it would keep figures out of the notebooks.
unexport MPLBACKEND

.PHONY: help book test notebooks lab bench frameworks release clean

help:
	@echo "make book       execute every notebook and build the book in _build/html"
	@echo "make test       lint, build, then every test, notebook and page"
	@echo "make notebooks  re-execute the stored notebooks in place (ONLY='name name' selects)"
	@echo "make lab        open the chapters in JupyterLab"
	@echo "make bench      run the benchmarks"
	@echo "make frameworks install PyTorch and JAX (5 GB) in an environment of their own, and test with them"
	@echo "make release    archive the site and all that it carries, with the version, in _build/release"
	@echo "make clean      remove _build, .venv and caches"

# $(call environment,FOLDER): a virtual environment there, with a python in which pip works.
define environment
@python=; \
for candidate in $(PYTHON); do \
  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
  then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
  echo "Python 3.11 or newer is needed; none among: $(PYTHON). Try make PYTHON=/path/to/python" >&2; \
  exit 1; \
fi; \
$(1)/bin/python -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear $(1)
endef

$(STAMP): requirements.txt pyproject.toml
	$(call environment,.venv)
	@echo "Installing what the book needs into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PINS)
	@touch $@

$(TESTS): $(STAMP) tests/requirements.txt
	@echo "Installing what JupyterLab and the tests need into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TEST_PINS)
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
	@for script in tests/benchmarks/*.py; do echo "$$script"; PYTHONPATH=book $(BIN)/python "$$script"; done

$(FRAMEWORKS)/.ready: tests/frameworks/requirements.txt
	$(call environment,$(FRAMEWORKS))
	@echo "Installing PyTorch, optax and JAX into $(FRAMEWORKS) ..."
	@$(FRAMEWORKS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# Also what is skipped elsewhere, for want of these libraries.
frameworks: $(FRAMEWORKS)/.ready
	$(FRAMEWORKS)/bin/python -m pytest tests/frameworks stepsize/torch.py \
	  tests/package/test_methods_reference.py

# Made of a commit and nothing else, so that its version says what it is.
release:
	@if [ -n "$$(git status --porcelain)" ]; then \
	  echo "A release is made of a commit: commit or stash these changes first." >&2; \
	  git status --short >&2; exit 1; \
	fi
	@$(MAKE) --no-print-directory book
	$(BIN)/python book/release.py

clean:
	rm -rf _build .venv .pytest_cache .ruff_cache .hypothesis *.egg-info
	find book stepsize tests -name __pycache__ -prune -exec rm -rf {} +
	find book -name .ipynb_checkpoints -prune -exec rm -rf {} +
