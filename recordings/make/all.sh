#!/bin/sh
# Make every golden recording again, each on a fresh kube-apiserver of its own. usage: all.sh KPROXY [NAME…]
set -eu
kproxy=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- hello-demo hello-kubectl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in "$@"; do
    "$kproxy" lab run --server kube-apiserver -- \
        "$kproxy" record -o "$work/$name.kproxy" --when-stuck block -- sh "$here/$name.sh"
    "$kproxy" export "$work/$name.kproxy" --to "$work/$name"
    rm -rf "${here:?}/../$name"
    mv "$work/$name" "$here/../$name"
    echo "recordings/$name is made again"
done
