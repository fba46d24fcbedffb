#!/usr/bin/env bash
# Installs what the make targets need and does not find. Says what to do where it can't. Does nothing, at once, where all is there.
#   scripts/setup.sh            what it takes to build
#   scripts/setup.sh --tests    and the servers that tests talk to
set -euo pipefail
cd "$(dirname "$0")/.."

have() { command -v "$1" >/dev/null 2>&1; }

fail() { # line...
    printf '%s\n' "$@" >&2
    exit 1
}

rust_wanted=$(sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' Cargo.toml)

rust_found() { # the version, or nothing where there is no Rust
    rustc --version 2>/dev/null | sed -n 's/^rustc \([0-9]*\.[0-9]*\).*/\1/p'
}

rust_is_new_enough() {
    local found
    found=$(rust_found)
    [ -n "$found" ] || return 1
    local major=${found%%.*} minor=${found#*.}
    local wanted_major=${rust_wanted%%.*} wanted_minor=${rust_wanted#*.}
    wanted_minor=${wanted_minor%%.*}
    [ "$major" -gt "$wanted_major" ] || { [ "$major" -eq "$wanted_major" ] && [ "$minor" -ge "$wanted_minor" ]; }
}

# The compilers of other languages are the system's: zstd is written in C, RocksDB in C++, and Rust links by `cc`.
need_c_compiler() {
    have cc && have c++ && return
    if have apt-get && [ "$(id -u)" = 0 ]; then
        echo "installing build-essential, for a compiler of C and C++"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq build-essential >/dev/null
        return
    fi
    fail "missing: a compiler of C and C++, as \`cc\` and \`c++\`." \
        "Install your system's (Debian: apt install build-essential; Fedora: dnf install gcc-c++; macOS: xcode-select --install)."
}

libclang_is_there() { # where the crate that looks for it looks too, as far as that matters
    [ -n "${LIBCLANG_PATH:-}" ] && return
    local file
    for file in /usr/lib/llvm-*/lib/libclang*.so* /usr/lib/*/libclang*.so* /usr/lib/libclang*.so* /usr/lib64/libclang*.so* \
        /usr/lib64/llvm*/lib*/libclang*.so* /usr/local/lib/libclang*.so* /opt/homebrew/opt/llvm/lib/libclang.dylib \
        /usr/local/opt/llvm/lib/libclang.dylib /Library/Developer/CommandLineTools/usr/lib/libclang.dylib \
        /Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/lib/libclang.dylib; do
        case ${file##*/} in libclang-cpp*) continue ;; esac # another library, which comes without this one
        [ -e "$file" ] && return
    done
    return 1
}

# RocksDB's header is read by libclang when it is built. With clang's own headers, which the -dev package brings.
need_libclang() {
    libclang_is_there && return
    if have apt-get && [ "$(id -u)" = 0 ]; then
        echo "installing libclang-dev, to build RocksDB"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libclang-dev >/dev/null
        return
    fi
    fail "missing: libclang, which RocksDB is built with." \
        "Install your system's (Debian: apt install libclang-dev; Fedora: dnf install clang-devel; macOS: xcode-select --install)," \
        "or say where it is: LIBCLANG_PATH=/its/directory"
}

need_rust() {
    have cargo && rust_is_new_enough && return
    if have rustup; then
        echo "installing Rust: ${rust_wanted} or later is needed, $(rust_found | grep . || echo none) is there"
        rustup toolchain install stable --profile minimal --component rustfmt --component clippy
        have cargo && rust_is_new_enough && return
        fail "Rust $(rust_found) is still what runs here: an override or another default toolchain is set." \
            "See it by \`rustup show\`; \`rustup default stable\` or \`rustup override unset\` takes the new one."
    fi
    if have cargo; then
        fail "Rust $(rust_found) is too old: ${rust_wanted} or later is needed, and there is no rustup to update it." \
            "Update it as you installed it, or install rustup: https://rustup.rs"
    fi
    if [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        fail "missing: cargo. It is installed, but not on the PATH: run" "    . \"${CARGO_HOME:-$HOME/.cargo}/env\""
    fi
    fail "missing: Rust ${rust_wanted} or later. Install it by" \
        "    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" "open a new shell, and try again."
}

need_component() { # program component
    "$1" --version >/dev/null 2>&1 && return
    have rustup || fail "missing: $1. Install your system's package of it, or Rust by rustup: https://rustup.rs"
    echo "installing $2"
    rustup component add "$2"
}

# An S3 server for the tests, in a place of its own below the target directory.
need_moto() {
    local version=5.2.5 home="${CARGO_TARGET_DIR:-target}/moto"
    [ -e "$home/$version" ] && return
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        if have apt-get && [ "$(id -u)" = 0 ]; then
            echo "installing python3-venv, for the S3 server of the tests"
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
        else
            fail "missing: Python 3 with venv, for the S3 server of the tests." \
                "Install your system's (Debian: apt install python3-venv; Fedora: dnf install python3)."
        fi
    fi
    echo "installing moto $version, the S3 server of the tests"
    rm -rf "$home"
    python3 -m venv "$home"
    # Not `moto[server]`, which brings what all other services need: three times as large.
    "$home/bin/pip" install --quiet --disable-pip-version-check --no-compile "moto[s3]==$version" flask flask-cors
    touch "$home/$version"
}

need_c_compiler
need_libclang
need_rust
need_component cargo-fmt rustfmt
need_component cargo-clippy clippy
if [ "${1:-}" = --tests ]; then need_moto; fi
