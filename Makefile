# make help lists what there is. The first three do everything that they need, set-up included.

SETUP := packaging/set-up
WITH  := packaging/with-rust
CARGO := $(WITH) cargo
# One set of flags for building and testing, so that nothing is compiled twice.
ALL   := --locked --workspace --all-targets

.DEFAULT_GOAL := help
.PHONY: help demo test lab lab-build bench build guests fmt lint conformance house ledger soak set-up clean

help: ## what there is
	@echo 'bellwether: VRRP and IPVS with checks and hooks as sandboxed plugins'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/  make \1\t\2/p' Makefile | expand -t 16

demo: ## set up, build, and show it at work in network namespaces (needs root)
	@$(SETUP) demo
	@$(MAKE) --no-print-directory guests
	@$(CARGO) build --locked -p daemon
	@target=$$($(WITH) packaging/target-dir); exec "$$target/debug/bellwether" lab

test: ## set up, then format, guests, lints and every test (needs root)
	@$(SETUP) test
	@$(CARGO) fmt --all --check
	@$(MAKE) --no-print-directory guests
	@$(CARGO) build $(ALL)
	@$(CARGO) clippy $(ALL) -- -D warnings
	@$(WITH) packaging/run-tests

lab: lab-build ## set up, build, and print what keepalived does and who passes which scenario (needs root); ONLY=word for some
	@target=$$($(WITH) packaging/target-dir); "$$target/debug/claims" $(ONLY) && "$$target/debug/suite" $(ONLY)

lab-build:
	@$(SETUP) test
	@$(MAKE) --no-print-directory guests
	@$(CARGO) build --locked -p daemon -p lab

# Settings: RUNS, SLOW_RUNS, MANY_RUNS, CPU_SECONDS, LOAD_SECONDS, HOSTILE_SECONDS, as in `make bench RUNS=200`
# (tests/bench/src/settings.rs); of balancing ROUNDS, SERVICES, SERVERS, CHECK_SECONDS (tests/ipvs/src/bin/bench_ipvs/settings.rs).
bench: ## set up, build for speed, and print ratios against keepalived (needs root)
	@$(SETUP) test
	@$(MAKE) --no-print-directory guests
	@$(CARGO) build --locked --release -p daemon -p bench -p ipvs
	@$(CARGO) run --locked --quiet --release -p bench
	@$(CARGO) run --locked --quiet --release -p ipvs --bin bench_ipvs

build: ## set up for building, then build the daemon for speed
	@$(SETUP) build
	@$(MAKE) --no-print-directory guests
	@$(CARGO) build --locked --release -p daemon

guests: ## build the plugins that are WebAssembly components
	@$(WITH) sdk/build-guest

fmt: ## format all Rust code
	@$(CARGO) fmt --all

lint: ## what `make test` checks before the tests
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy $(ALL) -- -D warnings

conformance: guests ## every function of the plugins' host, in both runtimes
	@$(CARGO) test --locked --quiet -p plugin --lib -- --nocapture conformance::table

house: ## only the rules of the house: arrows, sizes, words
	@$(CARGO) test --locked --quiet -p house

ledger: ## each clause of the VRRP standards with the tests that hold it
	@$(CARGO) run --locked --quiet -p house --bin ledger

soak: lab-build ## 100,000 seeds of the simulated segment, then a minute on lines that lose (needs root); SEEDS=n, SOAK_SECONDS=n
	@SEEDS=$${SEEDS:-100000} $(CARGO) test --locked --quiet --release -p engine --lib -- vrrp::tests::storm vrrp::tests::bounds
	@target=$$($(WITH) packaging/target-dir); SOAK_SECONDS=$${SOAK_SECONDS:-60} exec "$$target/debug/suite" 'bad lines'

set-up: ## install what is missing, and only that
	@$(SETUP) test

clean: ## remove everything that was built
	@$(CARGO) clean
