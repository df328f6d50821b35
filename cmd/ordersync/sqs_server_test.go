package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// sqsBinary is a queue of Amazon's kind, see internal/testsqs.
const sqsBinary = "../../bin/tools/testsqs"

// awsForTests are credentials that no AWS knows. The machine's own must not reach the
// tests.
var awsForTests = []string{
	"AWS_ACCESS_KEY_ID=AKIDTEST", "AWS_SECRET_ACCESS_KEY=SECRETOFAWSFORTESTS", "AWS_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true",
	"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_MAX_ATTEMPTS=1",
}

// setAWS gives the tests their credentials.
func setAWS() {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			_ = os.Unsetenv(name)
		}
	}
	for _, variable := range awsForTests {
		name, value, _ := strings.Cut(variable, "=")
		_ = os.Setenv(name, value)
	}
}

// sqsServer is a running queue, behind a proxy that may do something else.
type sqsServer struct {
	Address, Queue string

	t      testing.TB
	proxy  string // the queue's URL through the proxy
	before atomic.Pointer[func(action string, body []byte) bool]
}

func startSQS(t testing.TB) *sqsServer {
	t.Helper()
	s := &sqsServer{t: t}
	command := exec.Command(sqsBinary)
	stdin, err := command.StdinPipe()
	s.must(err)
	stdout, err := command.StdoutPipe()
	s.must(err)
	if err := command.Start(); err != nil {
		t.Fatalf("start the queue (run make tools, which builds it): %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	s.must(err)
	s.must(json.Unmarshal(line, s))
	to, err := url.Parse(s.Address)
	s.must(err)
	pass := httputil.NewSingleHostReverseProxy(to)
	pass.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if f := s.before.Load(); f != nil && (*f)(action, body) {
			panic(http.ErrAbortHandler) // as if nobody had answered
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	s.proxy = proxy.URL + strings.TrimPrefix(s.Queue, s.Address)
	return s
}

func (s *sqsServer) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// asks lets something be done before a call; true: it gets no answer. nil ends it.
func (s *sqsServer) asks(f func(action string, body []byte) bool) {
	if f == nil {
		s.before.Store(nil)
		return
	}
	s.before.Store(&f)
}

// do does something with the queue, past the proxy. It is called by the simulator too.
func (s *sqsServer) do(form url.Values) (string, error) {
	form.Set("QueueUrl", s.Queue)
	response, err := http.PostForm(s.Address, form)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// send puts a message into the queue, as Amazon does.
func (s *sqsServer) send(body []byte) {
	if _, err := s.do(url.Values{"Action": {"SendMessage"}, "MessageBody": {string(body)}}); err != nil {
		s.t.Errorf("send: %v", err)
	}
}

var countIn = regexp.MustCompile(`<Name>(ApproximateNumberOfMessages\w*)</Name><Value>(\d+)</Value>`)

// holds is how many messages are in the queue, hidden ones too.
func (s *sqsServer) holds() (n int) {
	s.t.Helper()
	body, err := s.do(url.Values{"Action": {"GetQueueAttributes"}, "AttributeName.1": {"All"}})
	s.must(err)
	for _, found := range countIn.FindAllStringSubmatch(body, -1) {
		if found[1] == "ApproximateNumberOfMessages" {
			count, err := strconv.Atoi(found[2])
			s.must(err)
			n += count
		}
	}
	return n
}
