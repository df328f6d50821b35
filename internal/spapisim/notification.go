package spapisim

import (
	"encoding/json"
	"slices"
	"time"
)

// Messages that Amazon puts into an application's queue. Docs page "Rotate your
// application client secret"; the envelope as in Amazon's sample lwa-rotation.

// The types of notifications about a client secret.
const (
	NewSecret    = "APPLICATION_OAUTH_CLIENT_NEW_SECRET"
	SecretExpiry = "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY"
)

// Notification is a message that was sent.
type Notification struct {
	At       time.Time       `json:"at"`
	ClientID string          `json:"clientId"`
	Type     string          `json:"type"`
	Body     json.RawMessage `json:"body"` // the body of the queue's message, byte for byte
}

// keptNotifications is how many messages the admin door still shows.
const keptNotifications = 1000

// wireNotification is the envelope. Times have milliseconds.
type wireNotification struct {
	NotificationVersion  string         `json:"notificationVersion"`
	NotificationType     string         `json:"notificationType"`
	PayloadVersion       string         `json:"payloadVersion"`
	EventTime            string         `json:"eventTime"`
	Payload              map[string]any `json:"payload"`
	NotificationMetadata wireMetadata   `json:"notificationMetadata"`
}

type wireMetadata struct {
	ApplicationID  string `json:"applicationId"`
	SubscriptionID string `json:"subscriptionId"`
	PublishTime    string `json:"publishTime"`
	NotificationID string `json:"notificationId"`
}

// Notifications lists the last messages, at most a thousand, oldest first.
// clientID "" is all applications. They contain client secrets in clear, as
// Amazon's do.
func (s *Simulator) Notifications(clientID string) []Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Notification{}
	for _, n := range s.notifications {
		if clientID == "" || n.ClientID == clientID {
			n.Body = slices.Clone(n.Body)
			list = append(list, n)
		}
	}
	return list
}

// notify hands a message to whoever plays the queue; s.mu is not held, so that
// it may ask the simulator something.
func (s *Simulator) notify(message []byte) {
	if s.deliver != nil {
		s.deliver(slices.Clone(message))
	}
}

// newSecretMessage announces the newest secret; s.mu is held.
func (s *Simulator) newSecretMessage(app *application) []byte {
	return s.message(app, NewSecret, "applicationOAuthClientNewSecret", struct {
		ClientID      string `json:"clientId"`
		NewSecret     string `json:"newClientSecret"`
		NewSecretEnds string `json:"newClientSecretExpiryTime"`
		OldSecretEnds string `json:"oldClientSecretExpiryTime"`
	}{app.ClientID, app.ClientSecret, wireTime(app.secretEnds()), wireTime(s.clock().Add(oldSecretLife))})
}

// secretExpiryMessage says until when the newest secret works; s.mu is held.
func (s *Simulator) secretExpiryMessage(app *application) []byte {
	ends := app.secretEnds()
	if now := s.clock(); app.secretExpired && now.Before(ends) {
		ends = now
	}
	return s.message(app, SecretExpiry, "applicationOAuthClientSecretExpiry", struct {
		ClientID string `json:"clientId"`
		Ends     string `json:"clientSecretExpiryTime"`
		Reason   string `json:"clientSecretExpiryReason"`
	}{app.ClientID, wireTime(ends), "PERIODIC_ROTATION"})
}

// message builds a message and keeps it; s.mu is held.
func (s *Simulator) message(app *application, kind, name string, payload any) []byte {
	app.notified++
	now := s.clock()
	body, err := json.Marshal(wireNotification{
		NotificationVersion: "1.0", NotificationType: kind, PayloadVersion: "2023-11-30",
		EventTime: wireTime(now), Payload: map[string]any{name: payload},
		NotificationMetadata: wireMetadata{
			ApplicationID:  app.ApplicationID,
			SubscriptionID: requestID(draw(s.seed, "subscription", app.ClientID, kind)),
			PublishTime:    wireTime(now.Add(1250 * time.Millisecond)),
			NotificationID: requestID(draw(s.seed, "notification", app.ClientID, app.notified)),
		},
	})
	if err != nil {
		panic(err) // texts always marshal
	}
	s.notifications = append(s.notifications, Notification{At: now, ClientID: app.ClientID, Type: kind, Body: body})
	if len(s.notifications) > keptNotifications {
		s.notifications = s.notifications[1:]
	}
	return body
}

func wireTime(t time.Time) string { return string(appendTime(nil, t, false)) }
