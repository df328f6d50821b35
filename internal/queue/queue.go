// Package queue reads a standard queue of Amazon's SQS. It knows nothing of what the
// messages mean.
package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	// Visibility is how long a message that was received is hidden from others.
	Visibility = time.Minute
	// MaxWait is how long a receipt may wait for a message. Amazon SQS, "Short and
	// long polling".
	MaxWait = 20 * time.Second
	// maxMessages is how many one receipt brings at most.
	maxMessages = 10
	// callTime is how long a call may take besides the wait, repetitions included.
	callTime = 15 * time.Second
	// bodyLimit is the largest answer that is read, in bytes: ten messages of 1 MiB,
	// escaped.
	bodyLimit = 64 << 20
)

// Message is one message that was received.
type Message struct {
	ID      string
	Body    []byte
	receipt string
}

// Queue is a queue that is read. It is safe for concurrent use.
type Queue struct {
	client *sqs.Client
	url    string
}

// Open prepares to read the queue of a URL, with the credentials that AWS's programs
// find: environment, profile, container or machine. Its region is that of the URL,
// else AWS_REGION or the profile's. It asks nobody yet.
func Open(ctx context.Context, queueURL string) (*Queue, error) {
	if err := CheckURL(queueURL); err != nil {
		return nil, err
	}
	options := []func(*config.LoadOptions) error{}
	if region := regionOf(queueURL); region != "" {
		options = append(options, config.WithRegion(region))
	}
	set, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, errors.New("the settings of AWS cannot be read: look at AWS_PROFILE, AWS_CONFIG_FILE and the other AWS_… variables")
	}
	if set.Region == "" {
		return nil, errors.New("the queue's region is in neither its URL nor AWS_REGION: set AWS_REGION")
	}
	set.Credentials = aws.NewCredentialsCache(credentials{set.Credentials})
	u, err := url.Parse(queueURL)
	if err != nil { // it was checked
		return nil, errors.New("the queue's URL cannot be read")
	}
	client := sqs.NewFromConfig(set, func(o *sqs.Options) {
		o.BaseEndpoint = aws.String(u.Scheme + "://" + u.Host)
		o.HTTPClient = limited{o.HTTPClient}
	})
	return &Queue{client: client, url: queueURL}, nil
}

// CheckURL says what is wrong with a queue's URL, without repeating it.
func CheckURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") == "":
		return errors.New("is no queue's URL: use the one that the AWS console shows, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("has a user, a query or a fragment: leave them away")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return errors.New("is not https: secrets would cross the network in the clear; http is for loopback hosts only")
	case strings.HasSuffix(u.Path, ".fifo"):
		return errors.New("is that of a FIFO queue, into which Amazon sends nothing and says nothing: make a standard queue")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// regions are the ways in which a queue's host names its region. Amazon SQS, "Service
// endpoints".
var regions = regexp.MustCompile(`(?:^|\.)(?:sqs|sqs-fips)\.([a-z]+-[a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com|api\.aws|api\.amazonwebservices\.com\.cn)|^([a-z]+-[a-z0-9-]+)\.queue\.amazonaws\.com`)

// regionOf is the AWS region that a queue's URL names; "" for none.
func regionOf(queueURL string) string {
	u, err := url.Parse(queueURL)
	if err != nil {
		return ""
	}
	if found := regions.FindStringSubmatch(strings.ToLower(u.Hostname())); found != nil {
		return found[1] + found[2]
	}
	return ""
}

// Receive waits up to MaxWait for messages and hides those that it brings, ten at
// most, from others for Visibility. None is no error. What it does not bring is an
// [Error].
func (q *Queue) Receive(ctx context.Context, wait time.Duration) ([]Message, error) {
	wait = min(max(wait, 0), MaxWait).Truncate(time.Second)
	bounded, cancel := context.WithTimeout(ctx, wait+callTime)
	defer cancel()
	got, err := q.client.ReceiveMessage(bounded, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: maxMessages, WaitTimeSeconds: int32(wait / time.Second),
		VisibilityTimeout: int32(Visibility / time.Second),
	})
	if err != nil {
		return nil, callError(ctx, "receive messages", err)
	}
	var out []Message
	for _, m := range got.Messages {
		out = append(out, Message{ID: aws.ToString(m.MessageId), Body: []byte(aws.ToString(m.Body)), receipt: aws.ToString(m.ReceiptHandle)})
	}
	return out, nil
}

// Delete takes a message out of the queue. One that is gone already is no error.
func (q *Queue) Delete(ctx context.Context, m Message) error {
	bounded, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := q.client.DeleteMessage(bounded, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: &m.receipt})
	if err != nil {
		return callError(ctx, "delete a message", err)
	}
	return nil
}

// Release lets others see a message after a time, at most twelve hours; 0 is at once.
func (q *Queue) Release(ctx context.Context, m Message, after time.Duration) error {
	bounded, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := q.client.ChangeMessageVisibility(bounded, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &q.url, ReceiptHandle: &m.receipt, VisibilityTimeout: int32(min(max(after, 0), 12*time.Hour) / time.Second),
	})
	if err != nil {
		return callError(ctx, "release a message", err)
	}
	return nil
}

// Check asks whether the queue is there and may be looked at. It touches no message.
func (q *Queue) Check(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err := q.client.GetQueueAttributes(bounded, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return callError(ctx, "look at the queue", err)
	}
	return nil
}

// limited bounds the bodies of answers.
type limited struct{ sqs.HTTPClient }

// Do sends a request.
func (l limited) Do(r *http.Request) (*http.Response, error) {
	response, err := l.HTTPClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the queue: %w", err)
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, bodyLimit), response.Body}
	return response, nil
}
