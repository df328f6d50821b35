package queue

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Kind says what a failed call to a queue means.
type Kind string

// The kinds.
const (
	// Missing: there is no such queue.
	Missing Kind = "the queue does not exist"
	// Refused: the credentials are wrong, or may not do this.
	Refused Kind = "AWS refuses the credentials, or they may not do this"
	// NoCredentials: none were found.
	NoCredentials Kind = "no credentials for AWS were found"
	// Unavailable: the queue failed or was not reached.
	Unavailable Kind = "the queue did not answer, or failed"
)

// remedies say what to do.
var remedies = map[Kind]string{
	Missing:       "correct ORDERSYNC_AMAZON_NOTIFICATIONS_QUEUE, or make the queue",
	Refused:       "allow sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes on it, and kms:Decrypt on its key if it has one",
	NoCredentials: "give AWS credentials by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, by a profile, or by the role of this machine or container",
	Unavailable:   "look whether this machine reaches the queue; it is tried again",
}

// Error is a call to a queue that failed. Its text holds no credentials, no address
// and nothing of AWS's but the code.
type Error struct {
	Operation string
	Kind      Kind
	Code      string // AWS's own error code; "" when there was none
	cause     error
}

func (e *Error) Error() string {
	if e.Code != "" {
		return fmt.Sprintf("%s: %s (code %s)", e.Operation, e.Kind, e.Code)
	}
	return fmt.Sprintf("%s: %s", e.Operation, e.Kind)
}

// Unwrap is the cause, for errors.Is and errors.As only.
func (e *Error) Unwrap() error { return e.cause }

// Remedy says what to do about it.
func (e *Error) Remedy() string { return remedies[e.Kind] }

// The codes of AWS. Amazon SQS, "Common errors", and the errors of each action; the
// older protocol's beside them.
var (
	missingCodes = []string{"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"}
	refusedCodes = []string{
		"AccessDenied", "AccessDeniedException", "AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidClientTokenId",
		"InvalidSecurity", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired", "SignatureDoesNotMatch",
		"UnrecognizedClientException", "KmsAccessDenied", "KMS.AccessDeniedException", "KmsDisabled", "KmsNotFound", "KmsInvalidState", "KmsInvalidKeyUsage", "KmsOptInRequired",
	}
)

// callError says what the end of a call means; ctx is the caller's.
func callError(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", operation, context.Cause(ctx))
	}
	e := &Error{Operation: operation, Kind: Unavailable, cause: err}
	var none *credentialsError
	var api smithy.APIError
	var response *smithyhttp.ResponseError
	if errors.As(err, &api) {
		e.Code = cleanCode(api.ErrorCode())
	}
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	switch {
	case errors.As(err, &none):
		e.Kind = NoCredentials
	case slices.Contains(missingCodes, e.Code):
		e.Kind = Missing
	case slices.Contains(refusedCodes, e.Code), status == http.StatusUnauthorized, status == http.StatusForbidden:
		e.Kind = Refused
	}
	return e
}

// cleanCode leaves of a code from outside what codes are made of.
func cleanCode(code string) string {
	out := make([]byte, 0, len(code))
	for i := range min(len(code), 64) {
		if c := code[i]; c > ' ' && c <= '~' {
			out = append(out, c)
		}
	}
	return string(out)
}

// credentials tells by type that no credentials were found.
type credentials struct{ aws.CredentialsProvider }

// Retrieve looks for credentials.
func (c credentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if c.CredentialsProvider == nil {
		return aws.Credentials{}, &credentialsError{errors.New("there is no place to look")}
	}
	got, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return got, &credentialsError{err}
	}
	return got, nil
}

// credentialsError is why no credentials were found.
type credentialsError struct{ cause error }

func (e *credentialsError) Error() string { return "no credentials: " + e.cause.Error() }
func (e *credentialsError) Unwrap() error { return e.cause }
