// Command upstream is the fixed server that benchmarks put behind the proxy. It
// stands for a kube-apiserver that costs next to no CPU:
//
//	GET …/secrets/NAME    200, a Secret whose value holds the number in NAME
//	GET …?watch=1         200, a watch: an event each --watch-interval, numbered
//	                      from 1, with the time at which it was sent; it ends after
//	                      timeoutSeconds=N, or with the client
//	GET …/pods            200, a PodList of one MiB
//	POST                  201, a Pod
//	anything else         200, the same Pod
//
// Each answer has an Audit-Id of its own, nothing of a request is echoed. Ready,
// it prints {"address": "127.0.0.1:PORT", "url": "…"}; at SIGTERM or SIGINT it
// prints {"count": requests answered} and exits.
package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "upstream:", err)
		os.Exit(1)
	}
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	certFile := flag.String("tls-cert", "", "PEM certificate; with --tls-key, serve HTTPS")
	keyFile := flag.String("tls-key", "", "PEM private key")
	interval := flag.Duration("watch-interval", time.Second, "between two events of a watch")
	flag.Parse()
	if *interval <= 0 {
		return errors.New("--watch-interval must be positive")
	}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	scheme := "http"
	if *certFile != "" || *keyFile != "" {
		certificate, err := tls.LoadX509KeyPair(*certFile, *keyFile)
		if err != nil {
			return err
		}
		scheme = "https"
		listener = tls.NewListener(listener, &tls.Config{
			Certificates: []tls.Certificate{certificate},
			NextProtos:   []string{"http/1.1"},
		})
	}

	server := newServer()
	server.interval = *interval
	out := json.NewEncoder(os.Stdout)
	address := listener.Addr().String()
	if err := out.Encode(map[string]string{"address": address, "url": scheme + "://" + address}); err != nil {
		return err
	}
	go server.serve(listener)
	<-stop
	return out.Encode(map[string]uint64{"count": server.count.Load()})
}
