#!/usr/bin/env bash
# Asks Flink itself the queries of testing/parity, on this machine. Installs what that takes: Java, and Flink's jars.
#   scripts/parity.sh check            whether what is committed is what Flink answers
#   scripts/parity.sh record [PREFIX]  writes down what Flink answers, to all files or to those whose names begin so
set -euo pipefail
cd "$(dirname "$0")/.."

readonly flink=2.3.0
readonly parity=testing/parity
readonly home="${CARGO_TARGET_DIR:-target}/flink"

have() { command -v "$1" >/dev/null 2>&1; }

fail() { # line...
    printf '%s\n' "$@" >&2
    exit 1
}

install_package() { # package what-for
    if have apt-get && [ "$(id -u)" = 0 ]; then
        echo "installing $1, $2"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null
        return
    fi
    fail "missing: $1, $2." "Install your system's (Debian: apt install $1)."
}

java_is_right() { # Flink 2.3 runs on 11, 17 and 21; the runner is written for 17.
    have javac && javac -version 2>&1 | grep -Eq '^javac (17|21)\.'
}

need_java() {
    java_is_right || install_package openjdk-17-jdk-headless "to run Flink"
    java_is_right || fail "javac is not 17 or 21: $(javac -version 2>&1)." "Put one that is first on the PATH."
}

# The jars come as a package of Python's, which is not used for anything else.
need_flink() {
    [ -e "$home/$flink" ] && return
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_package python3-venv "to install Flink's jars"
    echo "installing Flink $flink (350 MB)"
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps "apache-flink-libraries==$flink"
    touch "$home/$flink"
}

# All queries in one process: Java takes long to start, and Flink to get warm.
ask() { # directory-to-write-to [prefix]
    local jars classes="$home/classes" opened=() package
    jars=$(printf '%s:' "$home"/lib/python3*/site-packages/pyflink/lib/*.jar)
    mkdir -p "$classes"
    javac -d "$classes" -cp "$jars" "$parity"/flink/*.java
    for package in lang net nio time util; do
        opened+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
    done
    nice java -Xmx1800m "${opened[@]}" -Duser.timezone=UTC -Dlog4j.configurationFile="$parity/flink/log4j2.properties" \
        -cp "$classes:$jars" Runner "$parity" "$@"
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
