#!/usr/bin/env bash
# Installs what the make targets need and does not find. Says what to do where it can't.
set -euo pipefail

have() { command -v "$1" >/dev/null 2>&1; }

install_package() { # program package
    have "$1" && return
    if have apt-get && [ "$(id -u)" = 0 ]; then
        echo "installing $2"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null
    else
        echo "missing: $1. Install the package $2 (or what your system calls it) and try again." >&2
        exit 1
    fi
}

install_package cc build-essential

if ! have cargo; then
    echo "missing: cargo. Install Rust 1.94 or later and try again." >&2
    exit 1
fi

for component in rustfmt clippy; do
    if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
        echo "installing $component"
        rustup component add "$component"
    fi
done
