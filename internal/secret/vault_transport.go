package secret

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// vaultBody is how long an answer may be, in bytes; a document has some 500.
	vaultBody = 1 << 20
	// vaultIdle is how long a connection is kept that nobody uses.
	vaultIdle = 90 * time.Second
)

// vaultTransport bounds the length of every answer, before the API client reads
// one.
type vaultTransport struct{ under http.RoundTripper }

// RoundTrip does one request.
func (t vaultTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.under.RoundTrip(request)
	if err == nil {
		response.Body = &boundBody{body: response.Body, left: vaultBody}
	}
	return response, err
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (t vaultTransport) CloseIdleConnections() {
	if under, ok := t.under.(*http.Transport); ok {
		under.CloseIdleConnections()
	}
}

// longAnswerError says that an answer is longer than any of Vault's can be.
type longAnswerError struct{}

func (longAnswerError) Error() string {
	return fmt.Sprintf("the answer has more than %d bytes", vaultBody)
}

// boundBody is a body that fails, and does not seem to end, where it is too long.
type boundBody struct {
	body io.ReadCloser
	left int64
}

// Read reads at most what is left.
func (b *boundBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, longAnswerError{}
	}
	return n, err
}

// Close closes the body.
func (b *boundBody) Close() error { return b.body.Close() }
