package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kproxy.dev/controlplane/bench/internal/h1"
)

// A report is what one run prints.
type report struct {
	Requests   int     `json:"requests"`
	Seconds    float64 `json:"seconds"`
	RPS        float64 `json:"rps"`
	P50        float64 `json:"p50_us"`
	P99        float64 `json:"p99_us"`
	Errors     int     `json:"errors"`
	FirstError string  `json:"first_error,omitempty"`
}

// run connects everything, then sends until the bound is reached. Connecting and
// TLS handshakes are not part of the measured time.
func run(c config) report {
	workers := make([]*worker, c.connections)
	var wg sync.WaitGroup
	for i := range workers {
		w := &worker{config: &c}
		workers[i] = w
		wg.Go(func() { w.fail(w.connect()) })
	}
	wg.Wait()

	var next atomic.Uint64
	start := time.Now()
	for _, w := range workers {
		if w.conn != nil {
			wg.Go(func() { w.send(&next, start) })
		}
	}
	wg.Wait()
	return summarize(workers, time.Since(start))
}

func summarize(workers []*worker, took time.Duration) report {
	var r report
	var all []time.Duration
	for _, w := range workers {
		all = append(all, w.latencies...)
		r.Requests += w.sent
		r.Errors += w.errors
		if w.firstError != nil && r.FirstError == "" {
			r.FirstError = w.firstError.Error()
		}
	}
	r.Seconds = took.Seconds()
	r.RPS = float64(len(all)) / r.Seconds
	slices.Sort(all)
	r.P50, r.P99 = percentile(all, 50), percentile(all, 99)
	return r
}

// percentile is the p-th percentile (nearest rank) of sorted, in microseconds.
func percentile(sorted []time.Duration, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*p + 99) / 100
	return float64(sorted[rank-1].Nanoseconds()) / 1e3
}

// A worker is one connection with one request at a time.
type worker struct {
	config     *config
	conn       net.Conn
	in         *bufio.Reader
	deadline   time.Time // the one set on conn
	sent       int
	errors     int
	firstError error
	latencies  []time.Duration // of good answers
}

func (w *worker) connect() error {
	dialer := net.Dialer{Timeout: w.config.timeout}
	var err error
	if w.config.tls == nil {
		w.conn, err = dialer.Dial("tcp", w.config.address)
	} else {
		var conn *tls.Conn
		if conn, err = tls.DialWithDialer(&dialer, "tcp", w.config.address, w.config.tls); err == nil {
			w.conn = conn
		}
	}
	if err != nil {
		w.conn = nil
		return err
	}
	w.in = bufio.NewReaderSize(w.conn, h1.BufferSize)
	w.deadline = time.Time{}
	return nil
}

func (w *worker) fail(err error) {
	if err == nil {
		return
	}
	w.errors++
	if w.firstError == nil {
		w.firstError = err
	}
}

// send takes numbers from next and sends one request for each. It connects again
// where the server closed the connection, and gives up when it cannot.
func (w *worker) send(next *atomic.Uint64, start time.Time) {
	c := w.config
	before, after, numbered := strings.Cut(c.path, "{n}")
	fields := " HTTP/1.1\r\nHost: " + c.host + "\r\nAccept: application/json\r\nUser-Agent: kproxy-bench\r\n"
	if c.token != "" {
		fields += "Authorization: Bearer " + c.token + "\r\n"
	}
	after += fields + "\r\n"
	before = "GET " + before
	var request []byte
	for {
		n := next.Add(1) - 1
		now := time.Now()
		if (c.requests > 0 && n >= c.requests) || (c.duration > 0 && now.Sub(start) >= c.duration) {
			break
		}
		if w.conn == nil {
			if err := w.connect(); err != nil {
				w.fail(err) // and let the other connections go on
				return
			}
			now = time.Now() // connecting is not the answer's latency
		}
		request = append(request[:0], before...)
		if numbered {
			request = strconv.AppendUint(request, c.first+n, 10)
		}
		request = append(request, after...)

		keep, err := w.exchange(request, now)
		if err == nil {
			w.latencies = append(w.latencies, time.Since(now))
		}
		w.fail(err)
		if !keep {
			w.conn.Close()
			w.conn = nil
		}
	}
	if w.conn != nil {
		w.conn.Close()
	}
}

// exchange sends one request and reads its answer. keep tells whether the
// connection can carry another one.
func (w *worker) exchange(request []byte, now time.Time) (keep bool, err error) {
	// Moving a deadline costs; once in a while is exact enough.
	if timeout := w.config.timeout; w.deadline.Sub(now) < timeout {
		w.deadline = now.Add(timeout + timeout/10)
		if err := w.conn.SetDeadline(w.deadline); err != nil {
			return false, err
		}
	}
	w.sent++
	if _, err := w.conn.Write(request); err != nil {
		return false, err
	}
	status, head := 100, []byte(nil)
	for status < 200 { // 1xx: the answer is still to come
		if head, err = h1.ReadHead(w.in); err != nil {
			return false, err
		}
		if status, err = h1.Status(head); err != nil {
			return false, err
		}
	}
	keep = !h1.Closes(head)
	if status != 204 && status != 304 { // these have no body, whatever their fields say
		if err := h1.SkipBody(w.in, head, h1.NoLength); err != nil {
			return false, err
		}
	}
	if status != w.config.expect {
		return keep, fmt.Errorf("status %d, want %d", status, w.config.expect)
	}
	return keep, nil
}
