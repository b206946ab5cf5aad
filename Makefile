# The README's commands, and CI's steps. `make help` lists them.
# Only make, a Python >= 3.12 and the package registry are needed; what needs more says so.

SHELL  := /bin/sh
VENV   ?= .venv
BIN    := $(VENV)/bin
SERVER ?= emulated
# One more than two processors: many tests wait for what takes its second, and others go on meanwhile.
WORKERS ?= 3
SOAK_SECONDS ?= 90
SOAK_IDENTITY ?= pass
EXAMPLES ?= 10000
SECONDS ?= 120
FUZZ_SECONDS ?= 3600
MUTANTS ?= 2000
SOAK ?= 0
TIMES ?= 3
SCRIPT_TIMES ?= $(TIMES)
SOAK_TIMES ?= $(TIMES)
SOAK_ALONE ?= $(SOAK_TIMES)
MUTATIONS ?= 300
ROOM ?=
SEED ?=

# Whoever has nothing left takes what waits for another one: a few tests take a minute.
SPREAD = -n $(WORKERS) --dist worksteal

PROVEN = $(CURDIR)/build/proven.jsonl
ASSETS = $$(sh controlplane/build.sh --print)
OLDER = 1.34.4
# All programs of it; what CI runs needs its kube-apiserver only.
OLDER_PROGRAMS ?=
OLDER_ASSETS = $$(sh controlplane/build.sh --print $(OLDER))

# Tests whose assertions pytest has rewritten, and kproxy for each process that they start, are compiled once: where this
# is set, they are again by each worker and each process.
unexport PYTHONDONTWRITEBYTECODE

# What `make help` lists, and the shell's sed reads out of this file, makes no file of its name.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(VENV)/installed ## the walkthrough, end to end (SERVER=kube-apiserver: on the real one, after make controlplane)
	@if [ "$(SERVER)" = kube-apiserver ]; then \
	  $(BIN)/kproxy demo --server kube-apiserver --assets "$(ASSETS)"; \
	else $(BIN)/kproxy demo --server $(SERVER); fi

test: $(VENV)/installed ## every test that needs nothing beyond this machine's Python
	$(BIN)/pytest $(SPREAD) -m "not controlplane and not netns and not memory"

test-unit: $(VENV)/installed ## the tests that start no process and take no seconds, in an order drawn by SEED (a new one each time): under a minute on two cores
	$(BIN)/pytest -q $(SPREAD) -m "not process and not long and not controlplane and not netns and not memory" -p randomly \
	  --hypothesis-profile quick $(SEED:%=--randomly-seed=%)

test-lowest: $(VENV)/installed ## the same and the demo, on the oldest dependencies that pyproject.toml allows
	SPREAD="$(SPREAD)" sh tools/resolve.sh $(BIN) lowest

test-newest: $(VENV)/installed ## the same, on the newest ones
	SPREAD="$(SPREAD)" sh tools/resolve.sh $(BIN) highest

test-memory: $(VENV)/installed ## gigabytes and thousands of watches through a real recording: what the proxy holds of them
	$(BIN)/pytest -n 0 -m memory

byte-for-byte: $(VENV)/installed ## promise 1 on EXAMPLES generated exchanges (10000)
	KPROXY_EXAMPLES=$(EXAMPLES) $(BIN)/pytest $(SPREAD) --timeout=3600 tests/proxy/test_byte_for_byte.py \
	  tests/proxy/test_byte_for_byte_sockets.py

lint: $(VENV)/installed ## ruff: all rules, and the format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed ## mypy --strict over code and tests
	$(BIN)/mypy

contracts: $(VENV)/installed ## the direction of imports
	$(BIN)/lint-imports

test-transparent: $(VENV)/installed ## redirected connections, in namespaces of their own (needs unshare, ip, nft; no root)
	$(BIN)/pytest -n 0 -m netns tests/transparent

controlplane: ## build Kubernetes, etcd and kwok into a cache outside the tree (needs Go 1.26; 7 to 20 minutes on two cores, once)
	sh controlplane/build.sh

controlplane-older: controlplane ## the same, and the older Kubernetes that some tests run on, too (about seven minutes more)
	sh controlplane/build.sh $(OLDER) $(OLDER_PROGRAMS)

soak: $(VENV)/installed controlplane ## a whole control plane through kproxy for SOAK_SECONDS, into build/ (needs Go)
	KUBEBUILDER_ASSETS="$(ASSETS)" $(BIN)/python -m tests.controlplane.soak.make $(SOAK_SECONDS) $(SOAK_IDENTITY)

