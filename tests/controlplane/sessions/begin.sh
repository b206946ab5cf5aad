# What the sessions share: the kubectl that belongs to the server, caches of its own, curl through the proxy.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
HOME=$home KUBECACHEDIR=$home/cache
export HOME KUBECACHEDIR
cd "$home" || exit 1
json='Content-Type: application/json'
merge='Content-Type: application/merge-patch+json'
# api METHOD PATH [HEADER [BODY]]
api() {
    curl -sS -o /dev/null --cacert "$KPROXY_CA" -H "Authorization: Bearer $KPROXY_TOKEN" -X "$1" \
        ${3:+-H "$3"} ${4:+-d "$4"} "$KPROXY_URL$2"
}
