package main

import (
	"bytes"
	"strconv"
)

var number = []byte("{n}")

// A template is a request, cut where its number goes.
type template struct {
	before, after []byte   // the request line around the number; after: all other fields too
	numbered      bool     // whether the path has it
	body          [][]byte // around the numbers in it; nil: no body
}

func newTemplate(c *config) template {
	var t template
	t.before, t.after, t.numbered = bytes.Cut([]byte(c.path), number)
	base := ""
	if c.proxy != "" {
		base = "http://" + c.host
	}
	t.before = append([]byte(c.method+" "+base), t.before...)
	fields := " HTTP/1.1\r\nHost: " + c.host + "\r\nAccept: application/json\r\nUser-Agent: kproxy-bench\r\n"
	if c.token != "" {
		fields += "Authorization: Bearer " + c.token + "\r\n"
	}
	if len(c.body) > 0 {
		t.body = bytes.Split(c.body, number)
		fields += "Content-Type: application/json\r\nContent-Length: "
	} else {
		fields += "\r\n"
	}
	t.after = append(bytes.Clone(t.after), fields...)
	return t
}

// appendTo appends request n.
func (t *template) appendTo(out []byte, n uint64) []byte {
	var digits [20]byte
	written := strconv.AppendUint(digits[:0], n, 10)
	out = append(out, t.before...)
	if t.numbered {
		out = append(out, written...)
	}
	out = append(out, t.after...)
	if t.body == nil {
		return out
	}
	length := (len(t.body) - 1) * len(written)
	for _, part := range t.body {
		length += len(part)
	}
	out = strconv.AppendInt(out, int64(length), 10)
	out = append(out, "\r\n\r\n"...)
	for i, part := range t.body {
		if i > 0 {
			out = append(out, written...)
		}
		out = append(out, part...)
	}
	return out
}