test-controlplane: $(VENV)/installed controlplane-older soak ## the tests that need the real control plane (needs Go)
	KUBEBUILDER_ASSETS="$(ASSETS)" KPROXY_OLDER_ASSETS="$(OLDER_ASSETS)" KPROXY_COMPAT_RESULTS=$(PROVEN) \
	  $(BIN)/pytest $(SPREAD) -m controlplane --ignore tests/controlplane/compat \
	  --ignore tests/controlplane/test_versions_plane.py

versions: $(VENV)/installed controlplane-older ## a control plane's session of each version replayed on the other: each finding explained (needs Go)
	KUBEBUILDER_ASSETS="$(ASSETS)" KPROXY_OLDER_ASSETS="$(OLDER_ASSETS)" \
	  $(BIN)/pytest -n 0 -m controlplane tests/controlplane/test_versions_plane.py

test-compat: $(VENV)/installed controlplane ## clients that no one here wrote, through kproxy (needs Go and Node.js)
	sh tools/compat.sh build/compat
	KUBEBUILDER_ASSETS="$(ASSETS)" KPROXY_COMPAT="$(CURDIR)/build/compat" KPROXY_COMPAT_RESULTS=$(PROVEN) \
	  $(BIN)/pytest $(SPREAD) tests/controlplane/compat

compatibility: $(VENV)/installed ## write docs/compatibility.md from the markers of those tests
	$(BIN)/python tools/compatibility.py

compatibility-check: $(VENV)/installed ## whether it is what the markers say, and each cell passed when it was last tested
	$(BIN)/python tools/compatibility.py --check $(PROVEN)

commands: $(VENV)/installed ## write docs/commands.md from the commands themselves
	$(BIN)/python tools/commands.py

errors: $(VENV)/installed ## write docs/errors.md from the code
	$(BIN)/python tools/errors.py

pages: commands errors architecture ## write all pages, and tables in pages, that are made from the code
	$(BIN)/python tools/tables_in_docs.py

architecture: $(VENV)/installed ## draw the pictures of docs/architecture.md from the imports
	$(BIN)/python tools/architecture.py

recordings: $(VENV)/installed controlplane ## make the golden recordings again (needs Go)
	KUBEBUILDER_ASSETS="$(ASSETS)" sh recordings/make/all.sh $(BIN)/kproxy

