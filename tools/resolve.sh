#!/bin/sh
# The bounds of pyproject.toml, tried: resolve kproxy's dependencies to the lowest or the highest that these allow, into
# an environment of their own, and run there the tests that start no process and take no
# seconds, and the demo.
# usage: resolve.sh BIN lowest|highest      (BIN: the folder of an environment that `make .venv/installed` made;
#        SPREAD, a variable: pytest's options for several workers)
set -eu
bin=$1 which=$2
case $which in
lowest) resolution=lowest-direct ;;
highest) resolution=highest ;;
*) echo "resolve.sh: lowest or highest" >&2 && exit 2 ;;
esac
venv=.venv-$which
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$bin/uv" pip compile -q --python "$bin/python" --no-annotate --no-header --resolution "$resolution" pyproject.toml \
    -o "$work/kproxy.txt"
# What tests need beside them is newest: its own bounds are nobody's promise.
"$bin/uv" pip compile -q --python "$bin/python" --no-annotate --no-header --group dev -c "$work/kproxy.txt" pyproject.toml \
    -o "$work/all.txt"
"$bin/uv" venv -q --clear --python "$bin/python" "$venv"
"$bin/uv" pip sync -q --python "$venv/bin/python" "$work/all.txt"
"$bin/uv" pip install -q --python "$venv/bin/python" --no-deps --no-build-isolation -e .
echo "== the $which that pyproject.toml allows:" $(cat "$work/kproxy.txt")
# shellcheck disable=SC2086 - several options
"$venv/bin/pytest" -q ${SPREAD:-} -m "not process and not long and not controlplane and not netns and not memory"
"$venv/bin/kproxy" demo -o "$work/demo.kproxy" | tail -n 1
