package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
	"time"

	"kproxy.dev/controlplane/bench/internal/h1"
)

var (
	sentAt  = []byte(`"kproxy.dev/sent":"`)
	version = []byte(`"resourceVersion":"`)
)

// watch sends request n and reads events until the server ends its answer.
func (w *worker) watch(n uint64) {
	defer w.conn.Close()
	message := newTemplate(w.config)
	status, head, err := w.ask(message.appendTo(nil, w.config.first+n), time.Now())
	switch {
	case err != nil:
		w.fail(err)
	case status != w.config.expect:
		w.fail(fmt.Errorf("status %d, want %d", status, w.config.expect))
	case !bytes.EqualFold(h1.Field(head, "transfer-encoding"), []byte("chunked")):
		w.fail(errors.New("the answer is no stream"))
	default:
		w.fail(w.readEvents(bufio.NewReader(httputil.NewChunkedReader(w.in))))
	}
}

// readEvents reads a line each until the end of the last chunk.
func (w *worker) readEvents(lines *bufio.Reader) error {
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %d events: %w", w.events, err)
		}
		now := time.Now()
		w.events++
		if place, err := numberAfter(line, version); err != nil || place != int64(w.events) {
			return fmt.Errorf("event %d of the stream is %.200q", w.events, line)
		}
		sent, err := numberAfter(line, sentAt)
		if err != nil {
			return err
		}
		w.latencies = append(w.latencies, time.Duration(now.UnixNano()-sent))
		if err := w.extend(now); err != nil {
			return err
		}
	}
}

// numberAfter is the number between mark and the next quote.
func numberAfter(line, mark []byte) (int64, error) {
	_, rest, found := bytes.Cut(line, mark)
	digits, _, closed := bytes.Cut(rest, []byte(`"`))
	if !found || !closed {
		return 0, fmt.Errorf("no %s in %.200q", mark, line)
	}
	return strconv.ParseInt(string(digits), 10, 64)
}
