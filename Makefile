# 429chain: `make run` shows it, `make test` checks it, `make help` lists the rest.

SHELL  := /bin/bash
python := .venv/bin/python
venv   := .venv/.requirements
node   := tests/clients/node
sdk    := $(node)/node_modules/.package-lock.json
axe    := tests/web/node/node_modules/.package-lock.json

# pyright brings its own JavaScript; without this it asks the network for its newest version.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint types snap shots shots-web faults fuzz crash soak harvest paging bench bench-quick clients docs release-check audit licences image lock venv clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(venv)  ## the demo: no account, no network, no config file (ARGS="--no-tui" adds flags)
	@$(python) -m app --demo $(ARGS)

# Two at a time (tests/turns.py): with more, what one test does to another's timing is a coin toss.
test: lint types $(sdk) $(axe)  ## everything that must pass before a commit (ARGS="-k NAME" narrows pytest)
	@$(python) -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(venv)  ## ruff, formatting, import directions
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports --no-logo

types: $(venv)  ## pyright, strict
	@command -v node >/dev/null || { \
	  echo "make types: pyright runs on Node.js, which is not on the PATH: install nodejs (apt, dnf, brew), 20 or newer" >&2; \
	  exit 1; }
	@.venv/bin/pyright

snap: $(venv)  ## take over what the snapshot tests show now
	@$(python) -m pytest $(shell grep -rlE 'snapshot: SnapshotAssertion|snap_compare' tests --include='*.py') --snapshot-update

shots: $(venv)  ## pictures of the terminal interface and docs/keys.md (needs rsvg-convert)
	@$(python) -m tests.screens.shots
	@$(python) -m tests.screens.keys_page

shots-web: $(venv)  ## pictures of the web view, docs/images/web-*.png (needs chromium)
	@$(python) -m tests.web docs/images

docs: $(venv)  ## the parts of docs/*.md that are made from the program's tables
	@$(python) -m tests.docs

# The long ones. Each has a short form that `make test` runs.

faults: $(venv)  ## every fault script against the program (ARGS="--only NAME")
	@$(python) -m tests.faults $(ARGS)

fuzz: $(venv)  ## hostile input for every parser (N=600 seconds)
	@$(python) -m tests.fuzz --seconds $(or $(N),600) $(ARGS)

crash: $(venv)  ## killed under load and started again (N=100 times)
	@$(python) -m tests.crash --kills $(or $(N),100) $(ARGS)

soak: $(venv)  ## mixed traffic, and nothing may grow (T=600 seconds)
	@$(python) -m tests.soak --seconds $(or $(T),600) $(ARGS)

harvest: $(venv)  ## how much of a farm's free tokens is found (10 minutes; ARGS="--shape bursts")
	@$(python) -m tests.harvest $(ARGS)

paging: $(venv)  ## the request log at a million rows, every filter
	@$(python) -m tests.paging $(ARGS)

bench: $(venv)  ## speed beside a pass-through without features
	@$(python) -m bench $(ARGS)

bench-quick: $(venv)  ## the same in under a minute
	@$(python) -m bench --quick $(ARGS)

clients: $(venv)  ## every client of docs/clients.md, installed and run (ARGS="codex --folder DIR")
	@$(python) -m tests.clients $(ARGS)

release-check: $(venv)  ## the wheel, by pip, uv and pipx on each Python (ARGS="--with pip --python 3.12")
	@$(python) -m tests.release $(ARGS)

audit: $(venv)  ## known vulnerabilities of what is pinned, by osv.dev; fails where it cannot ask
	@$(python) -m tests.release.audit $(ARGS)

licences: $(venv)  ## docs/licences.md, from the metadata of what is pinned
	@$(python) -m tests.release.licences

image: $(venv)  ## the container image, labelled with the version (needs docker)
	@docker build --tag 429chain --build-arg VERSION="$$($(python) -m app --version | cut -d' ' -f2)" .

lock:  ## pin requirements/*.txt to what pyproject.toml allows (UPGRADE=--upgrade takes the newest)
	@command -v uv >/dev/null || { \
	  echo "make lock: uv is not on the PATH: pipx install uv" >&2; exit 1; }
	$(pin) --output-file requirements/base.txt
	$(pin) --group dev --constraints requirements/base.txt --output-file requirements/dev.txt

# --universal: one file for every platform and for Python 3.11 and newer, by markers.
pin = uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --custom-compile-command "make lock" $(UPGRADE)

venv: $(venv)  ## .venv with what requirements/dev.txt pins

# Built anew, so that nothing stays that is no longer pinned.
$(venv): requirements/dev.txt
	@found=; \
	for name in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { found=$$name; break; }; \
	done; \
	if command -v uv >/dev/null; then \
	  uv venv --quiet --clear --python "$${found:->=3.11}" .venv && \
	  uv pip sync --quiet --python .venv --require-hashes requirements/dev.txt; \
	elif [ -n "$$found" ]; then \
	  echo "make: building .venv with $$($$found --version)" >&2; \
	  $$found -m venv --clear .venv || { \
	    echo "make: $$found cannot make a virtual environment: apt install python3-venv, or install uv" >&2; \
	    exit 1; }; \
	  $(python) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt; \
	else \
	  echo "make: 429chain needs Python 3.11 or newer: install python3.11 (or newer) or uv, or name one: make PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi
	@cp requirements/dev.txt $@

# The tests that need the Node SDK or axe-core are skipped without it, but never when CI=true.
%/node_modules/.package-lock.json: %/package-lock.json %/package.json
	@if ! command -v npm >/dev/null; then \
	  echo "make test: npm is not on the PATH: the tests that need $* cannot run" >&2; \
	elif npm ci --prefix $* --silent; then \
	  touch $@; \
	else \
	  echo "make test: npm ci in $* failed: the tests that need it cannot run" >&2; \
	fi; \
	[ -e $@ ] || [ "$$CI" != true ]

clean:  ## what was built, .venv included; never a config or a database
	rm -rf .venv build dist *.egg-info $(node)/node_modules tests/web/node/node_modules snapshot_report.html
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find app bench proxy screens store tests -name __pycache__ -type d -prune -exec rm -rf {} +
