# Everything that is done to this tree is a target here; `make help` lists them.
# The local environment is .venv, build output is target/: `make clean` removes both.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input
WHEELS := target/wheels

# How long `make fuzz` spends on each target, and what `make bench` is given (`BENCH=--json`).
FUZZ_SECONDS ?= 30
BENCH        ?=

# How much `make test-long` does: values in Python, cases of each property in Rust; the seed of
# its first values, to have them again.
LONG_VALUES ?= 200000
LONG_CASES  ?= 1000000
LONG_SEED   ?=

# Pinned, and kept out of the user's own ~/.cargo/bin.
WORKER     := examples/cloudflare-worker
TOOLS      := $(CURDIR)/target/tools
CARGO_DENY := 0.20.2
CARGO_FUZZ := 0.13.2
ATHERIS    := atheris==3.0.0
export PATH := $(TOOLS)/bin:$(PATH)

RUST_SOURCES   := .cargo/config.toml Cargo.toml Cargo.lock $(shell find crates python -name target -prune -o \
                  \( -name '*.rs' -o -name 'Cargo.toml' \) -print 2>/dev/null)
PYTHON_SOURCES := pyproject.toml $(shell find python/cachekit \
                  \( -name '*.py' -o -name '*.pyi' -o -name 'py.typed' \) -print 2>/dev/null)
