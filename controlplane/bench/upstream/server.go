package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"kproxy.dev/controlplane/bench/internal/h1"
)

//go:embed pod.json
var pod []byte

// secretPrefix has 21 bytes, so that base64 of every value begins with the same
// 28 characters and one search finds any value that was not redacted.
const secretPrefix = "kproxy-bench-secrets-"

// A server answers every connection of a listener and counts the answers.
type server struct {
	count    atomic.Uint64
	auditID  string // the part of a UUID that all answers share
	interval time.Duration
}

func newServer() *server {
	var random [8]byte
	rand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:])
	auditID := fmt.Sprintf("%s-%s-4%s-8%s-", id[:8], id[8:12], id[12:15], id[13:16])
	return &server{auditID: auditID, interval: time.Second}
}

func (s *server) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go s.serveConn(conn)
	}
}

// serveConn answers requests until the client goes or sends something odd.
func (s *server) serveConn(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReaderSize(conn, h1.BufferSize)
	out := make([]byte, 0, 4<<10)
	for {
		head, err := h1.ReadHead(in)
		if err != nil {
			return
		}
		query, watches := watchQuery(head)
		last := h1.Closes(head)
		if !watches {
			out = s.answer(out[:0], head)
		}
		if h1.SkipBody(in, head, 0) != nil {
			return
		}
		if watches {
			if s.watch(conn, query) != nil || last {
				return
			}
			continue
		}
		if _, err := conn.Write(out); err != nil || last {
			return
		}
	}
}

// answer appends the answer to the request whose head this is.
func (s *server) answer(out, head []byte) []byte {
	method, rest, _ := bytes.Cut(head, []byte(" "))
	target, _, _ := bytes.Cut(rest, []byte(" "))
	status, body := "200 OK", pod
	switch string(method) {
	case "POST":
		status = "201 Created"
	case "GET", "HEAD":
		if name := secretName(target); name != "" {
			body = secret(name)
		} else if path, _, _ := bytes.Cut(target, []byte("?")); bytes.HasSuffix(path, []byte("/pods")) {
			body = podList()
		}
	}
	out = s.appendHead(out, status)
	out = append(out, "Content-Length: "...)
	out = strconv.AppendInt(out, int64(len(body)), 10)
	out = append(out, "\r\n\r\n"...)
	if string(method) == "HEAD" {
		return out
	}
	return append(out, body...)
}

// appendHead appends what the heads of all answers begin with, and counts one.
func (s *server) appendHead(out []byte, status string) []byte {
	out = append(out, "HTTP/1.1 "...)
	out = append(out, status...)
	out = append(out, "\r\nAudit-Id: "...)
	out = append(out, s.auditID...)
	out = appendHex12(out, s.count.Add(1))
	return append(out, "\r\nCache-Control: no-cache, private\r\nContent-Type: application/json\r\n"...)
}

// appendHex12 appends n as the last group of a UUID.
func appendHex12(out []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 44; shift >= 0; shift -= 4 {
		out = append(out, digits[n>>shift&0xf])
	}
	return out
}

// podList is a list of at least one MiB, as the api-server writes it: its items
// do not say again what they are.
var podList = sync.OnceValue(func() []byte {
	item := bytes.Replace(pod, []byte(`"kind":"Pod","apiVersion":"v1",`), nil, 1)
	name := []byte(`"name":"web-6d4cf56db6-x7k2p"`)
	list := []byte(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1042"},"items":[`)
	for i := 0; len(list) < 1<<20; i++ {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, bytes.TrimSpace(bytes.Replace(item, name, fmt.Appendf(nil, `"name":"web-6d4cf56db6-%05d"`, i), 1))...)
	}
	return append(list, "]}\n"...)
})

// secretName returns NAME of …/secrets/NAME, or "".
func secretName(target []byte) string {
	path, _, _ := bytes.Cut(target, []byte("?"))
	i := bytes.LastIndexByte(path, '/')
	if i < 0 || !bytes.HasSuffix(path[:i], []byte("/secrets")) {
		return ""
	}
	return string(path[i+1:])
}

// secret is a Secret with one value: secretPrefix and the digits that name ends
// with, or the whole name if it ends with none.
func secret(name string) []byte {
	number := name[len(bytes.TrimRight([]byte(name), "0123456789")):]
	if number == "" {
		number = name
	}
	value := base64.StdEncoding.EncodeToString([]byte(secretPrefix + number))
	return fmt.Appendf(nil, `{"kind":"Secret","apiVersion":"v1","metadata":{"name":%q,"namespace":"bench",`+
		`"uid":"5e0c7b1f-52d4-4c62-9f0e-1d5a3c1be7a2","resourceVersion":"1042","creationTimestamp":"2026-01-02T03:04:05Z"},`+
		`"data":{"token":%q},"type":"Opaque"}`+"\n", name, value)
}
