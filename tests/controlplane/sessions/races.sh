#!/bin/sh
# Clients beside each other on one object; pages, conflicts, revisions that are gone or still to come.
set -u
. "$(dirname "$0")/begin.sh"
maps=/api/v1/namespaces/default/configmaps
api POST $maps "$json" '{"metadata":{"name":"shared"}}'
patches() { for i in 1 2 3 4 5 6 7 8; do api PATCH $maps/shared "$merge" '{"data":{"'"$1"'":"'"$i"'"}}'; done; }
patches a & patches b & patches c & wait
remakes() { for i in 1 2 3 4 5; do api POST $maps "$json" '{"metadata":{"name":"x"}}'; api DELETE $maps/x; done; }
remakes & remakes & wait
draws() { for i in 1 2 3 4 5 6 7 8; do api POST $maps "$json" '{"metadata":{"generateName":"m-"}}'; done; }
for i in 1 2 3 4 5; do api POST $maps "$json" '{"metadata":{"name":"page-'$i'"}}'; done
kubectl get configmaps --chunk-size=2
draws & draws & wait
kubectl get configmaps
api GET "$maps?resourceVersion=999999"
api GET "$maps?resourceVersion=1&resourceVersionMatch=Exact"
api PUT $maps/shared "$json" '{"metadata":{"name":"shared","resourceVersion":"1"}}'
api GET "$maps?watch=1&timeoutSeconds=2&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
api DELETE $maps
