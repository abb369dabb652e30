# Everything runs in .venv, which the first target you call creates; nothing else is touched.
#   make demo                 find and segment what a sentence means in the sample video
#   make test                 the fast tests (no GPU, no network)
#   make check                all that continuous integration runs
#   make PYTHON=python3.12 …  choose the interpreter (3.11 or newer)
#   make PIP_ARGS="…" …       passed to pip, for instance another package index

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
PIP_ARGS ?=
ARGS ?=
# Processes of the fast tests; 0: none but one's own, as a debugger needs it.
JOBS ?= 2

# The first interpreter on the path that is new enough.
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

SAMPLE ?= samples/demo.mp4
SENTENCE ?= $(shell cat samples/demo.txt 2>/dev/null)
OUT ?= outputs/demo

# A stamp is newer than what decides what is installed, so that a second call costs nothing.
RUNTIME := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
DOCS := $(VENV)/.installed-docs

.PHONY: help setup demo serve test slow gpu fuzz lint format browser docs bare check benchmark bench clean
.PHONY: bench-sentences bench-memory bench-threads bench-training bench-decode bench-floor bench-edgetam
.PHONY: bench-resolution bench-gpu

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 25

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "MomentVOS needs Python 3.11 or newer; none was found. Try: make PYTHON=/path/to/python3.11" >&2; exit 1; fi
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e .
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e ".[dev]"
	@touch $(RUNTIME) $@

$(DOCS): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e ".[docs]"
	@touch $@

setup: $(DEV) ## create .venv with everything a developer needs

demo: $(RUNTIME) ## run the main job on the sample video
	$(BIN)/momentvos run $(SAMPLE) "$(SENTENCE)" -o $(OUT)

serve: $(RUNTIME) ## the page in a browser: ask a video, see and correct the answer
	@$(BIN)/python -c "import fastapi, sqlalchemy, uvicorn" 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e ".[web]"
	$(BIN)/momentvos serve $(ARGS)

test: $(DEV) ## the fast tests
	$(BIN)/python -m pytest -q -m "not slow and not gpu" -n $(JOBS) --dist worksteal $(ARGS)

slow: $(DEV) ## the tests that take minutes
	$(BIN)/python -m pytest -q -m "slow and not gpu" $(ARGS)

gpu: $(DEV) ## the tests that need an accelerator
	$(BIN)/python -m pytest -q -m gpu $(ARGS) || [ $$? -eq 5 ]  # 5: there are none

fuzz: $(DEV) ## ten minutes of broken files (ARGS="--seed 1 mp4 yaml", "--cases 1000 --minutes 60")
	$(BIN)/python -m tests.fuzz $(ARGS)

lint: $(DEV) ## ruff, mypy and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/check_imports.py

format: $(DEV) ## let ruff format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

browser: $(BIN)/python ## the browser that tests the page: Debian's Chromium, where it may be installed
	$(BIN)/python tests/page/browser.py

docs: $(DOCS) ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bare: $(BIN)/python ## install without extras into a fresh environment; import all, ask for help
	tools/check_bare_install.sh $(BIN)/python -c constraints.txt $(PIP_ARGS) .

check: ## all that continuous integration runs
	.ci/run

benchmark: $(DEV) ## measure start-up, rendering, memory and the bundled model
	@for f in benchmarks/*.py; do echo "== $$f"; $(BIN)/python $$f; done

bench: $(DEV) ## measure speed here, beside other loops: an hour and more, the same command goes on
	$(BIN)/python benchmarks/startup.py --json outputs/bench/startup.json
	$(BIN)/python benchmarks/engine.py --modes float32 bfloat16 --json outputs/bench/engine.json
	$(BIN)/python benchmarks/sam2_table.py --json outputs/bench/sam2_cpu.json $(ARGS)

# The other tables of docs/benchmarks.md, each by itself.
bench-sentences: $(DEV) ## many sentences about one video (ARGS="--beside OTHER/src")
	$(BIN)/python benchmarks/sentences.py --json outputs/bench/sentences.json $(ARGS)

bench-memory: $(DEV) ## peak memory of long videos: an hour and more
	$(BIN)/python benchmarks/memory.py --frames 300 10000 --json outputs/bench/memory.json $(ARGS)
	$(BIN)/python benchmarks/memory.py --frames 300 10000 --no-selection \
		--json outputs/bench/memory_published.json $(ARGS)
	$(BIN)/python benchmarks/long_video.py --json outputs/bench/long_video.json

bench-threads: $(DEV) ## what threads cost on an idle and a busy machine
	$(BIN)/python benchmarks/threads.py --json outputs/bench/threads.json $(ARGS)

bench-training: $(DEV) ## a training step (ARGS="--beside OTHER/src")
	$(BIN)/python benchmarks/training_step.py --precision fp32 bf16 --runs 1 --steps 2 8 \
		--json outputs/bench/training_step.json $(ARGS)

bench-decode: $(DEV) ## decoding beside torchcodec (ARGS="--peer PYTHON", which has it)
	$(BIN)/python benchmarks/decode.py --frames 120 --runs 3 --json outputs/bench/decode.json $(ARGS)

bench-floor: $(DEV) ## the least seconds that a job's products allow
	$(BIN)/python benchmarks/operations.py --json outputs/bench/floor.json $(ARGS)
	$(BIN)/python benchmarks/operations.py --models --no-training --engine tiny@512x1 --frames 18 \
		--json outputs/bench/floor_one.json
	$(BIN)/python benchmarks/operations.py --models --no-training --engine tiny@512x8 --frames 10 \
		--json outputs/bench/floor_eight.json

bench-edgetam: $(DEV) ## EdgeTAM beside SAM2.1
	$(BIN)/python benchmarks/edgetam.py --rows 512x1 512x4 --modes float32 bfloat16 \
		--json outputs/bench/edgetam_512.json
	$(BIN)/python benchmarks/edgetam.py --rows 1024x1 --rounds 1 --json outputs/bench/edgetam_1024.json
	$(BIN)/python benchmarks/edgetam.py --parts 512 1024 --json outputs/bench/edgetam_parts.json

bench-resolution: $(DEV) ## what a resolution costs and brings
	@mkdir -p outputs/bench
	@for words in "128" "192" "192 --dtype bfloat16"; do \
		echo "== --resolution $$words"; \
		time $(BIN)/momentvos eval world --split val --videos 20 --device cpu --threads 1 --quiet \
			--resolution $$words -o "outputs/bench/resolution_$${words// --dtype /_}.json" $(ARGS); \
	done

# Nobody has run it yet: it was written without a GPU at hand.
bench-gpu: $(DEV) ## the public table on a GPU
	$(BIN)/python benchmarks/sam2_table.py --device cuda --modes float32 bfloat16 bfloat16+compile \
		--json outputs/bench/sam2_cuda.json $(ARGS)

clean: ## remove what the targets made, except .venv
	rm -rf build dist site outputs .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
