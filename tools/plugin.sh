#!/bin/sh
# pytest-kproxy's built wheel, in an environment of its own with pytest and nothing else: kproxy is a program outside it.
set -eu
root=$PWD
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
.venv/bin/python -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r pytest-kproxy/requirements.lock
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps dist/pytest_kproxy-*.whl
cp -r pytest-kproxy/tests "$place/"
cd "$place"
KPROXY=$root/.venv/bin/kproxy "$place/venv/bin/python" -m pytest -q tests
