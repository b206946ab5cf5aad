#!/bin/sh
# Ten demos on the real server, ten replays of hello-kubectl: how many ended as they must. usage: nightly.sh KPROXY
set -eu
kproxy=$1
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
demos=0 replays=0
for turn in 1 2 3 4 5 6 7 8 9 10; do
    if "$kproxy" demo --server kube-apiserver -o "$work/demo.kproxy" >"$work/said" &&
        grep -qx 'verdict: identical' "$work/said"; then
        demos=$((demos + 1))
    else
        cat "$work/said"
    fi
    if "$kproxy" replay "$here/recordings/hello-kubectl" --on fresh:kube-apiserver >"$work/said"; then
        replays=$((replays + 1))
    else
        cat "$work/said"
    fi
    echo "turn $turn: $demos demos identical, $replays replays identical or equivalent; $(tail -n 1 "$work/said")"
done
[ "$demos" = 10 ] && [ "$replays" = 10 ]
