#!/bin/sh
# A resource of one's own: defined, awaited, used, taken away with what is left of it. Rights, and who has them.
set -u
. "$(dirname "$0")/begin.sh"
cat >definition.yaml <<'DEFINITION'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {colour: {type: string}}}}}}
      additionalPrinterColumns: [{name: Born, type: date, jsonPath: .metadata.creationTimestamp}]
DEFINITION
kubectl create namespace other
kubectl apply -f definition.yaml
unseen wait --for=condition=Established crd/widgets.example.org --timeout=60s
kubectl wait --for=condition=Established crd/widgets.example.org --timeout=20s
kubectl get crd
printf '{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"colour":"blue"}}' >widget.json
# A server publishes a new definition's discovery and OpenAPI when it comes to it. So the client waits, as a person would,
# and does not ask for the OpenAPI document; the seconds are those that a replay's server has for it.
await unseen get --raw /apis/example.org/v1
sleep 2
kubectl create --validate=false -f widget.json
kubectl get widgets
kubectl patch widget w --type=merge -p '{"spec":{"colour":"red"}}'
kubectl patch widget w --type=merge -p '{"spec":{"colour":1}}'
kubectl delete widget w
kubectl create --validate=false -f widget.json
kubectl delete crd widgets.example.org --wait=false
unseen wait --for=delete crd/widgets.example.org --timeout=60s
kubectl create clusterrole reader --verb=get,list --resource=pods
kubectl create clusterrolebinding readers --clusterrole=reader --user=bob
await unseen auth can-i list pods --as=bob
kubectl auth can-i --list --as=bob >/dev/null
kubectl create serviceaccount robot
kubectl create token robot >/dev/null
kubectl delete namespace other --wait=false
kubectl create configmap late -n other --from-literal=a=b
api GET /metrics
