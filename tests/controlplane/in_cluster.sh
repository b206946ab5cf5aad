# A pod with kproxy and an app in it, run in a mount namespace of its own: `sh in_cluster.sh FOLDER HOST PORT PYTHON`.
# FOLDER has the service account's token, the cluster's ca.crt as cluster.crt, and the recipe's ca.pem and ca.crt.
set -eu
folder=$1 python=$4
mount -t tmpfs tmpfs /run
account=/run/secrets/kubernetes.io/serviceaccount
mkdir -p "$account"
[ -e /var/run/secrets ] || mount --bind /run /var/run
cp "$folder/token" "$account"
cp "$folder/cluster.crt" "$account/ca.crt"
printf default > "$account/namespace"
unset KUBECONFIG
export HOME=/run KUBERNETES_SERVICE_HOST="$2" KUBERNETES_SERVICE_PORT="$3"

# The app has a folder of its own in a pod; here it takes the place of kproxy's, which has been read.
cat > /run/app <<'APP'
set -eu
unset KUBECONFIG
cp "$1/ca.crt" /run/secrets/kubernetes.io/serviceaccount/ca.crt
export KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT="${KPROXY_URL##*:}"
kubectl auth whoami -o 'jsonpath={.status.userInfo.username}'
echo
kubectl create configmap from-a-pod --from-literal=a=1 -o name
kubectl get configmaps from-a-pod -o name
APP
exec "$python" -m kproxy record -o "$folder/s.kproxy" --identity pass --listen https://127.0.0.1:0 \
  --serving-ca "$folder/ca.pem" -- sh /run/app "$folder"
