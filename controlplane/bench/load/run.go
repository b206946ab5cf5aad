package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kproxy.dev/controlplane/bench/internal/h1"
)

// A report is what one run prints.
type report struct {
	Requests   int     `json:"requests"`
	Events     int     `json:"events,omitempty"`
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
		if w.conn != nil && c.watch {
			wg.Go(func() { w.watch(next.Add(1) - 1) })
		} else if w.conn != nil {
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
		r.Events += w.events
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
	events     int
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
	message := newTemplate(c)
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
		request = message.appendTo(request[:0], c.first+n)
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
	status, head, err := w.ask(request, now)
	if err != nil {
		return false, err
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

// ask sends one request and reads its answer's head, which is valid until the
// next read.
func (w *worker) ask(request []byte, now time.Time) (status int, head []byte, err error) {
	if err := w.extend(now); err != nil {
		return 0, nil, err
	}
	w.sent++
	if _, err := w.conn.Write(request); err != nil {
		return 0, nil, err
	}
	status = 100
	for status < 200 { // 1xx: the answer is still to come
		if head, err = h1.ReadHead(w.in); err != nil {
			return 0, nil, err
		}
		if status, err = h1.Status(head); err != nil {
			return 0, nil, err
		}
	}
	return status, head, nil
}

// extend moves the connection's deadline. Moving it costs; once in a while is
// exact enough.
func (w *worker) extend(now time.Time) error {
	timeout := w.config.timeout
	if w.deadline.Sub(now) >= timeout {
		return nil
	}
	w.deadline = now.Add(timeout + timeout/10)
	return w.conn.SetDeadline(w.deadline)
}
