# New Game Plus. `make` lists the targets; each makes .venv when there is none and renews it when pyproject.toml,
# constraints.txt or the engine's sources change. `make demo` installs what the demo runs, the other targets add the rest.

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
EXTRAS ?= dev,atari,cluster,lua,memory,play,train
# On Linux PyPI's torch brings CUDA with it, 3 GB and more. This one computes on the processor alone; for a GPU:
# make install TORCH_INDEX=https://pypi.org/simple
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
# One more than most machines have cores to spare: a quarter of the tests' time is waiting, for processes and pages.
WORKERS ?= 3
PYTEST_ARGUMENTS ?=

RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
# Stamp of the package alone, without extras.
PLAIN := $(VENV)/.installed-plain
SOURCES := pyproject.toml $(CONSTRAINTS)
ENGINE := native/CMakeLists.txt $(wildcard native/src/*.* native/src/kernels/*)
PIP_INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS)
# What pyproject.toml asks for to build, and what scikit-build-core adds. pip ignores --constraint where it builds in an
# isolated environment, so they go into .venv; the engine then also need not be compiled anew each time.
BUILD_TOOLS := scikit-build-core nanobind cmake ninja

# What the installation compiled the engine in; its own tests link the same libraries.
EDITABLE_BUILD = build/editable-$$($(RUN) -c 'import sys; print("cp%d%d" % sys.version_info[:2])')-*

# $(call sanitized_tests,name,sanitizers)
define sanitized_tests
$(VENV)/bin/cmake -S native -B build/native-$(1) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DNGP_MODULE=OFF -DNGP_TESTS=ON \
  -DNGP_SANITIZE='$(2)' -DPython_EXECUTABLE=$(abspath $(RUN)) --log-level=WARNING
$(VENV)/bin/cmake --build build/native-$(1)
$(VENV)/bin/ctest --test-dir build/native-$(1) --output-on-failure
endef

# Tests start hundreds of processes, each of which would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install demo test nightly check native sanitize bench docs clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  PYTHON=python3.12             which Python a new .venv is made of (3.11 or newer)'
	@echo '  WORKERS=3                     processes that run the tests'
	@echo "  PYTEST_ARGUMENTS='tests/cli'  more arguments for pytest"

install: $(INSTALLED)  ## make or renew .venv with everything: learners, window, tests, documentation

demo: $(PLAIN)  ## judge an agent on a free game, film its best episode and write the report
	$(RUN) examples/demo.py

test: check  ## the static checks, then every test but those marked nightly
	$(RUN) -m pytest -n $(WORKERS) --dist loadfile -m 'not nightly' $(PYTEST_ARGUMENTS)

nightly: check  ## the static checks, then every test, with many more random examples
	$(RUN) -m pytest -n $(WORKERS) --dist loadfile --hypothesis-profile=nightly $(PYTEST_ARGUMENTS)

check: $(INSTALLED)  ## the static checks alone: style, types, imports
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports --no-logo

native: $(INSTALLED)  ## the engine's own tests, in C++
	$(VENV)/bin/cmake -S native -B $(EDITABLE_BUILD) -DNGP_TESTS=ON --log-level=WARNING
	$(VENV)/bin/cmake --build $(EDITABLE_BUILD)
	$(VENV)/bin/ctest --test-dir $(EDITABLE_BUILD) --output-on-failure

sanitize: $(INSTALLED)  ## the same under the address, undefined behaviour and thread sanitizers
	$(call sanitized_tests,address,address;undefined)
	$(call sanitized_tests,thread,thread)

bench: $(INSTALLED)  ## measure every figure of benchmarks/speed, one after the other, beside the peers
	$(PIP_INSTALL) 'stable-baselines3>=2.4' 'sb3-contrib>=2.4' 'tianshou>=2.0'
	@for name in $(basename $(notdir $(wildcard benchmarks/speed/*.py))); do \
	  echo "== $$name"; $(RUN) -m benchmarks.speed.$$name || exit 1; done

docs: $(INSTALLED)  ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict --site-dir site
	@echo 'The documentation is in site/index.html'

clean:  ## remove everything that was built, .venv too
	rm -rf $(VENV) build dist site src/newgameplus/_*.so .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks docs examples -name __pycache__ -type d -prune -exec rm -rf {} +

$(PLAIN): $(SOURCES) $(ENGINE)
	@$(RUN) -c '' 2>/dev/null || $(MAKE) --no-print-directory new-venv
	@echo 'Installing New Game Plus and what it needs into $(VENV): about 200 MB to download, 650 MB on the disk.'
	@echo 'This takes one to five minutes, once; the engine is compiled at the end.'
	$(PIP_INSTALL) $(BUILD_TOOLS)
	$(PIP_INSTALL) --no-build-isolation --no-compile --editable .
	@$(RUN) -m pip uninstall --quiet --yes cmake  # 90 MB that only the build needs
	@touch $@

$(INSTALLED): $(SOURCES) $(ENGINE)
	@$(RUN) -c '' 2>/dev/null || $(MAKE) --no-print-directory new-venv
	@echo 'Installing New Game Plus with $(EXTRAS) into $(VENV): about 2 GB on the disk, some minutes.'
	$(PIP_INSTALL) $(BUILD_TOOLS)
	@$(RUN) -c 'import torch' 2>/dev/null || [ "$$(uname -s)" != Linux ] || \
	  $(PIP_INSTALL) --no-compile --no-deps --retries 1 --index-url $(TORCH_INDEX) torch || { \
	  echo 'There is no torch at $(TORCH_INDEX); name another index, or take the one with CUDA (3 GB and more):' >&2; \
	  echo '  make install TORCH_INDEX=https://pypi.org/simple' >&2; exit 1; }
	$(PIP_INSTALL) --no-build-isolation --no-compile --editable '.[$(EXTRAS)]'
	@touch $(PLAIN) $@

.PHONY: new-venv
new-venv:
	@command -v $(PYTHON) >/dev/null || { \
	  echo 'There is no $(PYTHON) here; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "New Game Plus needs Python 3.11 or newer and $(PYTHON) is $$($(PYTHON) -V 2>&1); name another: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
