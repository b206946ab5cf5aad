# What the sessions share: the kubectl that belongs to the server, caches of its own, curl through the proxy.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
HOME=$home KUBECACHEDIR=$home/cache
export HOME KUBECACHEDIR
cd "$home" || exit 1
json='Content-Type: application/json'
merge='Content-Type: application/merge-patch+json'
# unseen COMMAND…: kubectl past kproxy, to wait for what a server does by itself: how far it is when a recorded client asks
# for it is a race that no replay repeats.
unseen() {
    KUBECACHEDIR=$home/unseen kubectl --kubeconfig "$(sed -n 's/^.*"kubeconfig": "\([^"]*\)".*$/\1/p' "$KPROXY_LAB")" "$@"
}
# await COMMAND…: until it succeeds, a minute at most
await() {
    for _ in $(seq 300); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.2
    done
    echo "in vain: $*" >&2
}
# api METHOD PATH [HEADER [BODY]]
api() {
    curl -sS -o /dev/null --cacert "$KPROXY_CA" -H "Authorization: Bearer $KPROXY_TOKEN" -X "$1" \
        ${3:+-H "$3"} ${4:+-d "$4"} "$KPROXY_URL$2"
}
