// Command etcd is the etcd server, unchanged. Upstream's main package is
// go.etcd.io/etcd/server/v3, which go build would name "server".
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
