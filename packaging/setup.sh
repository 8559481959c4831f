#!/bin/sh
# Sets up everything that Aether needs on Debian or Ubuntu: system libraries (with sudo where needed), a virtual environment,
# and the Python packages. Safe to repeat; the second time it only compares two checksums. Usage: setup.sh [--test]
set -eu
cd "$(dirname "$0")/.."
WITH_TESTS=no
[ "${1:-}" = "--test" ] && WITH_TESTS=yes

say() { printf '%s\n' "aether: $*"; }
fail() { printf '%s\n' "aether: $*" >&2; exit 1; }

RUN_PACKAGES="bubblewrap slirp4netns util-linux procps libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 \
libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libdbus-1-3 \
libfontconfig1 libglib2.0-0 fontconfig fonts-noto-color-emoji fonts-wqy-microhei \
tigervnc-standalone-server openbox xterm x11-xserver-utils"
TEST_PACKAGES="xvfb xauth xdotool dbus at-spi2-core git vim less zsh fish"

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14; do
        [ -n "$candidate" ] || continue
        command -v "$candidate" >/dev/null 2>&1 || continue
        "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null || continue
        command -v "$candidate"
        return 0
    done
    return 1
}

install_system_packages() {
    [ "$(uname -s)" = Linux ] || return 0
    command -v dpkg-query >/dev/null 2>&1 || { say "not a Debian system: install the equivalents of: $*"; return 0; }
    missing=""
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" && continue
        # Ubuntu 24.04 renamed some libraries for 64-bit time.
        dpkg-query -W -f='${Status}' "${package}t64" 2>/dev/null | grep -q "install ok installed" && continue
        missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "installing system packages:$missing"
    as_root=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || fail "these system packages are missing and there is no sudo:$missing
aether: ask an administrator to run: apt-get install$missing"
        as_root=sudo
    fi
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq || say "the package lists could not be renewed; trying with the old ones"
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
        fail "the system packages could not be installed:$missing"
}

make_environment() {
    python=$(find_python) || fail "Python 3.11 or newer is needed. Install it with: sudo apt-get install python3 python3-venv"
    if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys' 2>/dev/null; then
        say "making a virtual environment with $python"
        rm -rf .venv
        if ! "$python" -m venv .venv >/dev/null 2>&1; then
            rm -rf .venv
            install_system_packages python3-venv
            "$python" -m venv .venv || fail "the virtual environment could not be made"
        fi
    fi
    extra=""
    [ "$WITH_TESTS" = yes ] && extra="[test]"
    wanted=$(cat pyproject.toml packaging/constraints.txt | cksum)" $(pwd)"
    stamp=".venv/installed-run"
    [ "$WITH_TESTS" = yes ] && stamp=".venv/installed-test"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then return 0; fi
    say "installing Python packages (the first time takes a minute or two)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c packaging/constraints.txt -e ".$extra" ||
        fail "the Python packages could not be installed; is the network there?"
    printf '%s' "$wanted" >"$stamp"
    [ "$WITH_TESTS" = yes ] && printf '%s' "$wanted" >.venv/installed-run
    return 0
}

# shellcheck disable=SC2086
install_system_packages $RUN_PACKAGES
if [ "$WITH_TESTS" = yes ]; then
    # shellcheck disable=SC2086
    install_system_packages $TEST_PACKAGES
fi
make_environment
say "ready"