nightly: $(VENV)/installed controlplane ## what takes long: ten demos and replays on the real server, a soak of ten minutes, the whole bench, fuzzing
	KUBEBUILDER_ASSETS="$(ASSETS)" sh tests/nightly.sh $(BIN)/kproxy
	for soak in 600-pass 60-front-proxy 60-impersonate; do \
	  export KPROXY_SOAK_SECONDS=$${soak%%-*} KPROXY_SOAK_IDENTITY=$${soak#*-}; \
	  $(MAKE) soak SOAK_SECONDS=$$KPROXY_SOAK_SECONDS SOAK_IDENTITY=$$KPROXY_SOAK_IDENTITY && \
	  KUBEBUILDER_ASSETS="$(ASSETS)" $(BIN)/pytest -n0 tests/controlplane/test_soak*.py || exit 1; \
	done
	KUBEBUILDER_ASSETS="$(ASSETS)" $(BIN)/python -m tests.verification --times 20 --long 600 --resume --publish
	$(MAKE) versions
	$(MAKE) mutants
	$(MAKE) test-unit
	PYTHON_VERSIONS=3.12 $(MAKE) test VENV=.venv-3.12
	$(MAKE) test-lowest
	$(MAKE) test-newest
	$(MAKE) quality
	KPROXY_BISECT=5000 $(BIN)/pytest -n0 -s tests/session/test_bisect.py
	$(MAKE) bench
	$(MAKE) fuzz SECONDS=$(FUZZ_SECONDS)

fuzz: $(VENV)/fuzz ## parsers and decoders under a fuzzer, SECONDS=120 in all (x86_64 Linux only)
	$(BIN)/python -m tests.fuzz.run --seconds $(SECONDS)

bench: $(VENV)/installed ## kproxy beside what does without it, and docs/performance.md of it (needs Go; half an hour)
	KUBEBUILDER_ASSETS="$(ASSETS)" $(BIN)/python -m tests.bench --publish

bench-correlate: $(VENV)/installed ## how fast a ledger is computed, at 10,000, 100,000 and 1,000,000 changes (3 GiB in TMPDIR)
	$(BIN)/python -m tests.bench.correlating

bench-diff: $(VENV)/bench ## how fast two recordings are compared, 1,000 to 1,000,000 exchanges, and beside DeepDiff (3 GiB in TMPDIR)
	$(BIN)/python -m tests.bench.diffing

bench-rate: $(VENV)/installed ## how many exchanges a second are compared here: 1,000 and 10,000, five times each
	$(BIN)/python -m tests.bench.rate

accuracy: $(VENV)/installed soak ## how right the grounds are that need no relay, scored on the soak's recording (needs Go)
	$(BIN)/python -m tests.accuracy build/soak-$(SOAK_SECONDS)-$(SOAK_IDENTITY)/recording.kproxy --check

verification: $(VENV)/installed controlplane ## recordings replayed on the same version TIMES=3: no false alarm; SOAK=90: a control plane's, too, SOAK_ALONE=3 of them one request at a time (needs Go)
	KUBEBUILDER_ASSETS="$(ASSETS)" $(BIN)/python -m tests.verification --times $(TIMES) --script-times $(SCRIPT_TIMES) \
	  --soak $(SOAK) --soak-times $(SOAK_TIMES) --soak-alone $(SOAK_ALONE)

mutants: $(VENV)/installed controlplane ## servers that behave in another way, by hand and MUTANTS=2000 drawn: nothing missed (needs Go)
	KUBEBUILDER_ASSETS="$(ASSETS)" $(BIN)/python -m tests.mutants --drawn $(MUTANTS)

mutants-publish: $(VENV)/installed controlplane ## the same, and docs/verification.md of it (needs Go; half an hour)
	KUBEBUILDER_ASSETS="$(ASSETS)" $(BIN)/python -m tests.mutants --drawn $(MUTANTS) --publish

mutants-short: $(VENV)/installed ## each third of those by hand on the emulated server, and 200 drawn
	$(BIN)/python -m tests.mutants --server emulated --drawn 200 --share 3

bench-short: $(VENV)/installed ## the same, short: checks counts and contents, not ratios
	$(BIN)/python -m tests.bench --short

tables-check: $(VENV)/installed ## compare the committed interface tables with their sources (needs Go)
	$(BIN)/uv run --quiet --no-project --python $(BIN)/python tools/tables/extract.py --check

test-go: ## vet and test the generator and the upstream, vet the stand-in kubelet (needs Go)
	cd controlplane/bench && go vet ./... && go test ./...
	cd controlplane/kubelet && go vet ./...

questions: $(VENV)/installed ## write what reading asks, as SQL, from the tables of a recording
	$(BIN)/python tools/questions.py

tables: $(VENV)/installed ## extract the interface tables from the published .proto files (needs Go)
	$(BIN)/uv run --quiet --no-project --python $(BIN)/python tools/tables/extract.py
	$(BIN)/python tools/tables/compile.py

lock: $(VENV)/installed ## resolve the lock files again
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.12 --no-annotate --no-header \
	  --upgrade pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.12 --no-annotate --no-header \
	  --upgrade pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.12 --no-annotate --no-header \
	  --upgrade tests/controlplane/compat/requirements.in -o tests/controlplane/compat/requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.12 --no-annotate --no-header \
	  --upgrade --group fuzz -o requirements-fuzz.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.12 --no-annotate --no-header \
	  --upgrade --group bench -o requirements-bench.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.12 --no-annotate --no-header \
	  --upgrade --group quality -c requirements-dev.lock -o requirements-quality.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.10 --no-annotate --no-header \
	  --upgrade pytest-kproxy/pyproject.toml -o pytest-kproxy/requirements.lock

quality: $(VENV)/quality ## branches that tests take, MUTATIONS=300 of each pure room that they notice, sizes, names, duplicates: a table beside its goals, an error if one is missed (ROOM=diff: one)
	$(BIN)/python -m tests.quality --house --branches --mutants $(MUTATIONS) $(ROOM:%=--room %)

wheel: $(VENV)/installed ## the wheels of kproxy and of pytest-kproxy, into dist/
	rm -rf dist && $(BIN)/python -m hatchling build -t wheel
	cd pytest-kproxy && $(abspath $(BIN))/python -m hatchling build -t wheel -d $(CURDIR)/dist

test-plugin: wheel ## pytest-kproxy's wheel in an environment that has pytest only, and this kproxy as a program beside it
	sh tools/plugin.sh

clean: ## what make made in this folder
	rm -rf $(VENV) .venv-lowest .venv-highest dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz .import_linter_cache

$(VENV)/installed: requirements-dev.lock tools/venv.sh
	sh tools/venv.sh $(VENV)

$(VENV)/fuzz: requirements-fuzz.lock $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	touch $@

$(VENV)/quality: requirements-quality.lock $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-quality.lock
	touch $@

$(VENV)/bench: requirements-bench.lock $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	touch $@
