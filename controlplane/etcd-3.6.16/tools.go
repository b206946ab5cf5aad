//go:build tools

package main

// ../build.sh builds etcdctl from upstream's own main package; the import only
// pins it in go.mod and go.sum.
import _ "go.etcd.io/etcd/etcdctl/v3"
