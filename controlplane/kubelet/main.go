// kubelet stands in for a node's kubelet where there is no container runtime: it serves exec, attach, port-forward and
// container logs with the library that kubelets use (k8s.io/cri-streaming), so that a kube-apiserver and its clients
// speak to it as to the real one. Commands run on this machine, as the user who started it, without any isolation:
// it listens on loopback only.
//
//	kubelet --listen 127.0.0.1:10250 --logs DIR [--attach 'cat'] [--tls-cert F --tls-key F] [--refuse-websocket 403]
//
// It registers nothing: whoever tests creates a Node with its address and port, and a Pod with that nodeName. Logs are
// read from DIR/NAMESPACE_POD_CONTAINER.log, plain lines. Its first line on standard output is its address.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

const (
	idle     = 4 * time.Hour    // how long a stream may be silent
	creation = 30 * time.Second // how long a client may take to create its streams
)

type server struct {
	host            host
	logs            string
	refuseWebSocket int
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "loopback address to serve on")
	logs := flag.String("logs", "", "folder of container logs")
	attach := flag.String("attach", "cat", "what attach talks to: a command line for sh")
	cert := flag.String("tls-cert", "", "serving certificate; without one a self-signed one is made")
	key := flag.String("tls-key", "", "its key")
	refuse := flag.Int("refuse-websocket", 0, "answer WebSocket upgrades with this status")
	flag.Parse()

	address, err := net.ResolveTCPAddr("tcp", *listen)
	if err != nil || !address.IP.IsLoopback() {
		log.Fatalf("kubelet: --listen %s: it runs what clients ask for, so it serves loopback only", *listen)
	}
	certificate, err := servingCertificate(*cert, *key)
	if err != nil {
		log.Fatalf("kubelet: its certificate: %v", err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatalf("kubelet: %v", err)
	}
	fmt.Println(listener.Addr())
	served := &server{host: host{attach: *attach}, logs: *logs, refuseWebSocket: *refuse}
	secure := tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{certificate},
		NextProtos:   []string{"http/1.1"},
	})
	log.Fatal(http.Serve(secure, served.routes()))
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, id := range []string{"{namespace}/{pod}/{container}", "{namespace}/{pod}/{uid}/{container}"} {
		mux.HandleFunc("/exec/"+id, s.upgraded(s.exec))
		mux.HandleFunc("/attach/"+id, s.upgraded(s.attach))
	}
	for _, id := range []string{"{namespace}/{pod}", "{namespace}/{pod}/{uid}"} {
		mux.HandleFunc("/portForward/"+id, s.upgraded(s.portForward))
	}
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", s.containerLogs)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	return mux
}

// upgraded refuses WebSockets where it was told to: 1.37's api-server passes them on to nodes that declare
// ExtendWebSocketsToKubelet, and clients fall back to SPDY on such an answer.
func (s *server) upgraded(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if s.refuseWebSocket != 0 && strings.EqualFold(req.Header.Get("Upgrade"), "websocket") {
			http.Error(w, "no WebSockets here", s.refuseWebSocket)
			return
		}
		serve(w, req)
	}
}

func (s *server) exec(w http.ResponseWriter, req *http.Request) {
	options, err := remotecommand.NewOptions(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	remotecommand.ServeExec(w, req, s.host, req.PathValue("pod"), req.PathValue("uid"), req.PathValue("container"),
		req.URL.Query()["command"], options, idle, creation, remotecommand.SupportedStreamingProtocols)
}

func (s *server) attach(w http.ResponseWriter, req *http.Request) {
	options, err := remotecommand.NewOptions(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	remotecommand.ServeAttach(w, req, s.host, req.PathValue("pod"), req.PathValue("uid"), req.PathValue("container"),
		options, idle, creation, remotecommand.SupportedStreamingProtocols)
}

func (s *server) portForward(w http.ResponseWriter, req *http.Request) {
	options, err := portforward.NewV4Options(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	portforward.ServePortForward(w, req, s.host, req.PathValue("pod"), req.PathValue("uid"), options,
		idle, creation, portforward.SupportedProtocols)
}

// containerLogs sends the lines of the container's file; with follow, also those that come later, until the client is
// gone or the file is.
func (s *server) containerLogs(w http.ResponseWriter, req *http.Request) {
	name := fmt.Sprintf("%s_%s_%s.log", req.PathValue("namespace"), req.PathValue("pod"), req.PathValue("container"))
	file, err := os.OpenInRoot(s.logs, name)
	if err != nil {
		http.Error(w, "no such log", http.StatusNotFound)
		return
	}
	defer file.Close()
	follow, _ := strconv.ParseBool(req.URL.Query().Get("follow"))
	w.Header().Set("Content-Type", "text/plain")
	flusher, _ := w.(http.Flusher)
	buffer := make([]byte, 64*1024)
	for {
		count, err := file.Read(buffer)
		if count > 0 {
			if _, failed := w.Write(buffer[:count]); failed != nil {
				return
			}
			flusher.Flush()
			continue
		}
		if !follow && err != nil {
			return
		}
		select {
		case <-req.Context().Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
		if _, gone := os.Stat(file.Name()); gone != nil {
			return // its file was taken away: the container is gone
		}
	}
}
