#!/usr/bin/env bash
# Fuzzes every decoder for some seconds each, one after the other; or those that are named. What was found lies in fuzz/artifacts.
#     scripts/fuzz.sh [SECONDS_EACH [TARGET...]]
#
# Without a sanitizer, for which one would need a nightly compiler: the decoders hold no unsafe code, and memory is bounded by the
# fuzzers' own allocator.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-30}
shift || true

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "installing cargo-fuzz"
    cargo install cargo-fuzz --locked --quiet
fi

targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    mapfile -t targets < <(cargo fuzz list)
fi

options=(--sanitizer none)
if [ -n "${CARGO_TARGET_DIR:-}" ]; then
    options+=(--target-dir "$CARGO_TARGET_DIR")
fi

found=()
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target" "fuzz/seeds/$target"
    echo "== $target, $seconds s"
    log=$(mktemp)
    if cargo fuzz run "${options[@]}" "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -rss_limit_mb=512 -timeout=10 -print_final_stats=1 -verbosity=0 >"$log" 2>&1; then
        grep -E 'number_of_executed_units|new_units_added|peak_rss_mb' "$log" || tail -5 "$log"
    else
        tail -30 "$log"
        found+=("$target")
    fi
    rm -f "$log"
done

if [ ${#found[@]} -gt 0 ]; then
    echo "failed: ${found[*]}. An input in fuzz/artifacts/<target> is run again by" >&2
    echo "    cargo fuzz run --sanitizer none <target> fuzz/artifacts/<target>/<input>" >&2
    echo "Mend the decoder, and keep the input as a test beside it." >&2
    exit 1
fi
