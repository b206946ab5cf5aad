// Command load sends requests over HTTP/1.1 keep-alive connections, as fast as
// answers come, and prints one JSON line:
//
//	{"requests": sent, "seconds": …, "rps": good answers a second,
//	 "p50_us": …, "p99_us": …, "errors": all but good answers}
//
// A good answer is whole and has the expected status; latencies are of good
// answers only. It exits 1 after any error. It talks to loopback addresses only
// and ends by itself: after --requests, after --duration, or when the server
// keeps silent for --timeout.
//
// With --watch each connection sends one request and reads the events of its
// answer until the server ends it: "events" counts them, "rps" is events a
// second, latencies are from the time that upstream wrote into an event until it
// was read here. An event that is missing or comes out of order is an error.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

func main() {
	c, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	r := run(c)
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil || r.Errors > 0 {
		os.Exit(1)
	}
}

// A config is what to send where.
type config struct {
	address     string      // host:port on the loopback interface
	host        string      // the Host field
	tls         *tls.Config // nil for plain HTTP
	token       string
	method      string
	path        string // {n} becomes the request's number
	body        []byte // the same; what a POST sends
	proxy       string // host:port to connect to instead; requests then name the whole URL
	watch       bool
	first       uint64 // the first number
	connections int
	requests    uint64        // 0: no bound
	duration    time.Duration // 0: no bound
	timeout     time.Duration
	expect      int
}

// parse reads the flags and checks them.
func parse(args []string) (config, error) {
	var c config
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	base := flags.String("url", "", "http://127.0.0.1:PORT or https://localhost:PORT")
	ca := flags.String("ca", "", "PEM certificates to trust, needed for https")
	flags.StringVar(&c.token, "token", "", "bearer token to send")
	flags.IntVar(&c.connections, "connections", 1, "connections, each with one request at a time")
	flags.Uint64Var(&c.requests, "requests", 0, "send exactly so many requests in all")
	flags.DurationVar(&c.duration, "duration", 0, "send for so long, such as 5s; with --requests, whichever ends first")
	flags.DurationVar(&c.timeout, "timeout", 30*time.Second, "longest wait for one answer")
	flags.StringVar(&c.method, "method", "GET", "GET, POST or PUT")
	flags.StringVar(&c.path, "path-template", "/api/v1/namespaces/bench/pods/p-{n}", "path to ask for; {n} becomes the request's number")
	body := flags.String("body", "", "file with the JSON that a POST sends; {n} becomes the request's number")
	flags.StringVar(&c.proxy, "proxy", "", "HOST:PORT of a forward proxy for plain HTTP")
	flags.BoolVar(&c.watch, "watch", false, "read each connection's one answer as a watch; needs --requests")
	flags.Uint64Var(&c.first, "first", 0, "number of the first request")
	flags.IntVar(&c.expect, "expect", 200, "status that every answer must have")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if *body != "" {
		var err error
		if c.body, err = os.ReadFile(*body); err != nil {
			return c, err
		}
	}
	switch {
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case c.requests == 0 && c.duration <= 0:
		return c, errors.New("give --requests or --duration, so that it ends")
	case c.connections < 1 || c.connections > 4096:
		return c, errors.New("--connections must be 1 to 4096")
	case c.timeout <= 0 || c.duration < 0:
		return c, errors.New("--timeout and --duration must not be negative")
	case !strings.HasPrefix(c.path, "/") || strings.ContainsAny(c.path, " \r\n"):
		return c, errors.New("--path-template must begin with / and hold no space")
	case c.method != "GET" && c.method != "POST" && c.method != "PUT":
		return c, errors.New("--method must be GET, POST or PUT")
	case (c.method != "GET") != (len(c.body) > 0):
		return c, errors.New("--method POST or PUT and --body go together")
	case c.watch && c.requests != uint64(c.connections):
		return c, errors.New("--watch sends one request on each connection: --requests must be as many as --connections")
	case strings.ContainsAny(c.token, "\r\n"):
		return c, errors.New("--token must be one line")
	}
	if c.requests > 0 {
		c.connections = int(min(uint64(c.connections), c.requests))
	}
	return c, c.target(*base, *ca)
}

// target fills in where to connect. Anything but loopback is refused: this is a
// load generator, and a typing error must not aim it at somebody's cluster.
func (c *config) target(base, ca string) error {
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("--url must look like https://127.0.0.1:6443, not %q", base)
	}
	if c.address, err = loopback(u.Hostname(), u.Port()); err != nil {
		return fmt.Errorf("--url %w", err)
	}
	c.host = u.Host
	if c.proxy != "" {
		host, port, err := net.SplitHostPort(c.proxy)
		if err != nil || u.Scheme != "http" {
			return fmt.Errorf("--proxy must be HOST:PORT, for an http URL")
		}
		if c.address, err = loopback(host, port); err != nil {
			return fmt.Errorf("--proxy %w", err)
		}
	}
	if u.Scheme == "http" {
		return nil
	}
	if ca == "" {
		return errors.New("https needs --ca")
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("no certificate in %s", ca)
	}
	c.tls = &tls.Config{RootCAs: roots, ServerName: u.Hostname(), NextProtos: []string{"http/1.1"}}
	return nil
}

// loopback is host:port as an address of this machine alone.
func loopback(host, port string) (string, error) {
	ip := net.ParseIP(host)
	if host == "localhost" {
		ip = net.IPv4(127, 0, 0, 1)
	}
	if ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("must name a loopback address, not %q", host)
	}
	return net.JoinHostPort(ip.String(), port), nil
}
