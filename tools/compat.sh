#!/bin/sh
# Install the clients of tests/controlplane/compat into DIR: Python's in an environment of their own, the JavaScript one
# beside it. Nothing is done where that has been done from the same lock files.
# usage: compat.sh DIR
set -eu
dir=$1
clients=tests/controlplane/compat
key=$(cat "$clients/requirements.lock" "$clients/clients/package-lock.json" tools/compat.sh | sha256sum | cut -c1-16)
[ "$(cat "$dir/installed" 2>/dev/null)" = "$key" ] && exit 0
command -v npm >/dev/null || { echo "compat.sh: the JavaScript client needs Node.js 20 or newer and npm" >&2; exit 2; }
rm -rf "$dir"
mkdir -p "$dir"
"$(sh tools/venv.sh --print)" -m venv "$dir/venv"
"$dir/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$clients/requirements.lock"
cp "$clients/clients/package.json" "$clients/clients/package-lock.json" "$dir/"
(cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
echo "$key" >"$dir/installed"
