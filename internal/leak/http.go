package leak

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
)

// maxBody is how much of a body is looked at, in bytes.
const maxBody = 1 << 20

// What passes between ordersync and Amazon and is nobody else's business: fields of
// forms and of JSON, and parameters of addresses.
var secretFields = map[string]string{
	"client_secret": "a client secret", "refresh_token": "a refresh token", "access_token": "an access token", "code": "a code",
}

var secretParameters = map[string]string{
	"spapi_oauth_code": "a code", "state": "a state", "amazon_state": "Amazon's state",
}

// Amazon is a simulated Amazon whose secrets are hidden from the moment on at which
// they pass: tokens, client secrets, codes and states.
func (w *Watch) Amazon(next http.Handler) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		w.Hide("an access token", r.Header.Get("X-Amz-Access-Token"))
		w.hideIn(r.URL.Query(), secretParameters)
		if r.Method == http.MethodPost && r.Body != nil {
			body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
			if form, bad := url.ParseQuery(string(body)); err == nil && bad == nil {
				w.hideIn(form, secretFields)
				w.hideIn(form, secretParameters)
			}
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
		}
		next.ServeHTTP(&listener{ResponseWriter: answer, w: w}, r)
	})
}

// hideIn hides what fields of a form or an address hold.
func (w *Watch) hideIn(values url.Values, secret map[string]string) {
	for name, what := range secret {
		w.Hide(what, values[name]...)
	}
}

// listener hides the secrets in an answer before they are sent.
type listener struct {
	http.ResponseWriter
	w *Watch
}

func (l *listener) WriteHeader(status int) {
	if to, err := url.Parse(l.Header().Get("Location")); err == nil {
		l.w.hideIn(to.Query(), secretParameters)
	}
	l.ResponseWriter.WriteHeader(status)
}

func (l *listener) Write(b []byte) (int, error) {
	var fields map[string]any
	if len(b) < maxBody && bytes.Contains(b, []byte("_token")) && json.Unmarshal(b, &fields) == nil {
		for name, what := range secretFields {
			if s, ok := fields[name].(string); ok {
				l.w.Hide(what, s)
			}
		}
	}
	return l.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (l *listener) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// Reader takes in every answer that comes through an HTTP client, which is how
// others read what ordersync answers.
func (w *Watch) Reader(next http.RoundTripper) http.RoundTripper { return reader{next, w} }

type reader struct {
	next http.RoundTripper
	w    *Watch
}

func (r reader) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	answer.Body = &readBody{ReadCloser: answer.Body, w: r.w, where: "the answer to " + request.Method + " " + request.URL.Path}
	return answer, nil
}

// readBody says a body once it is closed.
type readBody struct {
	io.ReadCloser
	w     *Watch
	where string
	read  bytes.Buffer
}

func (b *readBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Write(p[:min(n, max(0, maxBody-b.read.Len()))])
	return n, err
}

func (b *readBody) Close() error {
	if b.read.Len() > 0 {
		b.w.Say(b.where, b.read.String())
		b.read.Reset()
	}
	return b.ReadCloser.Close()
}
