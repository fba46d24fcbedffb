#!/usr/bin/env bash
# Asks Flink itself the queries of testing/parity, on this machine. Installs what that takes: Java, and Flink's jars.
#   scripts/parity.sh check            whether what is committed is what Flink answers
#   scripts/parity.sh record [PREFIX]  writes down what Flink answers, to all files or to those whose names begin so
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/flink.sh

readonly parity=testing/parity

# All queries in one process: Java takes long to start, and Flink to get warm. What else runs here comes first.
ask() { # directory-to-write-to [prefix]
    local classes="$flink_home/classes"
    compile_java "$classes" "$parity"/flink/*.java
    renice -n 10 -p $$ >/dev/null
    run_java "$classes" -Xmx1800m -Dlog4j.configurationFile="$parity/flink/log4j2.properties" Runner "$parity" "$@"
}

need_java
need_flink
case "${1:-check}" in
record)
    ask "$parity/expected" ${2:+"$2"}
    ;;
check)
    answers=$(mktemp -d)
    trap 'rm -rf "$answers"' EXIT
    ask "$answers"
    diff -ru "$parity/expected" "$answers" ||
        fail "Flink answers otherwise than $parity/expected says." "Write down what it says: scripts/parity.sh record"
    ;;
*) fail "usage: scripts/parity.sh [check | record [PREFIX]]" ;;
esac
