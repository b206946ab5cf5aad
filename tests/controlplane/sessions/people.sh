#!/bin/sh
# What people do while controllers act: a Deployment goes 0 → 3 → 0, one of its pods is deleted, a Job completes, all goes.
set -u
. "$(dirname "$0")/begin.sh"
pod='"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"none"}]}'
printf '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":0,
"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},%s}}}' "$pod" >web.json
printf '{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"once"},"spec":{"completions":2,"parallelism":2,
"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"none"}]}}}}' >job.json
kubectl create namespace space
kubectl -n space apply -f web.json
kubectl -n space scale deployment/web --replicas=3
kubectl -n space rollout status deployment/web --timeout=60s
kubectl -n space get pods
kubectl -n space delete pod "$(kubectl -n space get pods -o name | head -n 1 | cut -d/ -f2)" --timeout=60s
kubectl -n space rollout status deployment/web --timeout=60s
kubectl -n space scale deployment/web --replicas=0
kubectl -n space wait --for=delete pod -l app=web --timeout=60s
kubectl -n space apply -f job.json
kubectl -n space wait --for=condition=complete job/once --timeout=60s
kubectl create configmap kept --from-literal=a=b
kubectl delete namespace space --timeout=60s
