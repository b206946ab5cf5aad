#!/bin/sh
# Make VENV with a Python that really starts, and install the lock into it, hashes required.
# usage: venv.sh VENV      (PYTHON=… names one interpreter; PYTHON_VERSIONS="3.12" searches for these versions only)
#        venv.sh --print   the Python that it would take
set -eu
venv=$1
home=${HOME:-/nonexistent}

# A name on PATH proves nothing: version managers leave shims that fail when run. So each candidate is started.
starts() {
    "$1" -c 'import sys, ssl, sqlite3, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

# A shim that fails still tells where its manager keeps the versions: ROOT/shims/python3.13, ROOT/versions/3.13.0.
beside_shim() {
    shim=$(command -v "$1") || return 0
    echo "${shim%/shims/*}/versions"
}

candidates() {
    for v in ${PYTHON_VERSIONS:-3.13 3.12 3.14}; do
        echo "python$v"
        for root in "${PYENV_ROOT:-$home/.pyenv}/versions" "${UV_PYTHON_INSTALL_DIR:-$home/.local/share/uv/python}" \
            "$home/.asdf/installs/python" "$home/.local/share/mise/installs/python" "$(beside_shim "python$v")"; do
            for python in "$root/$v"*/bin/python3 "$root/cpython-$v"*/bin/python3; do
                [ -x "$python" ] && echo "$python"
            done
        done
        for python in "/opt/homebrew/bin/python$v" "/usr/local/bin/python$v"; do
            [ -x "$python" ] && echo "$python"
        done
    done
    [ -n "${PYTHON_VERSIONS:-}" ] || echo python3
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        if starts "$PYTHON"; then echo "$PYTHON"; fi
        return
    fi
    candidates | while read -r python; do
        if starts "$python"; then
            echo "$python"
            break
        fi
    done
}

python=$(find_python)
if [ -z "$python" ]; then
    found=${PYTHON:+"PYTHON=$PYTHON does not start, or is older"}
    echo "kproxy needs Python 3.12 or newer: ${found:-none that starts was found}; install one or say PYTHON=/its/path." >&2
    exit 2
fi
if [ "$venv" = --print ]; then
    echo "$python"
    exit
fi
echo "making $venv with $("$python" -c 'import sys; print("Python", sys.version.split()[0])')"
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch "$venv/installed"
