// Package h1 reads just enough HTTP/1.1 for a benchmark. net/http costs several
// times as much CPU, which a proxy measured on the same cores would lose.
package h1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// BufferSize holds the largest head that ReadHead accepts, in bytes.
const BufferSize = 64 << 10

// NoLength means that neither Content-Length nor chunks tell where a body ends.
const NoLength = -1

var (
	headEnd = []byte("\r\n\r\n")
	crlf    = []byte("\r\n")
	chunked = []byte("chunked")
)

// ReadHead returns one message head with its final blank line. The slice is
// valid until the next read from r. io.EOF means a clean end between messages.
func ReadHead(r *bufio.Reader) ([]byte, error) {
	seen := 0
	for {
		if _, err := r.Peek(seen + 1); err != nil {
			if errors.Is(err, io.EOF) && seen > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		buffered, err := r.Peek(r.Buffered())
		if err != nil {
			return nil, err
		}
		// The end may straddle two reads.
		from := max(seen-len(headEnd)+1, 0)
		if i := bytes.Index(buffered[from:], headEnd); i >= 0 {
			head := buffered[:from+i+len(headEnd)]
			_, err := r.Discard(len(head))
			return head, err
		}
		seen = len(buffered)
	}
}

// Field returns the value of the first header field of that name, which must be
// in lower case, or nil.
func Field(head []byte, name string) []byte {
	_, rest, _ := bytes.Cut(head, crlf)
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, crlf)
		if len(line) > len(name) && line[len(name)] == ':' && equalFold(line[:len(name)], name) {
			return bytes.TrimSpace(line[len(name)+1:])
		}
	}
	return nil
}

// equalFold compares ASCII letters without case; name is in lower case.
func equalFold(field []byte, name string) bool {
	for i, c := range field {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// Status returns the status code of an answer's head.
func Status(head []byte) (int, error) {
	if len(head) < len("HTTP/1.1 200") || !bytes.HasPrefix(head, []byte("HTTP/1.")) {
		return 0, fmt.Errorf("not an HTTP/1 answer: %.40q", head)
	}
	return strconv.Atoi(string(head[9:12]))
}

// Closes tells whether the sender of head ends the connection after this message.
func Closes(head []byte) bool {
	return bytes.EqualFold(Field(head, "connection"), []byte("close"))
}

// SkipBody reads the body that follows head and throws it away. whenUnmarked is
// the length of a body that head does not mark: 0 for requests, NoLength for
// answers.
func SkipBody(r *bufio.Reader, head []byte, whenUnmarked int) error {
	// RFC 9112, 6.3: chunks win over Content-Length.
	if coding := Field(head, "transfer-encoding"); coding != nil {
		if !bytes.EqualFold(coding, chunked) {
			return fmt.Errorf("unknown Transfer-Encoding %q", coding)
		}
		return skipChunks(r)
	}
	length := whenUnmarked
	if value := Field(head, "content-length"); value != nil {
		n, err := strconv.Atoi(string(value))
		if err != nil || n < 0 {
			return fmt.Errorf("bad Content-Length %q", value)
		}
		length = n
	}
	if length == NoLength {
		return errors.New("body without Content-Length or chunks")
	}
	return discard(r, length)
}

func skipChunks(r *bufio.Reader) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return err
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 31)
		if err != nil {
			return fmt.Errorf("bad chunk size %q", line)
		}
		if size == 0 {
			return skipTrailers(r)
		}
		if err := discard(r, int(size)); err != nil {
			return err
		}
		if end, err := readLine(r); err != nil {
			return err
		} else if len(end) > 0 {
			return errors.New("chunk longer than its size")
		}
	}
}

func skipTrailers(r *bufio.Reader) error {
	for {
		if line, err := readLine(r); err != nil || len(line) == 0 {
			return err
		}
	}
}

func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, midMessage(err)
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

func discard(r *bufio.Reader, n int) error {
	_, err := r.Discard(n)
	return midMessage(err)
}

// midMessage turns a clean end of the connection into the cut that it is.
func midMessage(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
