package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// Whoever sends the head of a request and no body is answered, and holds the
// connection for seconds only, whatever was asked for and without any key.
func TestBodiesThatNeverCome(t *testing.T) {
	inBubble(t, func(w *world) {
		dial := w.serve()
		for _, c := range []struct {
			head   string
			status int
			key    bool
		}{
			{"POST " + global, 401, false},
			{"POST " + global, 400, true},
			{"POST /api/v1/orders/sync/items", 401, false},
			{"GET /livez", 400, false},
			{"GET /openapi.json", 200, false},
			{"POST /nothing", 404, false},
			{"DELETE /livez", 405, false},
		} {
			conn := dial()
			w.must(conn.SetDeadline(time.Now().Add(time.Hour)))
			head := c.head + " HTTP/1.1\r\nHost: x"
			if c.key {
				head += "\r\nAuthorization: Bearer " + w.keys[""]
			}
			begun := time.Now()
			_, err := fmt.Fprintf(conn, "%s\r\nContent-Length: 1000\r\n\r\n", head)
			w.must(err)
			in := bufio.NewReader(conn)
			answer, err := http.ReadResponse(in, nil)
			w.must(err)
			text, err := io.ReadAll(answer.Body)
			w.must(err)
			if answer.StatusCode != c.status {
				t.Errorf("%s: %d %s", c.head, answer.StatusCode, text)
			}
			_, _ = io.Copy(io.Discard, in) // until the other side hangs up
			if took := time.Since(begun); took > 30*time.Second {
				t.Errorf("%s held its connection for %s", c.head, took)
			}
		}
	})
}

// Whoever does not read the answer is cut off, however long it is; whoever reads
// slowly gets it whole.
func TestAnswersThatNobodyReads(t *testing.T) {
	inBubble(t, func(w *world) {
		dial := w.serve()
		for _, ask := range []string{"GET /openapi.json", "GET /livez", "GET /nothing"} {
			conn := dial()
			w.must(conn.SetDeadline(time.Now().Add(time.Hour)))
			begun := time.Now()
			_, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\n\r\n", ask)
			w.must(err)
			time.Sleep(10 * time.Minute)
			rest, _ := io.ReadAll(conn)
			if took := time.Since(begun); took > 10*time.Minute || len(rest) > 0 {
				t.Errorf("%s: the connection was held for %s, and %d bytes came", ask, took, len(rest))
			}
		}
		conn := dial()
		_, err := fmt.Fprint(conn, "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
		w.must(err)
		begun := time.Now()
		answer, err := http.ReadResponse(bufio.NewReader(slowly{conn}), nil)
		w.must(err)
		text, err := io.ReadAll(answer.Body)
		w.must(err)
		if want := w.get("/openapi.json").text; string(text) != want {
			t.Errorf("%d bytes of %d came slowly", len(text), len(want))
		}
		if took := time.Since(begun); took < 31*time.Second {
			t.Errorf("nothing was slow: %s", took)
		}
	})
}

// slowly reads with pauses.
type slowly struct{ io.Reader }

func (s slowly) Read(b []byte) (int, error) {
	time.Sleep(800 * time.Millisecond)
	return s.Reader.Read(b[:min(len(b), 2<<10)])
}
