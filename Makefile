PYTHON ?= python3

# What the demo shows: the world it plans, and the case in it that no plan can place.
WORLD ?= fixtures/national.json
BLOCKED_CASE ?= zk-0024

STORE := --database sqlite:///build/demo.db

BIN := .venv/bin

.PHONY: demo test check docs screenshots bench lock clean
# Both stamps rebuild the same .venv or node_modules, so they must never run side by side.
.NOTPARALLEL:
# A recipe that fails leaves no target behind that looks finished.
.DELETE_ON_ERROR:

# Plan, check the plan, show the lights of a case that cannot be placed, then serve the table on
# 127.0.0.1:8000 from a fresh store. With DEMO_ONCE=1 the server is stopped as soon as it answers.
demo: .venv/.runtime node_modules/.runtime
	mkdir -p build
	rm -f build/demo.db*
	$(BIN)/regietafel plan $(WORLD) -o build/plan.json
	$(BIN)/regietafel check $(WORLD) build/plan.json
	$(BIN)/regietafel lights $(WORLD) $(BLOCKED_CASE) --plan build/plan.json
ifeq ($(DEMO_ONCE),1)
	@$(BIN)/python -c "$$SERVE_ONCE" $(BIN)/regietafel serve $(STORE) --world $(WORLD)
else
	$(BIN)/regietafel serve $(STORE) --world $(WORLD)
endif

test: check .venv-client/.client node_modules/.test
	$(BIN)/pytest

check: .venv/.test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Writes what follows from the register: the schema of a world file and the list of constraints.
docs: .venv/.runtime
	$(BIN)/python -m api.documents

# Takes the pictures of the pages anew that README.md and docs/pages.md show.
screenshots: .venv/.test node_modules/.test
	SCREENSHOTS=docs/images $(BIN)/pytest -n0 tests/pages/browser/test_pictures.py

# Two worlds and ten seconds each, against every peer; fails when one of them has the better plan.
# The whole comparison: .venv-bench/bin/python -m benchmarks.peers
bench: .venv-bench/.bench
	.venv-bench/bin/python -m benchmarks.peers --short

# Each environment is built from nothing and stamped last, so one that was interrupted is
# built anew. The test environment holds all of the runtime one and stands in for it.
.venv/.runtime: requirements.lock
	$(call venv,.venv,requirements.lock)
	touch $@

# The store is tested on the system's PostgreSQL too, and the pages in the system's Chromium; the
# tests start and stop both by themselves.
.venv/.test: requirements.lock requirements-test.lock
	@command -v pg_ctl > /dev/null || ls /usr/lib/postgresql/*/bin/pg_ctl > /dev/null 2>&1 || \
		$(call system,postgresql)
	@test -x /usr/bin/chromium || $(call system,chromium)
	$(call venv,.venv,requirements-test.lock)
	touch .venv/.runtime $@

.venv-bench/.bench: requirements-bench.lock
	$(call venv,.venv-bench,requirements-bench.lock)
	touch $@

# A client of the API as others would make one, which a test does.
.venv-client/.client: requirements-client.lock
	$(call venv,.venv-client,requirements-client.lock)
	touch $@

# npm is the machine's own, or the one that PyPI brings; what it installs is locked by hash.
NODE := $(if $(shell command -v npm),,.venv-node/.node)
NPM := $(if $(NODE),PATH="$(CURDIR)/.venv-node/bin:$$PATH" .venv-node/bin/npm,npm)

.venv-node/.node: requirements-node.lock
	rm -rf .venv-node
	$(PYTHON) -m venv .venv-node
	.venv-node/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	touch $@

# What the pages are dressed with; for the tests with what looks at them.
node_modules/.runtime: package.json package-lock.json | $(NODE)
	$(NPM) ci --omit=dev --silent --no-audit --no-fund
	touch $@

node_modules/.test: package.json package-lock.json | $(NODE)
	$(NPM) ci --silent --no-audit --no-fund
	touch node_modules/.runtime $@

# Installs a package of the system, or says that it is missing.
system = if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -qq -y $(1); \
	else echo "$(1) is missing: apt-get install $(1)" >&2; fi

define venv
rm -rf $(1)
$(PYTHON) -m venv $(1)
$(1)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(2)
$(if $(filter .venv-client,$(1)),,$(1)/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .)
endef

# Remakes the locks at the newest releases that pyproject.toml allows, for every platform and every
# Python from 3.11 on. The runtime lock constrains the others: tests and benchmarks run what ships.
# Needs the network; brings its own uv.
lock:
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install -qq --disable-pip-version-check uv
	$(compile) -o requirements.lock
	$(compile) --extra test --constraint requirements.lock -o requirements-test.lock
	$(compile) --extra bench --constraint requirements.lock -o requirements-bench.lock
	$(resolve) --group client -o requirements-client.lock
	$(resolve) --group node -o requirements-node.lock

compile = $(resolve) pyproject.toml --group build
resolve = build/lock/bin/uv pip compile --quiet --upgrade \
	--universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

clean:
	rm -rf .venv .venv-bench .venv-client .venv-node node_modules build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Starts the server given as arguments, waits until it is ready, and stops it. The port must be
# free beforehand, or another server might answer in its place; no proxy is asked for it.
define SERVE_ONCE
import socket, subprocess, sys, time, urllib.request

address, url = ("127.0.0.1", 8000), "http://127.0.0.1:8000/health/ready"
with socket.socket() as probe:
    if probe.connect_ex(address) == 0:
        sys.exit("port 8000 is taken")
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
server = subprocess.Popen(sys.argv[1:])
try:
    end = time.monotonic() + 30
    while True:
        try:
            opener.open(url, timeout=2).close()
            break
        except OSError as error:
            if server.poll() is not None or time.monotonic() > end:
                sys.exit(f"{url} does not answer: {error}")
            time.sleep(0.2)
    print(f"{url} answers", flush=True)
finally:
    server.terminate()
    server.wait()
endef
export SERVE_ONCE
