#!/bin/sh
# A first afternoon with kubectl: create, look, watch, label, scale, apply twice in both ways, a secret, delete, 404.
# Run by `kproxy record … -- sh recordings/make/hello-kubectl.sh`; HOME and the discovery cache begin empty, so that the
# session holds kubectl's discovery too.
set -eu
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
HOME=$home KUBECACHEDIR=$home/cache
export HOME KUBECACHEDIR
# The kubectl that belongs to the server, where one lies beside it: some on PATH are dispatchers with requests of their own.
if [ -x "${KUBEBUILDER_ASSETS:-}/kubectl" ]; then
    PATH=$KUBEBUILDER_ASSETS:$PATH
fi
cd "$home"

cat >pod.yaml <<'POD'
apiVersion: v1
kind: Pod
metadata:
  name: hello-demo
  labels: {app: hello-demo}
spec:
  automountServiceAccountToken: false
  containers:
    - {name: hello-demo, image: "hello-demo:1.0", ports: [{containerPort: 8000}]}
POD
cat >settings.yaml <<'SETTINGS'
apiVersion: v1
kind: ConfigMap
metadata: {name: hello-settings}
data: {greeting: hello, colour: blue}
SETTINGS

kubectl create -f pod.yaml
kubectl get pod hello-demo
kubectl get pod hello-demo -o yaml >/dev/null

# A watch that has seen two changes: it is ended by us, as a person ends it, once the second has come.
kubectl get pod hello-demo -w -o name >watched &
watch=$!
until [ -s watched ]; do sleep 0.1; done
kubectl label pod hello-demo stage=first
until [ "$(wc -l <watched)" -ge 2 ]; do sleep 0.1; done
kubectl label pod hello-demo stage=second --overwrite
until [ "$(wc -l <watched)" -ge 3 ]; do sleep 0.1; done
kill -INT "$watch" 2>/dev/null || kill "$watch"
wait "$watch" 2>/dev/null || true

kubectl describe pod hello-demo >/dev/null

kubectl create deployment hello-web --image=hello-web:1.0
kubectl scale deployment hello-web --replicas=3

kubectl apply -f settings.yaml
kubectl apply -f settings.yaml
kubectl apply --server-side -f settings.yaml --force-conflicts
kubectl apply --server-side -f settings.yaml --force-conflicts

kubectl create secret generic hello-secret --from-literal=password=correct-horse-battery-staple

kubectl delete secret hello-secret
kubectl delete deployment hello-web
kubectl delete pod hello-demo --wait=true
if kubectl get pod hello-demo; then
    echo "the deleted pod is still there" >&2
    exit 1
fi
