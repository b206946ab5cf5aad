package main

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"time"
)

// event is what changes most in a cluster: a Lease that is renewed. Its places
// are for the number of the event and the time at which it is sent.
const event = `{"type":"MODIFIED","object":{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{` +
	`"name":"web","namespace":"bench","uid":"7c1d3b70-9a0f-4e27-8d54-2b8d3c5f6a10","resourceVersion":"%d",` +
	`"annotations":{"kproxy.dev/sent":"%d"}},"spec":{"holderIdentity":"web-6d4cf56db6-x7k2p",` +
	`"leaseDurationSeconds":15,"renewTime":"2026-01-02T03:04:05.000000Z","leaseTransitions":3}}}` + "\n"

// watchQuery returns the query of a request for a watch.
func watchQuery(head []byte) (query []byte, watches bool) {
	line, _, _ := bytes.Cut(head, []byte("\r\n"))
	target, _, _ := bytes.Cut(bytes.TrimPrefix(line, []byte("GET ")), []byte(" "))
	_, query, _ = bytes.Cut(target, []byte("?"))
	return query, parameter(query, "watch") == "1"
}

// parameter returns the value of one of a query's parameters, or "".
func parameter(query []byte, name string) string {
	for pair := range bytes.SplitSeq(query, []byte("&")) {
		if key, value, _ := bytes.Cut(pair, []byte("=")); string(key) == name {
			return string(value)
		}
	}
	return ""
}

// watch answers with a chunk for each event until timeoutSeconds are over.
func (s *server) watch(conn net.Conn, query []byte) error {
	seconds, _ := strconv.Atoi(parameter(query, "timeoutSeconds")) // 0: for ever
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	out := s.appendHead(nil, "200 OK")
	out = append(out, "Transfer-Encoding: chunked\r\n\r\n"...)
	if _, err := conn.Write(out); err != nil {
		return err
	}
	ticker := time.NewTicker(s.interval)
	defer ticker.Stop()
	for n := 1; ; n++ {
		now := <-ticker.C
		if seconds > 0 && now.After(end) {
			_, err := conn.Write([]byte("0\r\n\r\n"))
			return err
		}
		line := fmt.Appendf(nil, event, n, time.Now().UnixNano())
		if _, err := conn.Write(fmt.Appendf(nil, "%x\r\n%s\r\n", len(line), line)); err != nil {
			return err
		}
	}
}
