# What a pod sees: run in a mount namespace of its own as `sh in_cluster.sh FOLDER HOST PORT`; FOLDER has token and ca.crt.
set -eu
kubectl=$(command -v kubectl)
mount -t tmpfs tmpfs /run
account=/run/secrets/kubernetes.io/serviceaccount
mkdir -p "$account"
[ -e /var/run/secrets ] || mount --bind /run /var/run
cp "$1/token" "$1/ca.crt" "$account"
printf default > "$account/namespace"
unset KUBECONFIG
export HOME=/run KUBERNETES_SERVICE_HOST="$2" KUBERNETES_SERVICE_PORT="$3"
"$kubectl" auth whoami -o 'jsonpath={.status.userInfo.username}'
echo
"$kubectl" create configmap from-a-pod --from-literal=a=1 -o name
"$kubectl" get configmaps from-a-pod -o name
