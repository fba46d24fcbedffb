# Java and Flink's jars, installed where they are missing: what scripts ask Flink itself by. To be sourced, from the root of the
# repository.

readonly flink=2.3.0
readonly flink_home="${CARGO_TARGET_DIR:-target}/flink"

have() { command -v "$1" >/dev/null 2>&1; }

fail() { # line...
    printf '%s\n' "$@" >&2
    exit 1
}

install_package() { # package what-for
    if have apt-get && [ "$(id -u)" = 0 ]; then
        echo "installing $1, $2" >&2
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null
        return
    fi
    fail "missing: $1, $2." "Install your system's (Debian: apt install $1)."
}

java_is_right() { # Flink 2.3 runs on 11, 17 and 21; our Java is written for 17.
    have javac && javac -version 2>&1 | grep -Eq '^javac (17|21)\.'
}

need_java() {
    java_is_right || install_package openjdk-17-jdk-headless "to run Flink"
    java_is_right || fail "javac is not 17 or 21: $(javac -version 2>&1)." "Put one that is first on the PATH."
}

# The jars come as a package of Python's, which is not used for anything else.
need_flink() {
    [ -e "$flink_home/$flink" ] && return
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_package python3-venv "to install Flink's jars"
    echo "installing Flink $flink (350 MB)" >&2
    rm -rf "$flink_home"
    python3 -m venv "$flink_home"
    "$flink_home/bin/pip" install --quiet --disable-pip-version-check --no-compile --no-deps "apache-flink-libraries==$flink"
    touch "$flink_home/$flink"
}

flink_jars() { # The class path of all of them.
    printf '%s:' "$flink_home"/lib/python3*/site-packages/pyflink/lib/*.jar
}

compile_java() { # directory-of-classes source...
    local classes="$1"
    shift
    rm -rf "$classes"
    mkdir -p "$classes"
    javac -d "$classes" -cp "$(flink_jars)" "$@"
}

# Runs a class of ours beside Flink's. Flink looks into Java's own classes, which Java must be told to allow.
run_java() { # directory-of-classes java-option... class argument...
    local classes="$1" opened=() package
    shift
    for package in lang net nio time util; do
        opened+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
    done
    java "${opened[@]}" -Duser.timezone=UTC -cp "$classes:$(flink_jars)" "$@"
}
