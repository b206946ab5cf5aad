#!/bin/sh
# Make every golden recording again, each on a fresh kube-apiserver of its own. usage: all.sh KPROXY [NAME…]
set -eu
kproxy=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
python=$(dirname "$kproxy")/python beside=$here/../../tests/support/watch_beside.py
PATH=${KUBEBUILDER_ASSETS:+$KUBEBUILDER_ASSETS:}$PATH
[ $# -gt 0 ] || set -- hello-demo hello-kubectl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in "$@"; do
    # etcdctl's own watch beside it: a golden recording lacks no change.
    "$kproxy" lab run --server kube-apiserver -- "$python" "$beside" "$work/$name.jsonl" \
        "$kproxy" record -o "$work/$name.kproxy" --when-stuck block -- sh "$here/$name.sh"
    (cd "$here/../.." && "$python" -m tests.support.watch_beside "$work/$name.jsonl" --check "$work/$name.kproxy")
    "$kproxy" export "$work/$name.kproxy" --to "$work/$name"
    rm -rf "${here:?}/../$name"
    mv "$work/$name" "$here/../$name"
    echo "recordings/$name is made again"
done