# The peers' contestants and the comparison import what only .rival has, or what has no types.
TYPED          := python/cachekit demo tools $(wildcard benches/*.py) benches/contestants/ours.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

##@ Start here

.PHONY: demo
demo: preflight $(VENV)/.package ## Build everything, then watch it at work: no service needed
	@$(BIN)/python -m demo

.PHONY: test
test: needs lint deny test-rust test-vectors test-python ## Every test and check there is

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nSettings: PYTHON=%s  FUZZ_SECONDS=%s  BENCH=%s\n' '$(PYTHON)' '$(FUZZ_SECONDS)' '$(BENCH)'

##@ Tests, one kind at a time

.PHONY: test-rust
test-rust: ## Rust: unit, behaviour and documentation tests
	@printf '==> Rust tests\n'
	@if command -v cargo-nextest >/dev/null 2>&1; then cargo nextest run --locked --no-fail-fast; \
	  else cargo test --locked --no-fail-fast --lib --bins --tests; fi
	cargo test --locked --doc

.PHONY: test-vectors
test-vectors: $(VENV)/.dev-tools ## The known answers, checked by scripts that share no code with us
	$(BIN)/python tests/vectors/check.py
	$(BIN)/python tests/vectors/check_arguments.py

.PHONY: test-python
test-python: needs $(VENV)/.dev-tools $(VENV)/.package .rival/.installed worker ## Python: behaviour, mission, typing and documentation tests
	cargo build --quiet --locked -p cachekit-server
	$(BIN)/python -m pytest tests

.PHONY: test-mission
test-mission: needs $(VENV)/.dev-tools $(VENV)/.package ## The snippets of the mission, word for word
	cargo build --quiet --locked -p cachekit-server
	$(BIN)/python -m pytest tests/mission

.PHONY: test-http-schema
test-http-schema: needs $(VENV)/.dev-tools ## The HTTP server: requests made up from its OpenAPI, its page in a browser
	$(BIN)/python -m pytest tests/server

.PHONY: test-docs
test-docs: needs $(VENV)/.dev-tools $(VENV)/.package ## Every code block of README and docs/
	$(BIN)/python -m pytest tests/docs
	cargo test --locked --doc

##@ Checks

.PHONY: lint
lint: lint-rust lint-python arrows ## All checks that run nothing

.PHONY: lint-rust
lint-rust: ## rustfmt, clippy and rustdoc, no warning allowed
	@printf '==> Rust checks\n'
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps

.PHONY: lint-python
lint-python: $(VENV)/.dev-tools $(VENV)/.package ## ruff, mypy --strict, pyright, and the stub against the module
	@printf '==> Python checks\n'
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy --strict $(TYPED)
	$(BIN)/pyright $(TYPED)
	$(BIN)/python -m mypy.stubtest cachekit._native

.PHONY: arrows
arrows: ## Which crate may know about which
	@$(PYTHON) tools/arrows.py

.PHONY: deny
deny: $(TOOLS)/bin/cargo-deny ## Licences, sources and banned crates of everything we link
	cargo deny --locked check --hide-inclusion-graph bans licenses sources

##@ Longer

.PHONY: bench
bench: needs $(VENV)/.dev-tools $(VENV)/.package .rival/.installed ## Measure, beside the peers, in one run
	$(BIN)/python -m benches $(BENCH)

.PHONY: bench-stores
bench-stores: needs ## Measure a sealed hit and write on every store: the table in README.md
	@printf '==> Every store in turn; the first time some minutes go into compiling\n'
	cargo bench --quiet --locked -p cachekit-engine --bench stores

.PHONY: soak
soak: needs ## A minute of every fault on Redis, and one of killing those who use a file
	CACHEKIT_SOAK_SECONDS=60 cargo test --locked -p cachekit-engine --test faults_under_load -- --nocapture
	CACHEKIT_SOAK_SECONDS=60 cargo test --locked -p cachekit-store --test embedded_crash -- --nocapture

.PHONY: compare-values
compare-values: needs $(VENV)/.dev-tools $(VENV)/.package .rival/.installed ## Which values survive which cache: writes docs/compared-values.md
	$(BIN)/python -m comparison

.PHONY: test-long
test-long: needs $(VENV)/.dev-tools $(VENV)/.package ## Millions of cases through the property tests: about half an hour
	$(BIN)/python -m tools.many_cases --values $(LONG_VALUES) --cases $(LONG_CASES) $(LONG_SEED:%=--seed %)

.PHONY: test-compat
test-compat: needs $(VENV)/.package ## The other versions of Python, pandas, pyarrow and polars that we promise
	@printf '==> Five environments in target/compat, and the Python tests in each\n'
	@$(BIN)/python tools/compatibility.py

.PHONY: bench-http
bench-http: needs $(VENV)/.dev-tools ## The HTTP server beside webdis and bare Redis (needs wrk; webdis if there)
	$(BIN)/python -m benches.http $(BENCH)

.PHONY: fuzz
fuzz: $(TOOLS)/bin/cargo-fuzz ## Fuzz every target for FUZZ_SECONDS each
	@cd fuzz && for target in $$(cargo fuzz list); do \
	  printf '==> fuzz %s, %s s\n' "$$target" '$(FUZZ_SECONDS)'; \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run "$$target" -- -max_total_time=$(FUZZ_SECONDS) || exit 1; done

.PHONY: fuzz-python
fuzz-python: $(VENV)/.dev-tools $(VENV)/.package ## Fuzz the Python faces of the decoders for FUZZ_SECONDS
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(PIP) install --quiet '$(ATHERIS)'
	@mkdir -p fuzz/artifacts
	$(BIN)/python fuzz/python/faces.py fuzz/corpus/faces -artifact_prefix=fuzz/artifacts/ -max_total_time=$(FUZZ_SECONDS)

##@ Work on it

.PHONY: worker
worker: needs $(WORKER)/node_modules/.installed ## What the Cloudflare Worker of examples/ needs to run here

.PHONY: develop
develop: preflight $(VENV)/.dev-tools ## An editable install, quick to rebuild, slower to run
	$(BIN)/maturin develop --locked
	@rm -f $(VENV)/.package

.PHONY: format
format: $(VENV)/.dev-tools ## Format Rust and Python
	cargo fmt --all
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: wheel
wheel: preflight $(VENV)/.build-tools ## A wheel to ship, in dist/: full optimisation, slow to build
	$(BIN)/maturin build --release --locked --out dist

.PHONY: clean
clean: ## Remove what was built: .venv, .rival, target/, caches
	rm -rf $(VENV) .rival target dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- what the targets stand on ----------------------------------------------------------------

.PHONY: preflight
preflight:
	@PYTHON='$(PYTHON)' tools/preflight build

.PHONY: needs
needs:
	@tools/install-test-needs
	@PYTHON='$(PYTHON)' tools/preflight test

$(BIN)/python:
	@printf '==> Local environment in %s\n' '$(VENV)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.build-tools: requirements-build.txt | $(BIN)/python
	@printf '==> Build tools\n'
	@$(PIP) install --quiet -r requirements-build.txt
	@touch $@

$(VENV)/.dev-tools: requirements-dev.txt requirements-build.txt | $(BIN)/python
	@printf '==> Test tools\n'
	@$(PIP) install --quiet -r requirements-dev.txt
	@touch $@ $(VENV)/.build-tools

# The stamp is newer than every source, so that a second `make demo` starts at once.
$(VENV)/.package: $(RUST_SOURCES) $(PYTHON_SOURCES) | $(VENV)/.build-tools
	@printf '==> Compiling the Rust core and the Python package: about 4 minutes the first time, on two cores\n'
	@rm -rf $(WHEELS)
	@$(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out $(WHEELS)
	@$(PIP) install --quiet --no-index --no-deps --force-reinstall $(WHEELS)/*.whl
	@touch $@

$(TOOLS)/bin/cargo-deny:
	@printf '==> cargo-deny %s into target/tools: about a minute, once\n' '$(CARGO_DENY)'
	@cargo install --quiet --locked --debug --no-default-features --root $(TOOLS) cargo-deny@$(CARGO_DENY)

$(TOOLS)/bin/cargo-fuzz:
	@printf '==> cargo-fuzz %s into target/tools: once\n' '$(CARGO_FUZZ)'
	@cargo install --quiet --locked --debug --root $(TOOLS) cargo-fuzz@$(CARGO_FUZZ)

# The peers live in an environment of their own: one of them is also called `cachekit`.
.rival/.installed: benches/requirements-peers.txt
	@printf '==> The peers we measure against, in .rival\n'
	@test -x .rival/bin/python || $(PYTHON) -m venv .rival
	@.rival/bin/python -m pip --disable-pip-version-check install --quiet -r benches/requirements-peers.txt
	@touch $@

$(WORKER)/node_modules/.installed: $(WORKER)/package-lock.json | $(VENV)/.dev-tools
	@printf '==> workerd and miniflare, for the Worker of examples/\n'
	@cd $(WORKER) && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $@
