package h1

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func reader(text string) *bufio.Reader {
	// One byte a read: every boundary falls between two reads once.
	return bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(text)), BufferSize)
}

func TestMessagesOnOneConnectionAreFramed(t *testing.T) {
	const next = "HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n"
	bodies := map[string]string{
		"length":             "Content-Length: 5\r\n\r\nhello",
		"other case":         "content-LENGTH:5\r\n\r\nhello",
		"chunks":             "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
		"chunks and trailer": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nGrpc-Status: 0\r\n\r\n",
		"both marks":         "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	}
	for name, rest := range bodies {
		t.Run(name, func(t *testing.T) {
			r := reader("HTTP/1.1 200 OK\r\n" + rest + next)
			for _, want := range []int{200, 418} {
				head, err := ReadHead(r)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := Status(head); got != want || err != nil {
					t.Fatalf("status %d, %v; want %d", got, err, want)
				}
				if err := SkipBody(r, head, NoLength); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := ReadHead(r); !errors.Is(err, io.EOF) {
				t.Fatalf("after the last message: %v", err)
			}
		})
	}
}

func TestCutMessagesAreErrors(t *testing.T) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Le",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\nuntil the end",
	} {
		r := reader(text)
		head, err := ReadHead(r)
		if err == nil {
			err = SkipBody(r, head, NoLength)
		}
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%q: error is %v", text, err)
		}
	}
}
