#!/bin/sh
# Deletions that wait: for finalizers, for a time of grace; collections, evictions, preconditions; who ends them.
set -u
. "$(dirname "$0")/begin.sh"
maps=/api/v1/namespaces/default/configmaps
pods=/api/v1/namespaces/default/pods
kubectl create configmap held --from-literal=a=b
kubectl patch configmap held --type=merge -p '{"metadata":{"finalizers":["example.org/a","example.org/b"]}}'
kubectl delete configmap held --wait=false
kubectl delete configmap held --wait=false
kubectl patch configmap held --type=merge -p '{"metadata":{"finalizers":["example.org/b"]}}'
kubectl patch configmap held --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'
api POST $maps "$json" '{"metadata":{"name":"one","finalizers":["example.org/a"]}}'
api POST $maps "$json" '{"metadata":{"name":"two"}}'
api DELETE $maps
api PATCH $maps/one "$merge" '{"metadata":{"finalizers":null}}'
api DELETE $maps/one
api POST $maps "$json" '{"metadata":{"name":"guarded"}}'
api DELETE $maps/guarded "$json" '{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}'
api DELETE $maps/guarded "$json" \
    '{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"00000000-0000-0000-0000-000000000000"}}'
kubectl run graceful --image=i
api POST $pods/graceful/binding "$json" \
    '{"apiVersion":"v1","kind":"Binding","metadata":{"name":"graceful"},"target":{"kind":"Node","name":"n1"}}'
api POST $pods/graceful/eviction "$json" '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"graceful"}}'
kubectl delete pod graceful --grace-period=0 --force
kubectl run evicted --image=i
api POST $pods/evicted/eviction "$json" '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"evicted"}}'
kubectl create deployment web --image=i
kubectl annotate deployment web a=b
kubectl annotate deployment web a=b --overwrite
kubectl rollout restart deployment web
kubectl patch deployment web --subresource=status --type=merge -p \
    '{"status":{"conditions":[{"type":"Available","status":"True","lastUpdateTime":"2024-01-01T00:00:00Z","lastTransitionTime":"2024-01-01T00:00:00Z"}]}}'
kubectl wait --for=condition=Available deployment/web --timeout=5s
kubectl delete deployment web --cascade=foreground --wait=false
kubectl patch deployment web --type=merge -p '{"metadata":{"finalizers":null}}'
