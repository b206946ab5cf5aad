#!/bin/sh
# Services of every type; ports and addresses taken, given back, asked for in vain.
set -u
. "$(dirname "$0")/begin.sh"
kubectl create service clusterip plain --tcp=80:8080
kubectl create service nodeport door --tcp=80:8080
kubectl create service clusterip headless --clusterip=None --tcp=80
kubectl get service door -o yaml >/dev/null
kubectl patch service plain -p '{"spec":{"type":"NodePort"}}'
kubectl patch service door -p '{"spec":{"type":"ClusterIP"}}'
services=/api/v1/namespaces/default/services
api POST $services "$json" '{"metadata":{"generateName":"drawn-"},"spec":{"ports":[{"port":80}]}}'
api POST $services "$json" '{"metadata":{"name":"bad"},"spec":{"clusterIP":"1.2.3.4","ports":[{"port":80}]}}'
api POST $services "$json" '{"metadata":{"name":"fixed"},"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":30050}]}}'
api POST $services "$json" '{"metadata":{"name":"clash"},"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":30050}]}}'
taken=$(kubectl get service plain -o 'jsonpath={.spec.ports[0].nodePort}')
kubectl create service nodeport taken --tcp=80 --node-port="$taken"
api POST "$services?dryRun=All" "$json" '{"metadata":{"name":"dry"},"spec":{"ports":[{"port":80}]}}'
kubectl get services
kubectl get endpointslices
kubectl delete service --all
