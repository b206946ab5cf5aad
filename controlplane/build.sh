#!/bin/sh
# Builds the control plane that tests, goldens and benchmarks run against.
#
#   build.sh           kube-apiserver, kube-controller-manager, kube-scheduler,
#                      kubectl, etcd, etcdctl, kwok (about 15 minutes the
#                      first time on two cores, then nothing to do)
#   build.sh 1.34.4 [PROGRAM...]
#                      an older kube-apiserver, kube-controller-manager and
#                      kube-scheduler (about seven minutes more), or only these
#                      of them, beside the same etcd, kubectl and kwok; prints
#                      its folder
#   build.sh --print [1.34.4]   only prints where they are or would be; needs no Go
#   build.sh bench     the benchmark's upstream and load generator (seconds)
#   build.sh kubelet   a stand-in kubelet (seconds)
#   build.sh clientgo  a program over client-go (seconds once Kubernetes is built)
#
# stdout is the folder alone, so KUBEBUILDER_ASSETS=$(controlplane/build.sh)
# works; everything said to a person goes to stderr.
set -eu

K8S=1.37.2
OLDER=1.34.4
ETCD=3.6.16
KWOK=0.8.0

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cache=${KPROXY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kproxy}/controlplane
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac # go build runs elsewhere

say() { echo "build.sh: $*" >&2; }

# A release's binaries get their version from linker flags, and without them
# kubectl and client-go report v0.0.0. The module proxy does not tell the git
# commit; empty makes client-go's User-Agent end in "kubernetes/unknown". The
# date is fixed so that the same sources give the same bytes.
k8s_ldflags() { # k8s_ldflags VERSION
    minor=${1#*.}
    printf '%s' '-s -w'
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        for value in "gitVersion=v$1" "gitMajor=${1%%.*}" "gitMinor=${minor%%.*}" \
            gitCommit= gitTreeState=archive buildDate=1970-01-01T00:00:00Z; do
            printf ' -X %s.%s' "$package" "$value"
        done
    done
}

# CGO off makes static binaries and needs no C compiler; vcs stamping is off
# because it would put this repository's commit into them.
export CGO_ENABLED=0 GOWORK=off
flags='-mod=readonly -trimpath -buildvcs=false'

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }

# key FOLDER LDFLAGS: twelve hex digits that change with anything the binaries
# are made from, so that two checkouts can share the cache.
key() {
    (
        cd "$here/$1"
        find . -type f | LC_ALL=C sort | while read -r file; do
            echo "== ${file#./}"
            cat "$file"
        done
        echo "== $flags $2"
    ) | sha256 | cut -c1-12
}

