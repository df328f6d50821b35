package spapi

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// The types of notifications that are read. Amazon, "Rotate your application client
// secret".
const (
	NewSecretNotification    = "APPLICATION_OAUTH_CLIENT_NEW_SECRET"
	SecretExpiryNotification = "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY"
)

const (
	// maxNotification is the largest message that is read, in bytes: what a queue of
	// Amazon's SQS holds at most.
	maxNotification = 1 << 20
	// maxClientID is the longest client id that is taken, in bytes.
	maxClientID = 512
	// SecretLife is how long a client secret is good. Amazon, "Rotate your
	// application's LWA credentials".
	SecretLife = 180 * 24 * time.Hour
)

// Notification is a message of Amazon's. Of another type than the two above only that
// is known.
type Notification struct {
	Type   string
	At     time.Time // of the event; zero when it does not say
	New    *NewSecret
	Expiry *SecretExpiry
}

// NewSecret is a client secret that Amazon has made. It prints without the secret.
type NewSecret struct {
	ClientID string
	// Secret is the secret itself. Each call is a place where it may leave.
	Secret func() string
	// Ends is when it has to be rotated; 180 days after the event where Amazon does
	// not say.
	Ends time.Time
	// PreviousEnds is when the one before ends; zero where Amazon does not say.
	PreviousEnds time.Time
}

// String tells all but the secret.
func (n NewSecret) String() string {
	return fmt.Sprintf("new client secret of %s until %s", n.ClientID, n.Ends.UTC().Format(time.RFC3339))
}

// LogValue tells all but the secret.
func (n NewSecret) LogValue() slog.Value { return slog.StringValue(n.String()) }

// MarshalText tells all but the secret.
func (n NewSecret) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// SecretExpiry says that a client secret has to be rotated.
type SecretExpiry struct {
	ClientID string
	Ends     time.Time
	Reason   string // Amazon's word, such as PERIODIC_ROTATION, cleaned and cut
}

// NotificationError is a message that cannot be read. Its text holds nothing of the
// message but the type.
type NotificationError struct {
	Type   string // "" when not even that can be read
	Detail string
}

func (e *NotificationError) Error() string {
	if e.Type == "" {
		return "read notification: " + e.Detail
	}
	return "read notification " + e.Type + ": " + e.Detail
}

// ReadNotification reads the body of a queue's message: the notification itself,
// without an envelope of the queue's. Names count in small and capital letters alike,
// since Amazon's types differ in that. What cannot be read is a [NotificationError].
// Amazon's sample lwa-rotation.
func ReadNotification(body []byte) (Notification, error) {
	if len(body) > maxNotification {
		return Notification{}, &NotificationError{Detail: fmt.Sprintf("it has %d bytes, more than %d", len(body), maxNotification)}
	}
	var wire struct {
		NotificationType string
		EventTime        looseText
		Payload          json.RawMessage
	}
	if err := json.Unmarshal(body, &wire); err != nil || wire.NotificationType == "" {
		return Notification{}, &NotificationError{Detail: "it is no JSON object with a notificationType"}
	}
	n := Notification{Type: cutText(visible(wire.NotificationType), maxHeader)}
	n.At, _ = notificationTime(wire.EventTime)
	var problem string
	switch n.Type {
	case NewSecretNotification:
		n.New, problem = readNewSecret(wire.Payload, n.At)
	case SecretExpiryNotification:
		n.Expiry, problem = readSecretExpiry(wire.Payload)
	}
	if problem != "" {
		return Notification{}, &NotificationError{Type: n.Type, Detail: problem}
	}
	return n, nil
}

func readNewSecret(payload []byte, at time.Time) (n *NewSecret, problem string) {
	var wire struct {
		ApplicationOAuthClientNewSecret struct {
			ClientID                                             looseText
			NewClientSecret                                      looseText
			NewClientSecretExpiryTime, OldClientSecretExpiryTime looseText
		}
	}
	if err := json.Unmarshal(payload, &wire); err != nil {
		return nil, "its payload has no applicationOAuthClientNewSecret"
	}
	w := wire.ApplicationOAuthClientNewSecret
	secret := string(w.NewClientSecret)
	switch {
	case !usableClientID(w.ClientID):
		return nil, "it has no usable clientId"
	case !headerToken(secret):
		return nil, "it has no usable newClientSecret"
	}
	n = &NewSecret{ClientID: string(w.ClientID), Secret: func() string { return secret }}
	n.PreviousEnds, _ = notificationTime(w.OldClientSecretExpiryTime)
	var ok bool
	if n.Ends, ok = notificationTime(w.NewClientSecretExpiryTime); ok {
		return n, ""
	}
	if at.IsZero() {
		return nil, "it has neither a usable newClientSecretExpiryTime nor an eventTime"
	}
	n.Ends = at.Add(SecretLife)
	return n, ""
}

func readSecretExpiry(payload []byte) (e *SecretExpiry, problem string) {
	var wire struct {
		ApplicationOAuthClientSecretExpiry struct {
			ClientID, ClientSecretExpiryTime, ClientSecretExpiryReason looseText
		}
	}
	if err := json.Unmarshal(payload, &wire); err != nil {
		return nil, "its payload has no applicationOAuthClientSecretExpiry"
	}
	w := wire.ApplicationOAuthClientSecretExpiry
	ends, ok := notificationTime(w.ClientSecretExpiryTime)
	switch {
	case !usableClientID(w.ClientID):
		return nil, "it has no usable clientId"
	case !ok:
		return nil, "it has no usable clientSecretExpiryTime"
	}
	return &SecretExpiry{ClientID: string(w.ClientID), Ends: ends, Reason: cleanCode(string(w.ClientSecretExpiryReason))}, ""
}

func usableClientID(id looseText) bool {
	s := string(id)
	return s != "" && len(s) <= maxClientID && visible(s) == s
}

// notificationTime reads a time within the years in which Amazon can have meant one,
// in whole milliseconds.
func notificationTime(text looseText) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil || t.Year() < 2000 || t.Year() > 2199 {
		return time.Time{}, false
	}
	return t.UTC().Truncate(time.Millisecond), true
}
