# `make` lists the targets. Each does all the set-up it needs, on a machine with Rust, a C compiler and the package registries.

.DEFAULT_GOAL := help
CARGO ?= cargo
SETUP := @scripts/setup.sh

.PHONY: help setup demo demo-api test parity sim torment fuzz model check fmt clippy doc tidy bench bench-state bench-nexmark clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing
	$(SETUP)

demo: ## Run SQL over January's departures: joins, windows, a Top-N; DATA=DIR for a whole year
	$(SETUP)
	@mkdir -p out && rm -rf out/worst_days && scripts/demo.sh $(DATA) > out/flights.sql
	$(CARGO) run --quiet --package hurtig-cli --no-default-features -- sql -f out/flights.sql

demo-api: ## The same departures by a job in the typed API; DATA=DIR for a whole year
	$(SETUP)
	$(CARGO) run --quiet --package hurtig-examples --bin flights -- $(if $(DATA),--data "$(DATA)")

test: ## Run every test, doc examples included
	$(SETUP) --tests
	$(CARGO) test --workspace
	$(CARGO) test --workspace --features hurtig-sim/planted-bugs --test planted_bugs
	$(CARGO) test --package hurtig-exchange --features model --test model --test model_finds_mistakes

parity: ## Ask Flink itself the queries of testing/parity, and Hurtig the same (ten minutes)
	$(SETUP)
	scripts/parity.sh check
	$(CARGO) test --package hurtig-testing-parity -- --nocapture

sim: ## Run thousands of seeds of the simulation; SEEDS=N for another number
	$(SETUP)
	$(CARGO) xtask sim --seeds $(or $(SEEDS),5000)

torment: ## Kill a real process a hundred times, and check what it wrote; KILLS=N, SEED=S for others
	$(SETUP)
	$(CARGO) xtask torment --kills $(or $(KILLS),100) --seed $(or $(SEED),1)
	$(CARGO) xtask torment --disk-full

fuzz: ## Fuzz every decoder for half a minute each; SECONDS_EACH=N for longer
	$(SETUP)
	scripts/fuzz.sh $(or $(SECONDS_EACH),30)

model: ## Try out the orders in which threads can come to channels and mailboxes
	$(SETUP)
	$(CARGO) test --package hurtig-exchange --features model --test model --test model_finds_mistakes
	$(CARGO) test --package hurtig-runtime --features model --lib model

check: test fmt clippy doc tidy ## What CI runs: test, format, clippy, docs, tidy

fmt: ## See that everything is formatted
	$(SETUP)
	$(CARGO) fmt --all --check

clippy: ## Lint, with warnings as errors
	$(SETUP)
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy --workspace --all-targets --features hurtig-sim/planted-bugs -- -D warnings
	$(CARGO) clippy --package hurtig-exchange --features model --all-targets -- -D warnings

doc: ## Build the documentation, with warnings as errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

tidy: ## Check what rustc cannot see
	$(CARGO) xtask tidy

bench: ## Measure every workload beside its peers, and what checkpoints cost (ten minutes)
	$(SETUP)
	$(CARGO) xtask bench
	$(CARGO) run --quiet --release --package hurtig-bench -- checkpoints

bench-state: ## Measure state larger than memory, increments and restores (RocksDB is compiled first: a quarter of an hour)
	$(SETUP)
	$(CARGO) run --quiet --release --package hurtig-bench-state

bench-nexmark: ## Measure the queries of Nexmark, with PEERS=1 Flink too; EVENTS=N, PARALLELISM=N, QUERIES=q0,q5, BACKEND=rocksdb for others
	$(SETUP)
	$(if $(PEERS),scripts/bench_nexmark_peers.sh,$(CARGO) run --quiet --release --package hurtig-cli -- bench nexmark \
		--events $(or $(EVENTS),10000000) --parallelism $(or $(PARALLELISM),2) --state-backend $(or $(BACKEND),hashmap) \
		$(if $(QUERIES),--queries $(QUERIES)))

clean: ## Remove what was built
	$(CARGO) clean
	rm -rf out