# compile FOLDER TARGET LDFLAGS PACKAGE...: builds inside TARGET, hidden, and renames each
# binary into place, so that nobody ever sees half a binary, and two builds at the
# same time cost time and nothing else.
compile() {
    folder=$1 target=$2 ldflags=$3
    shift 3
    mkdir -p "$target"
    tmp=$(mktemp -d "$target/.building.XXXXXX")
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 130' INT TERM
    # shellcheck disable=SC2086 # flags holds several
    (cd "$here/$folder" && go build $flags -ldflags "$ldflags" -o "$tmp/" "$@")
    for binary in "$tmp"/*; do mv -f "$binary" "$target/"; done
    rm -rf "$tmp"
}

has() {
    folder=$1
    shift
    for name; do [ -x "$folder/$name" ] || return 1; done
}

# need_go FOLDER: go reads go.mod's go line here, and fetches a newer toolchain
# itself unless GOTOOLCHAIN=local forbids it.
need_go() {
    if ! command -v go >/dev/null; then
        say 'Go is not installed: install Go 1.26 or newer (https://go.dev/dl/), or point KUBEBUILDER_ASSETS at a folder with kube-apiserver, kubectl and etcd.'
        exit 2
    fi
    if ! reason=$(cd "$here/$1" && go list -m 2>&1); then
        say "this Go cannot build $1, it needs Go 1.26 or newer: $reason"
        exit 2
    fi
}

# layout: names the folders of the newer set.
layout() {
    k8s_flags=$(k8s_ldflags "$K8S")
    kwok_flags="-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=v$KWOK"
    k8s_dir=k8s-$K8S-$(key "k8s-$K8S" "$k8s_flags")
    etcd_dir=etcd-$ETCD-$(key "etcd-$ETCD" '-s -w')
    kwok_dir=kwok-$KWOK-$(key "kwok-$KWOK" "$kwok_flags")
    k8s='kube-apiserver kube-controller-manager kube-scheduler kubectl'
    # One folder for each set, of links only: raising etcd must not rebuild
    # kube-apiserver, nor change the etcd under another checkout.
    assets=$cache/$k8s_dir+$etcd_dir+$kwok_dir
}

older_layout() {
    layout
    older_flags=$(k8s_ldflags "$OLDER")
    older_dir=k8s-$OLDER-$(key "k8s-$OLDER" "$older_flags")
    older='kube-apiserver kube-controller-manager kube-scheduler'
    older_assets=$cache/$older_dir+$k8s_dir+$etcd_dir+$kwok_dir
}

# packages NAME...: Kubernetes' packages of these commands.
packages() { for name; do echo "k8s.io/kubernetes/cmd/$name"; done; }

build_etcd() {
    has "$cache/$etcd_dir" etcd etcdctl && return
    need_go "etcd-$ETCD"
    say "building etcd and etcdctl $ETCD (about a minute)"
    compile "etcd-$ETCD" "$cache/$etcd_dir" '-s -w' . go.etcd.io/etcd/etcdctl/v3
}

build_k8s() {
    # shellcheck disable=SC2086 # $k8s holds several names
    has "$cache/$k8s_dir" $k8s && return
    need_go "k8s-$K8S"
    say "building Kubernetes $K8S: $k8s (about 12 minutes on two cores)"
    # shellcheck disable=SC2046,SC2086 # several packages, several names
    compile "k8s-$K8S" "$cache/$k8s_dir" "$k8s_flags" $(packages $k8s)
}

build_kwok() {
    has "$cache/$kwok_dir" kwok && return
    need_go "kwok-$KWOK"
    say "building kwok $KWOK (about two minutes)"
    compile "kwok-$KWOK" "$cache/$kwok_dir" "$kwok_flags" sigs.k8s.io/kwok/cmd/kwok
}

# link ASSETS FOLDER NAME...: links of a set to the binaries of one version.
link() {
    to=$1 from=$2
    shift 2
    mkdir -p "$to"
    for name; do ln -sf "../$from/$name" "$to/$name"; done
}

build_assets() {
    layout
    # shellcheck disable=SC2086 # $k8s holds several names
    if has "$assets" $k8s etcd etcdctl kwok; then
        say "Kubernetes $K8S, etcd $ETCD and kwok $KWOK are there already"
    else
        build_etcd
        build_k8s
        build_kwok
        link "$assets" "$k8s_dir" $k8s
        link "$assets" "$etcd_dir" etcd etcdctl
        link "$assets" "$kwok_dir" kwok
    fi
    echo "$assets"
}

# The older set is what Kubernetes runs by itself, beside the etcd, kubectl and kwok of the
# newer one: what differs between two sessions is then the cluster and not its user.
build_older() { # build_older [PROGRAM...]
    older_layout
    for name; do
        case " $older " in *" $name "*) ;; *)
            say "there is no older '$name': there are $older"
            exit 2
            ;;
        esac
    done
    [ $# -eq 0 ] || older=$*
    # shellcheck disable=SC2086 # $older holds several names
    if has "$older_assets" $older kubectl etcd etcdctl kwok; then
        say "Kubernetes $OLDER is there already"
    else
        build_etcd
        build_k8s
        build_kwok
        if ! has "$cache/$older_dir" $older; then
            need_go "k8s-$OLDER"
            say "building Kubernetes $OLDER: $older (about seven minutes on two cores)"
            # shellcheck disable=SC2046,SC2086 # several packages, several names
            compile "k8s-$OLDER" "$cache/$older_dir" "$older_flags" $(packages $older)
        fi
        link "$older_assets" "$older_dir" $older
        link "$older_assets" "$k8s_dir" kubectl
        link "$older_assets" "$etcd_dir" etcd etcdctl
        link "$older_assets" "$kwok_dir" kwok
    fi
    echo "$older_assets"
}

print() { # print [VERSION]
    case ${1-} in
    '' | "$K8S") layout && echo "$assets" ;;
    "$OLDER") older_layout && echo "$older_assets" ;;
    *)
        say "there is no version '$1': there are $K8S and $OLDER"
        exit 2
        ;;
    esac
}

build_bench() {
    bench=$cache/bench-$(key bench '-s -w')
    if has "$bench" upstream load; then
        say 'upstream and load are there already'
    else
        need_go bench
        compile bench "$bench" '-s -w' ./upstream ./load
    fi
    echo "$bench"
}

build_kubelet() {
    kubelet=$cache/kubelet-$(key kubelet '-s -w')
    if has "$kubelet" kubelet; then
        say 'the stand-in kubelet is there already'
    else
        need_go kubelet
        compile kubelet "$kubelet" '-s -w' .
    fi
    echo "$kubelet"
}

build_clientgo() {
    clientgo=$cache/clientgo-$(key clientgo '-s -w')
    if has "$clientgo" clientgo; then
        say "client-go's program is there already"
    else
        need_go clientgo
        compile clientgo "$clientgo" '-s -w' .
    fi
    echo "$clientgo"
}

case ${1-} in
'' | "$K8S") build_assets ;;
"$OLDER")
    shift
    build_older "$@"
    ;;
--print) print "${2-}" ;;
bench) build_bench ;;
kubelet) build_kubelet ;;
clientgo) build_clientgo ;;
*)
    say "unknown argument '$1': use no argument, $OLDER, --print, bench, kubelet or clientgo"
    exit 2
    ;;
esac
