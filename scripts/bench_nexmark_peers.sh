#!/usr/bin/env bash
# Runs the queries of Nexmark with Hurtig and with Flink, on this machine. Installs what that takes: Java, and Flink's jars.
#   scripts/bench_nexmark_peers.sh        measures; writes each run into out/nexmark-peers.jsonl
#   scripts/bench_nexmark_peers.sh check  whether both generators make the same events
# From the environment: EVENTS, PARALLELISM, QUERIES=q0,q5, BACKEND=hashmap|rocksdb, RUNS (the median counts), HEAP=3g for Java, and
# HURTIG, a binary that is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/flink.sh

readonly queries="${QUERIES:-$(seq -s, -f 'q%g' 0 22)}"
readonly parallelism="${PARALLELISM:-2}" backend="${BACKEND:-hashmap}" runs="${RUNS:-3}"
# Of joins Flink keeps gigabytes in memory. With too few, Java collects garbage for minutes before it gives up.
readonly heap="${HEAP:-$(awk '/^MemTotal:/ { printf "%dm", $2 / 2048 }' /proc/meminfo)}"
readonly nexmark=bench/nexmark
readonly compiled="$flink_home/nexmark-classes"
readonly out=out/nexmark-peers.jsonl

need_hurtig() {
    [ -n "${HURTIG:-}" ] && return
    "${CARGO:-cargo}" build --quiet --release --package hurtig-cli
    HURTIG="${CARGO_TARGET_DIR:-target}/release/hurtig"
}

run_flink() { # class argument...
    run_java "$compiled:$nexmark/flink" -Xmx"$heap" -XX:+ExitOnOutOfMemoryError \
        -Dlog4j.configurationFile="$nexmark/flink/log4j2.properties" "$@"
}

measure_hurtig() { # query
    "$HURTIG" bench nexmark --json --queries "$1" --events "$events" --parallelism "$parallelism" --state-backend "$backend"
}

measure_flink() { # query
    run_flink NexmarkRunner "$nexmark" "$1" "$events" "$parallelism" state.backend.type="$backend"
}

# In turn, so that whatever else the machine does in the meantime meets both.
measure() { # query
    local engine run line
    for ((run = 1; run <= runs; run++)); do
        for engine in hurtig flink; do
            if ! line=$("measure_$engine" "$1"); then
                echo "$line" >&2
                write_down "$engine" "$run" "{\"query\":\"$1\",\"failed\":true}"
                return
            fi
            write_down "$engine" "$run" "$line"
        done
    done
}

write_down() { # engine run object
    echo "{\"engine\":\"$1\",\"parallelism\":$parallelism,\"backend\":\"$backend\",\"run\":$2,${3#\{}" >>"$out"
}

compare() {
    readonly events="${EVENTS:-10000000}"
    local query
    mkdir -p out
    : >"$out"
    python3 "$nexmark/peers.py" head "$heap"
    for query in ${queries//,/ }; do
        measure "$query"
        python3 "$nexmark/peers.py" row "$query" <"$out"
    done
    python3 "$nexmark/peers.py" mean <"$out"
}

rows_script() { # directory
    sed -e "s|\${directory}|$1|g" -e "s|\${events}|$events|g" -e 's|${full-rows}|true|g' "$nexmark/tables.sql" "$nexmark/flink/rows.sql"
}

check() {
    readonly events="${EVENTS:-10000}"
    local engine table directory
    directory=$(mktemp -d)
    trap "rm -rf '$directory'" EXIT
    for engine in hurtig flink; do
        mkdir "$directory/$engine"
        rows_script "$directory/$engine" >"$directory/$engine.sql"
    done
    "$HURTIG" sql -D table.dml-sync=true -f "$directory/hurtig.sql" >/dev/null
    run_flink NexmarkRows "$directory/flink.sql"
    for table in person auction bid; do
        for engine in hurtig flink; do
            find "$directory/$engine/$table" -type f -exec cat {} + | LC_ALL=C sort >"$directory/$engine.csv"
        done
        [ -s "$directory/hurtig.csv" ] || fail "Hurtig makes no rows of $table."
        diff -y -W 300 --suppress-common-lines "$directory/hurtig.csv" "$directory/flink.csv" >"$directory/difference" ||
            fail "Hurtig (left) and Flink (right) make other rows of $table:" "$(head -n 10 "$directory/difference")"
        echo "$table: the same $(wc -l <"$directory/hurtig.csv") rows"
    done
}

need_java
need_flink
need_hurtig
compile_java "$compiled" "$nexmark"/flink/*.java
case "${1:-compare}" in
compare) compare ;;
check) check ;;
*) fail "usage: scripts/bench_nexmark_peers.sh [check]" ;;
esac
