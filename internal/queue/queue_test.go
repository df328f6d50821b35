package queue

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// sqsBinary is a queue of Amazon's kind, see internal/testsqs.
const sqsBinary = "../../bin/tools/testsqs"

// The machine's own credentials must not reach the tests.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "SECRETOFAWS", "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_MAX_ATTEMPTS": "1",
	} {
		_ = os.Setenv(name, value)
	}
	os.Exit(m.Run())
}

// server is a running queue.
type server struct {
	Address, Queue string
	t              *testing.T
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{t: t}
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
	return s
}

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// send puts a message into the queue.
func (s *server) send(body string) {
	s.t.Helper()
	response, err := http.PostForm(s.Address, url.Values{"Action": {"SendMessage"}, "QueueUrl": {s.Queue}, "MessageBody": {body}})
	s.must(err)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		s.t.Fatal(response.Status)
	}
}

func (s *server) open(queueURL string) *Queue {
	s.t.Helper()
	q, err := Open(s.t.Context(), queueURL)
	s.must(err)
	return q
}

func TestQueue(t *testing.T) {
	t.Parallel()
	s := start(t)
	q := s.open(s.Queue)
	s.must(q.Check(t.Context()))
	receive := func(wait time.Duration) []Message {
		t.Helper()
		got, err := q.Receive(t.Context(), wait)
		s.must(err)
		return got
	}
	if got := receive(0); len(got) != 0 {
		t.Fatalf("%d messages of none", len(got))
	}
	body := `{"a":"ü <&> ` + strings.Repeat("x", 100_000) + `"}`
	later := time.AfterFunc(300*time.Millisecond, func() { s.send(body) })
	defer later.Stop()
	begun := time.Now()
	got := receive(10 * time.Second)
	if len(got) != 1 || string(got[0].Body) != body || got[0].ID == "" {
		t.Fatalf("%d messages", len(got))
	}
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("a message that came while it was waited for took %s", d)
	}
	if again := receive(0); len(again) != 0 {
		t.Error("it is not hidden")
	}
	s.must(q.Release(t.Context(), got[0], 0))
	if got = receive(5 * time.Second); len(got) != 1 || string(got[0].Body) != body {
		t.Fatalf("%d messages after it was let go", len(got))
	}
	s.must(q.Delete(t.Context(), got[0]))
	if got = receive(time.Second); len(got) != 0 {
		t.Error("it was not deleted")
	}
	for n := range 12 {
		s.send(fmt.Sprint(n))
	}
	if first, rest := receive(time.Second), receive(time.Second); len(first) != 10 || len(rest) != 2 {
		t.Errorf("%d and %d of 12", len(first), len(rest))
	}
}

// What fails is told by type, with a remedy, and without what it was asked with.
func TestTroubles(t *testing.T) {
	s := start(t)
	refusing := func(status int, code string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"__type":"com.amazonaws.sqs#%s","message":"User: arn:aws:iam::1:user/x with SECRETOFAWS"}`, code)
		}))
		t.Cleanup(server.Close)
		return server.URL + "/1/q"
	}
	for name, c := range map[string]struct {
		url  string
		want Kind
	}{
		"missing queue":     {strings.Replace(s.Queue, "notifications", "other", 1), Missing},
		"missing, as AWS":   {refusing(400, "QueueDoesNotExist"), Missing},
		"wrong credentials": {refusing(403, "InvalidClientTokenId"), Refused},
		"wrong signature":   {refusing(403, "SignatureDoesNotMatch"), Refused},
		"not allowed":       {refusing(400, "AccessDeniedException"), Refused},
		"key not allowed":   {refusing(400, "KmsAccessDenied"), Refused},
		"403 of a proxy":    {refusing(403, ""), Refused},
		"out of order":      {refusing(500, "InternalFailure"), Unavailable},
		"not there":         {"http://127.0.0.1:1/1/q", Unavailable},
	} {
		_, err := s.open(c.url).Receive(t.Context(), 0)
		s.fails(name, err, c.want)
		if name == "missing queue" {
			continue // goaws has other words than AWS for it where it is asked other things
		}
		s.fails(name, s.open(c.url).Check(t.Context()), c.want)
		s.fails(name, s.open(c.url).Delete(t.Context(), Message{receipt: "r"}), c.want)
		s.fails(name, s.open(c.url).Release(t.Context(), Message{receipt: "r"}, time.Minute), c.want)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.open(s.Queue).Receive(ended, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	_, err := s.open(s.Queue).Receive(t.Context(), 0)
	s.fails("no credentials", err, NoCredentials)
	t.Setenv("AWS_REGION", "")
	if _, err := Open(t.Context(), s.Queue); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("no region: %v", err)
	}
	t.Setenv("AWS_PROFILE", "none-of-these")
	if _, err := Open(t.Context(), s.Queue); err == nil || !strings.Contains(err.Error(), "AWS_PROFILE") {
		t.Errorf("no such profile: %v", err)
	}
}

func (s *server) fails(name string, err error, want Kind) {
	s.t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != want || e.Remedy() == "" {
		s.t.Errorf("%s: %v, want %q", name, err, want)
		return
	}
	for _, never := range []string{"SECRETOFAWS", "arn:", "127.0.0.1", "AKID"} {
		if strings.Contains(err.Error(), never) {
			s.t.Errorf("%s tells %s: %v", name, never, err)
		}
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://sqs.eu-west-1.amazonaws.com/123456789012/orders":                     "eu-west-1",
		"https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/orders":            "us-gov-west-1",
		"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders":                 "cn-north-1",
		"https://us-east-2.queue.amazonaws.com/123456789012/orders":                   "us-east-2",
		"https://sqs.eu-central-1.api.aws/123456789012/orders":                        "eu-central-1",
		"https://vpce-1a2b.sqs.ap-northeast-1.vpce.amazonaws.com/123456789012/orders": "ap-northeast-1",
		"https://queue.example.com/123456789012/orders":                               "",
		"http://127.0.0.1:4100/000000000000/orders":                                   "",
		"http://localhost:9324/000000000000/orders":                                   "",
	} {
		if err := CheckURL(raw); err != nil {
			t.Errorf("%s %v", raw, err)
		}
		if got := regionOf(raw); got != want {
			t.Errorf("%s: region %q, want %q", raw, got, want)
		}
	}
	for raw, want := range map[string]string{
		"": "no queue's URL",
		"arn:aws:sqs:eu-west-1:123456789012:orders":                    "no queue's URL",
		"https://sqs.eu-west-1.amazonaws.com":                          "no queue's URL",
		"https://user:SECRET@sqs.eu-west-1.amazonaws.com/1/q":          "a user",
		"https://sqs.eu-west-1.amazonaws.com/1/q?x=SECRET":             "a query",
		"http://sqs.eu-west-1.amazonaws.com/1/q":                       "https",
		"https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo": "standard",
	} {
		if err := CheckURL(raw); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s %v, want %s", raw, err, want)
		}
	}
}
