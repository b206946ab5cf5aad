#!/bin/sh
# The walkthrough, with curl: POST the pod hello-demo, GET it, DELETE it, GET answers 404.
# Run by `kproxy record … -- sh recordings/make/hello-demo.sh`, which sets KPROXY_URL, KPROXY_TOKEN and KPROXY_CA.
set -eu
pods="$KPROXY_URL/api/v1/namespaces/default/pods"

# A plain listener (http) needs neither token nor CA.
ask() { curl -sS ${KPROXY_CA:+--cacert "$KPROXY_CA"} ${KPROXY_TOKEN:+-H "Authorization: Bearer $KPROXY_TOKEN"} "$@"; }

ask -X POST -H 'Content-Type: application/json' --data @- "$pods" <<'POD'
{
  "apiVersion": "v1",
  "kind": "Pod",
  "metadata": {"name": "hello-demo", "labels": {"app": "hello-demo"}},
  "spec": {"containers": [{"name": "hello-demo", "image": "hello-demo:1.0", "ports": [{"containerPort": 8000}]}]}
}
POD
ask "$pods/hello-demo"
ask -X DELETE "$pods/hello-demo"
ask "$pods/hello-demo"
