package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// load runs the generator against handler and returns its report and how often
// each path was asked for.
func load(t *testing.T, handler http.HandlerFunc, args ...string) (report, map[string]int) {
	t.Helper()
	var mu sync.Mutex
	paths := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		paths[r.URL.Path]++
		mu.Unlock()
		handler(w, r)
	}))
	defer server.Close()
	c, err := parse(append([]string{"--url", server.URL, "--path-template", "/p-{n}"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	r := run(c)
	mu.Lock()
	defer mu.Unlock()
	return r, paths
}

func TestEveryNumberIsAskedForOnceHoweverTheServerAnswers(t *testing.T) {
	servers := map[string]http.HandlerFunc{
		"length": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) },
		"chunks": func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("hello"))
			w.(http.Flusher).Flush()
			w.Write([]byte("again"))
		},
		"closes": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") },
	}
	for name, handler := range servers {
		t.Run(name, func(t *testing.T) {
			r, paths := load(t, handler, "--requests", "101", "--connections", "4", "--first", "1000")
			if r.Requests != 101 || r.Errors != 0 || len(paths) != 101 {
				t.Fatalf("%+v, %d paths", r, len(paths))
			}
			if paths["/p-1000"] != 1 || paths["/p-1100"] != 1 {
				t.Fatalf("numbers do not run from 1000 to 1100: %v", paths)
			}
			if r.P50 <= 0 || r.P99 < r.P50 || r.RPS <= 0 {
				t.Fatalf("implausible %+v", r)
			}
		})
	}
}

func TestAnswersOtherThanExpectedAreErrors(t *testing.T) {
	r, _ := load(t, http.NotFound, "--requests", "3")
	if r.Requests != 3 || r.Errors != 3 || r.FirstError != "status 404, want 200" {
		t.Fatalf("%+v", r)
	}
	if r, _ := load(t, http.NotFound, "--requests", "3", "--expect", "404"); r.Errors != 0 {
		t.Fatalf("%+v", r)
	}
}

func TestACutAnswerIsAnErrorAndTheRestIsStillSent(t *testing.T) {
	cut := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		w.Write([]byte("hello"))
		if r.URL.Path == "/p-1" {
			panic(http.ErrAbortHandler)
		}
		w.Write([]byte("again"))
	}
	if r, paths := load(t, cut, "--requests", "5"); r.Requests != 5 || r.Errors != 1 || len(paths) != 5 {
		t.Fatalf("%+v, %d paths", r, len(paths))
	}
}

func TestADurationEndsTheRun(t *testing.T) {
	ok := func(http.ResponseWriter, *http.Request) {}
	if r, _ := load(t, ok, "--duration", "50ms"); r.Requests == 0 || r.Errors != 0 || r.Seconds > 5 {
		t.Fatalf("%+v", r)
	}
}

func TestASilentServerEndsTheRun(t *testing.T) {
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	if r, _ := load(t, silent, "--requests", "1", "--timeout", "50ms"); r.Requests != 1 || r.Errors != 1 {
		t.Fatalf("%+v", r)
	}
}

func TestAPOSTSendsItsNumberInPathAndBody(t *testing.T) {
	body := filepath.Join(t.TempDir(), "body.json")
	if err := os.WriteFile(body, []byte(`{"n":{n},"again":"{n}"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	echo := func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		n := strings.TrimPrefix(r.URL.Path, "/p-")
		if want := `{"n":` + n + `,"again":"` + n + `"}`; err != nil || string(sent) != want || r.Method != "POST" {
			http.Error(w, string(sent), http.StatusBadRequest)
		}
	}
	r, paths := load(t, echo, "--method", "POST", "--body", body, "--requests", "12", "--first", "95")
	if r.Requests != 12 || r.Errors != 0 || len(paths) != 12 {
		t.Fatalf("%+v, %d paths", r, len(paths))
	}
}

func TestThroughAForwardProxyRequestsNameTheWholeURL(t *testing.T) {
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.RequestURI }))
	defer proxy.Close()
	c, err := parse([]string{"--url", "http://127.0.0.1:1", "--proxy", strings.TrimPrefix(proxy.URL, "http://"), "--requests", "1"})
	if err != nil {
		t.Fatal(err)
	}
	if r := run(c); r.Errors != 0 || asked != "http://127.0.0.1:1/api/v1/namespaces/bench/pods/p-0" {
		t.Fatalf("%+v, asked for %s", r, asked)
	}
}

func TestAWatchIsReadToItsEndAndInOrder(t *testing.T) {
	events := func(numbers ...int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for _, n := range numbers {
				fmt.Fprintf(w, `{"resourceVersion":"%d","kproxy.dev/sent":"%d"}`+"\n", n, time.Now().UnixNano())
				w.(http.Flusher).Flush()
			}
		}
	}
	watch := []string{"--watch", "--requests", "3", "--connections", "3"}
	if r, _ := load(t, events(1, 2, 3, 4), watch...); r.Errors != 0 || r.Events != 12 || r.P50 <= 0 {
		t.Fatalf("%+v", r)
	}
	for _, numbers := range [][]int{{2}, {1, 3}, {1, 1}} {
		if r, _ := load(t, events(numbers...), watch...); r.Errors != 3 {
			t.Fatalf("%v: %+v", numbers, r)
		}
	}
}

func TestArgumentsThatDoHarmAreRefused(t *testing.T) {
	for want, args := range map[string]string{
		"loopback":     "--requests 1 --url http://192.0.2.1:80",
		"\"localhost.": "--requests 1 --url http://localhost.example:80",
		"needs --ca":   "--requests 1 --url https://127.0.0.1:6443",
		"--proxy must": "--requests 1 --url http://127.0.0.1:80 --proxy 192.0.2.1:80",
		"POST":         "--requests 1 --url http://127.0.0.1:80 --method POST",
		"as many":      "--requests 2 --watch --url http://127.0.0.1:80",
		"so that it":   "--url http://127.0.0.1:80",
		"no space":     "--requests 1 --url http://127.0.0.1:80 --path-template /a\r\nb",
	} {
		if _, err := parse(strings.Split(args, " ")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v", args, err)
		}
	}
}
