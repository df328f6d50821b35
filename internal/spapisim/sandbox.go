package spapisim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Amazon's static sandbox. Docs page "Selling Partner API Sandbox": a request
// is answered by the example whose parameters it matches exactly.

// sandboxExample is one x-amzn-api-sandbox entry of a model.
type sandboxExample struct {
	method     string
	path       string
	parameters map[string][]string
	status     int
	body       []byte
}

// sandboxModel is as much of a model as the sandbox needs.
type sandboxModel struct {
	Paths map[string]map[string]json.RawMessage `json:"paths"`
}

type sandboxOperation struct {
	Responses map[string]struct {
		Sandbox struct {
			Static []struct {
				Request struct {
					Parameters map[string]struct {
						Value json.RawMessage `json:"value"`
					} `json:"parameters"`
				} `json:"request"`
				Response json.RawMessage `json:"response"`
			} `json:"static"`
		} `json:"x-amzn-api-sandbox"`
	} `json:"responses"`
}

// Sandbox serves the static examples of one of Amazon's model files, which the
// caller provides. Access tokens are checked as in production; the usage plan
// is 5 calls a second, burst 15, for every operation.
func (s *Simulator) Sandbox(model []byte) (http.Handler, error) {
	examples, err := sandboxExamples(model)
	if err != nil {
		return nil, fmt.Errorf("spapisim: sandbox model: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := s.beginCall(r, "")
		s.serve(w, r, c, func() answer { return s.sandboxAnswer(r, c, examples) })
	}), nil
}

func sandboxExamples(model []byte) ([]sandboxExample, error) {
	var m sandboxModel
	if err := json.Unmarshal(model, &m); err != nil {
		return nil, err
	}
	var list []sandboxExample
	for path, methods := range m.Paths { // sorted at the end
		for method, raw := range methods {
			var op sandboxOperation
			if method == "parameters" || json.Unmarshal(raw, &op) != nil {
				continue // an entry that is no operation
			}
			for status, response := range op.Responses {
				for _, static := range response.Sandbox.Static {
					code, err := strconv.Atoi(status)
					if err != nil {
						return nil, fmt.Errorf("%s %s: status %q", method, path, status)
					}
					e := sandboxExample{method: strings.ToUpper(method), path: path, parameters: map[string][]string{}, status: code}
					for name, p := range static.Request.Parameters {
						values, err := exampleValues(p.Value)
						if err != nil {
							return nil, fmt.Errorf("%s %s, %s: %w", method, path, name, err)
						}
						e.parameters[name] = values
					}
					var compact bytes.Buffer
					if err := json.Compact(&compact, static.Response); err != nil {
						return nil, err
					}
					e.body = compact.Bytes()
					list = append(list, e)
				}
			}
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("it has no x-amzn-api-sandbox example")
	}
	slices.SortStableFunc(list, func(a, b sandboxExample) int { return strings.Compare(a.path, b.path) })
	return list, nil
}

// exampleValues reads a parameter's value: a text, a number or a list of texts.
func exampleValues(raw json.RawMessage) ([]string, error) {
	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return list, nil
	}
	var one any
	if err := json.Unmarshal(raw, &one); err != nil {
		return nil, err
	}
	return []string{fmt.Sprint(one)}, nil
}

func (s *Simulator) sandboxAnswer(r *http.Request, c *call, examples []sandboxExample) answer {
	i := slices.IndexFunc(examples, func(e sandboxExample) bool {
		_, ok := e.pathParameters(r)
		return ok
	})
	if i < 0 {
		return unknownPath()
	}
	if a, refused := transport(r, c.sw); refused {
		return a
	}
	s.mu.Lock()
	a, refused := s.authenticate(r, c)
	s.mu.Unlock()
	if refused {
		return a
	}
	for _, e := range examples {
		if e.matches(r, c.values) {
			return answer{status: e.status, header: jsonHeader(), body: e.body}
		}
	}
	return refusal(http.StatusBadRequest, "InvalidInput", textSandbox, "", "no sandbox example has these parameters")
}

// pathParameters matches the request's path and reads its parameters.
func (e *sandboxExample) pathParameters(r *http.Request) (map[string]string, bool) {
	want, got := strings.Split(e.path, "/"), strings.Split(r.URL.EscapedPath(), "/")
	if r.Method != e.method || len(want) != len(got) {
		return nil, false
	}
	found := map[string]string{}
	for i, part := range want {
		if strings.HasPrefix(part, "{") {
			value, err := url.PathUnescape(got[i])
			if err != nil || value == "" {
				return nil, false
			}
			found[strings.Trim(part, "{}")] = value
		} else if part != got[i] {
			return nil, false
		}
	}
	return found, true
}

// matches: all of the example's parameters with its values, and no other.
func (e *sandboxExample) matches(r *http.Request, values url.Values) bool {
	inPath, ok := e.pathParameters(r)
	if !ok || len(inPath)+len(values) != len(e.parameters) {
		return false
	}
	for name, want := range e.parameters {
		got, ok := inPath[name]
		if !ok {
			if len(values[name]) != 1 {
				return false
			}
			got = values.Get(name)
		}
		if !slices.Equal(slices.Sorted(strings.SplitSeq(got, ",")), slices.Sorted(slices.Values(want))) {
			return false
		}
	}
	return true
}
