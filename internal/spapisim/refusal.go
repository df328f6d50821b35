package spapisim

import (
	"encoding/json"
	"net/http"
)

// Amazon's error bodies. Amazon models, ErrorList; docs pages "SP-API errors"
// and "Authorization errors".

// answer is what goes back to the client, before faults touch it.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	reason  string // why it was refused, for people: header X-Simulator-Reason and counters
	limited bool   // carries x-amzn-RateLimit-Limit if the status may
}

const (
	textInvalid = "The input you have submitted is not valid. Please check your input and try again."
	// textDelay is the two-minute text seen since 2025.
	textDelay = "The input you have submitted is not valid. Note that the error may be due to a systematic delay in data retrieval. " +
		"The most updated data is 2 minutes after an order is created or last updated. If you set the CreatedBefore or LastUpdatedBefore " +
		"parameters, please provide a date that is at least 2 minutes before current time and try again."
	textDenied    = "Access to requested resource is denied."
	textForbidden = "Access to requested resource is forbidden"
	textExpired   = "The access token you provided has expired."
	textRevoked   = "The access token you provided is revoked, malformed or invalid."
	textNoToken   = "Access token is missing in the request header."
	textSecret    = "The LWA secret token you provided has expired."
	textQuota     = "You exceeded your quota for the requested resource."
	textInternal  = "We encountered an internal error. Please try again."
	textSandbox   = "Could not match input arguments"
	textNotFound  = "The requested resource is not found."
	textGateway   = "Missing Authentication Token"
)

// wireError is one entry of Amazon's ErrorList.
type wireError struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Details *string `json:"details,omitempty"`
}

func refusal(status int, code, message, details, reason string) answer {
	return errorAnswer(status, wireError{Code: code, Message: message, Details: &details}, reason)
}

func errorAnswer(status int, e wireError, reason string) answer {
	body, err := json.Marshal(map[string][]wireError{"errors": {e}})
	if err != nil {
		panic(err) // three strings always marshal
	}
	return answer{status: status, body: body, header: jsonHeader(), reason: reason, limited: true}
}

func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// invalid is the 400 that says nothing; reason is what a person wants to know.
func invalid(reason string) answer {
	return refusal(http.StatusBadRequest, "InvalidInput", textInvalid, "", reason)
}

func denied(details, reason string) answer {
	return refusal(http.StatusForbidden, "Unauthorized", textDenied, details, reason)
}

func unknownPath() answer {
	a := errorAnswer(http.StatusForbidden, wireError{Code: "MissingAuthenticationToken", Message: textGateway}, "no such path or method")
	a.header.Set("X-Amzn-Errortype", "MissingAuthenticationTokenException")
	return a
}

// forbiddenVariants are the 403 answers by name. Docs page "SP-API errors",
// 403; threads cited there.
var forbiddenVariants = []struct {
	name  string
	build func() answer
}{
	{"denied", func() answer { return denied("", "fault") }},
	{"expired", func() answer { return denied(textExpired, "fault") }},
	{"revoked", func() answer { return denied(textRevoked, "fault") }},
	{"no-token", func() answer { return denied(textNoToken, "fault") }},
	{"secret", func() answer { return denied(textSecret, "fault") }},
	{"gateway", unknownPath},
	{"access-denied", func() answer {
		a := refusal(http.StatusForbidden, "AccessDenied", textDenied, "", "fault")
		a.header.Set("X-Amzn-Errortype", "AccessDeniedException")
		return a
	}},
	{"resource-forbidden", func() answer {
		return refusal(http.StatusForbidden, "Unauthorized", "Access to the resource is forbidden", "", "fault")
	}},
	{"hammered", func() answer { return refusal(http.StatusForbidden, "Unauthorized", textForbidden, "", "fault") }},
}
