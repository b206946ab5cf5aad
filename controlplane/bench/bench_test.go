// Package bench_test runs the two programs as the benchmark does.
package bench_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build compiles both programs into a folder that goes with the test.
func build(t *testing.T) string {
	t.Helper()
	// go test caches by what the test itself reads, not by what its children
	// compile: without this a change of either program would leave "ok (cached)".
	if err := filepath.WalkDir(".", func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-o", dir+"/", "./upstream", "./load").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// upstream starts the server. count stops it and returns what it counted.
func upstream(t *testing.T, dir string, args ...string) (url string, count func() int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(dir, "upstream"), args...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := bufio.NewReader(stdout)
	decode := func(into any) {
		line, err := lines.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, into)
		}
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	var ready struct{ URL string }
	decode(&ready)
	return ready.URL, func() int {
		cmd.Process.Signal(syscall.SIGTERM)
		var last struct{ Count int }
		decode(&last)
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		return last.Count
	}
}

func TestLoadSendsExactlyWhatUpstreamCounts(t *testing.T) {
	dir := build(t)
	cert, key := certificate(t, dir)
	for scheme, serverArgs := range map[string][]string{
		"http":  nil,
		"https": {"--tls-cert", cert, "--tls-key", key},
	} {
		t.Run(scheme, func(t *testing.T) {
			url, count := upstream(t, dir, serverArgs...)
			out, err := exec.Command(filepath.Join(dir, "load"), "--url", url, "--ca", cert,
				"--token", "t", "--connections", "8", "--requests", "2000").Output()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var report struct{ Requests, Errors int }
			if err := json.Unmarshal(out, &report); err != nil {
				t.Fatal(err)
			}
			if counted := count(); report.Requests != 2000 || report.Errors != 0 || counted != 2000 {
				t.Fatalf("%s, upstream counted %d", out, counted)
			}
		})
	}
}

// The generator hardly looks at what it gets; net/http does.
func TestUpstreamSpeaksHTTPToOtherClients(t *testing.T) {
	url, count := upstream(t, build(t))
	ids := map[string]bool{}
	do := func(method, path string, body io.Reader, status int) map[string]any {
		t.Helper()
		request, _ := http.NewRequest(method, url+path, body)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		object := map[string]any{}
		if err := json.NewDecoder(answer.Body).Decode(&object); err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != status || answer.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s %s: %v", method, path, answer)
		}
		ids[answer.Header.Get("Audit-Id")] = true
		return object
	}
	chunked := io.MultiReader(strings.NewReader(`{"kind":`), strings.NewReader(`"Pod"}`))
	pods := "/api/v1/namespaces/bench/pods"
	for _, object := range []map[string]any{
		do("GET", pods+"/p-1", nil, 200),
		do("POST", pods, strings.NewReader("{}"), 201),
		do("POST", pods+"?dryRun=All", chunked, 201),
	} {
		if object["kind"] != "Pod" {
			t.Fatalf("not a Pod: %v", object)
		}
	}
	secret := do("GET", "/api/v1/namespaces/bench/secrets/s-0042?x=/y", nil, 200)
	value, _ := base64.StdEncoding.DecodeString(secret["data"].(map[string]any)["token"].(string))
	if secret["kind"] != "Secret" || string(value) != "kproxy-bench-secrets-0042" {
		t.Fatalf("%v holds %q", secret, value)
	}
	if counted := count(); counted != 4 || len(ids) != 4 {
		t.Fatalf("counted %d, %d different Audit-Ids", counted, len(ids))
	}
}

func TestUpstreamServesAListOfOneMiB(t *testing.T) {
	url, _ := upstream(t, build(t))
	answer, err := http.Get(url + "/api/v1/namespaces/bench/pods?limit=500")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var list struct {
		Kind  string
		Items []struct{ Metadata struct{ Name string } }
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, item := range list.Items {
		names[item.Metadata.Name] = true
	}
	if list.Kind != "PodList" || len(names) != len(list.Items) || answer.ContentLength < 1<<20 {
		t.Fatalf("%s of %d names in %d items, %d bytes", list.Kind, len(names), len(list.Items), answer.ContentLength)
	}
}

func TestLoadReadsUpstreamsWatchesToTheirEnd(t *testing.T) {
	dir := build(t)
	url, count := upstream(t, dir, "--watch-interval", "100ms")
	out, err := exec.Command(filepath.Join(dir, "load"), "--url", url, "--watch", "--connections", "5", "--requests", "5",
		"--path-template", "/apis/coordination.k8s.io/v1/namespaces/bench/leases?watch=1&timeoutSeconds=1").Output()
	var report struct{ Requests, Events, Errors int }
	if err == nil {
		err = json.Unmarshal(out, &report)
	}
	if err != nil || report.Requests != 5 || report.Events < 5 || report.Errors != 0 || count() != 5 {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestUpstreamAnswersPipelinedRequestsAndHEADWithoutABody(t *testing.T) {
	url, count := upstream(t, build(t))
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "HEAD /p HTTP/1.1\r\nHost: x\r\n\r\nGET /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	in := bufio.NewReader(conn)
	for _, method := range []string{"HEAD", "GET"} {
		answer, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.ContentLength < 2000 || (len(body) > 0) != (method == "GET") {
			t.Fatalf("%s: %v, body of %d", method, answer, len(body))
		}
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Fatalf("the server did not close: %v", err)
	}
	if counted := count(); counted != 2 {
		t.Fatalf("counted %d", counted)
	}
}

// certificate writes a self-signed one for 127.0.0.1.
func certificate(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", private)
}
