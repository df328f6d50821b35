package spapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ordersync"
)

const allGroups = ordersync.OrderGroups | ordersync.PersonalGroups

var testKey = []byte("0123456789abcdef0123456789abcdef")

var testReader = orderReader{digestKey: testKey}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// amazon plays Amazon: it hands out the access token "access-of-<refresh
// token>-<n>" and answers API calls with api.
type amazon struct {
	api func(*http.Request) *http.Response
	lwa func(url.Values) *http.Response // nil: hand out tokens

	mu       sync.Mutex
	grants   int
	forms    []url.Values
	requests []*http.Request
}

func (a *amazon) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.URL.Path != "/auth/o2/token" {
		a.mu.Lock()
		a.requests = append(a.requests, r)
		a.mu.Unlock()
		return a.api(r), nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.grants++
	n := a.grants
	a.forms = append(a.forms, form)
	a.mu.Unlock()
	if a.lwa != nil {
		return a.lwa(form), nil
	}
	return respond(200, fmt.Sprintf(`{"access_token":"access-of-%s-%d","token_type":"bearer","expires_in":3600,"refresh_token":%q}`,
		form.Get("refresh_token"), n, form.Get("refresh_token"))), nil
}

func (a *amazon) grantCount() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.grants
}

// respond makes an answer; headers are name, value, name, value.
func respond(status int, body string, headers ...string) *http.Response {
	response := &http.Response{
		StatusCode:    status,
		Header:        http.Header{},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	for i := 0; i < len(headers); i += 2 {
		response.Header.Set(headers[i], headers[i+1])
	}
	return response
}

func newTestClient(t testing.TB, transport http.RoundTripper, change ...func(*Config)) *Client {
	t.Helper()
	config := Config{
		ClientID:     "amzn1.application-oa2-client.test",
		ClientSecret: func() string { return "secret-of-app" },
		Transport:    transport,
		DigestKey:    testKey,
	}
	for _, c := range change {
		c(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func seller(refresh string) Account {
	return Account{Region: ordersync.RegionEU, RefreshToken: func() string { return refresh }}
}

const emptyPage = `{"orders":[]}`

// example is one of Amazon's own answers, from the model.
type example struct {
	name string
	body []byte // of searchOrders
}

// modelOrders are the orders of all examples in Amazon's model of the Orders
// API, each as a page of its own.
func modelOrders(t testing.TB) []example {
	t.Helper()
	var examples []example
	seen := map[string]bool{}
	add := func(name string, order json.RawMessage) {
		var compact bytes.Buffer
		if err := json.Compact(&compact, order); err != nil {
			t.Fatal(err)
		}
		if !seen[compact.String()] {
			seen[compact.String()] = true
			examples = append(examples, example{name, []byte(`{"orders":[` + compact.String() + `]}`)})
		}
	}
	for name, answer := range modelAnswers(t) {
		var body struct {
			Orders []json.RawMessage
			Order  json.RawMessage
		}
		if err := json.Unmarshal(answer, &body); err != nil {
			t.Fatal(err)
		}
		for i, order := range body.Orders {
			add(fmt.Sprintf("%s/%d", name, i), order)
		}
		if body.Order != nil {
			add(name, body.Order)
		}
	}
	if len(examples) < 4 {
		t.Fatalf("the model has %d example orders", len(examples))
	}
	return examples
}

// modelAnswers are the 200 answers in Amazon's model, examples and sandbox.
func modelAnswers(t testing.TB) map[string]json.RawMessage {
	t.Helper()
	type operation struct {
		OperationID string
		Responses   map[string]struct {
			Examples map[string]json.RawMessage
			Sandbox  struct {
				Static []struct{ Response json.RawMessage }
			} `json:"x-amzn-api-sandbox"`
		}
	}
	var model struct {
		Paths map[string]struct{ Get *operation }
	}
	if err := json.Unmarshal(readModel(t, "orders_2026-01-01.json"), &model); err != nil {
		t.Fatal(err)
	}
	answers := map[string]json.RawMessage{}
	for _, path := range model.Paths {
		for _, body := range path.Get.Responses["200"].Examples {
			answers[path.Get.OperationID+"/example"] = body
		}
		for i, sandbox := range path.Get.Responses["200"].Sandbox.Static {
			answers[fmt.Sprintf("%s/sandbox%d", path.Get.OperationID, i)] = sandbox.Response
		}
	}
	return answers
}

func readModel(t testing.TB, file string) []byte {
	t.Helper()
	folder := os.Getenv("ORDERSYNC_SPAPI_MODELS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "spapi")
	}
	data, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		t.Fatalf("Amazon's model %s is not there; Amazon publishes the models at github.com/amzn/selling-partner-api-models: "+
			"put orders_2026-01-01.json and sellers.json into a folder and name it in ORDERSYNC_SPAPI_MODELS (%v)", file, err)
	}
	return data
}

func mustTime(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
