package spapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

const (
	newSecretMessage = `{"notificationVersion":"1.0","notificationType":"APPLICATION_OAUTH_CLIENT_NEW_SECRET","payloadVersion":"2023-11-30",
		"eventTime":"2026-01-12T02:54:23.000Z","payload":{"applicationOAuthClientNewSecret":{"clientId":"amzn1.application-oa2-client.a",
		"newClientSecret":"amzn1.oa2-cs.v1.SECRET","newClientSecretExpiryTime":"2026-07-11T02:54:23.123Z","oldClientSecretExpiryTime":"2026-01-19T02:54:23Z"}},
		"notificationMetadata":{"applicationId":"amzn1.sellerapps.app.x","notificationId":"1"}}`
	secretExpiryMessage = `{"notificationType":"APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY","eventTime":"2026-01-12T02:54:23.000Z",
		"payload":{"applicationOAuthClientSecretExpiry":{"clientId":"amzn1.application-oa2-client.a","clientSecretExpiryTime":"2026-03-01T00:00:00Z","clientSecretExpiryReason":"PERIODIC_ROTATION"}}}`
)

func TestReadNotification(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return v.UTC()
	}
	for _, body := range []string{
		newSecretMessage,
		strings.NewReplacer("notificationType", "NotificationType", "clientId", "ClientId", "newClientSecret\"", "NewClientSecret\"", "payload\"", "Payload\"").Replace(newSecretMessage),
	} {
		n, err := ReadNotification([]byte(body))
		if err != nil || n.New == nil || n.Expiry != nil {
			t.Fatalf("%+v, %v", n, err)
		}
		if n.New.Secret() != "amzn1.oa2-cs.v1.SECRET" || n.New.ClientID != "amzn1.application-oa2-client.a" ||
			!n.New.Ends.Equal(at("2026-07-11T02:54:23.123Z")) || !n.New.PreviousEnds.Equal(at("2026-01-19T02:54:23Z")) || !n.At.Equal(at("2026-01-12T02:54:23Z")) {
			t.Errorf("%+v", n)
		}
	}
	n, err := ReadNotification([]byte(secretExpiryMessage))
	if err != nil || n.Expiry == nil || n.New != nil || !n.Expiry.Ends.Equal(at("2026-03-01T00:00:00Z")) || n.Expiry.Reason != "PERIODIC_ROTATION" {
		t.Errorf("%+v, %v", n, err)
	}
	n, err = ReadNotification([]byte(strings.ReplaceAll(newSecretMessage, "newClientSecretExpiryTime", "other")))
	if err != nil || !n.New.Ends.Equal(at("2026-01-12T02:54:23Z").Add(SecretLife)) {
		t.Errorf("without its end: %+v, %v", n, err)
	}
}

// What is not ours stays whole: it is known by its type only.
func TestReadNotificationOfOthers(t *testing.T) {
	t.Parallel()
	// The beginning of Amazon's own example of schema OrderChangeNotification.json.
	const order = `{"NotificationVersion":"1.0","NotificationType":"ORDER_CHANGE","PayloadVersion":"1.0","EventTime":"2020-01-11T00:09:53.109Z",
		"Payload":{"OrderChangeNotification":{"NotificationLevel":"OrderLevel","SellerId":"A3TH9S8BH6GOGM","AmazonOrderId":"903-8868176-2219830"}}}`
	for body, want := range map[string]string{
		order: "ORDER_CHANGE",
		`{"notificationType":"X","payload":[1,2]}`:       "X",
		`{"notificationType":"X\u0007\n","eventTime":7}`: "X",
	} {
		n, err := ReadNotification([]byte(body))
		if err != nil || n.Type != want || n.New != nil || n.Expiry != nil {
			t.Errorf("%.40s: %+v, %v", body, n, err)
		}
	}
}

func TestNotificationsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:                            "notificationType",
		`[]`:                          "notificationType",
		`{"notificationType":5}`:      "notificationType",
		`{"payload":{}}`:              "notificationType",
		strings.Repeat(" ", 1<<20+1):  "bytes",
		newSecretMessage[:300]:        "notificationType",
		change("clientId", "x"):       "clientId",
		change("newClientSecret", ""): "newClientSecret",
		strings.Replace(newSecretMessage, "amzn1.oa2-cs.v1.SECRET", `a\nb`, 1):                                          "newClientSecret",
		strings.ReplaceAll(strings.ReplaceAll(newSecretMessage, "ExpiryTime", "x"), "eventTime", "x"):                   "newClientSecretExpiryTime",
		strings.Replace(newSecretMessage, `{"applicationOAuthClientNewSecret"`, `{"x"`, 1):                              "clientId",
		`{"notificationType":"APPLICATION_OAUTH_CLIENT_NEW_SECRET","payload":"amzn1.oa2-cs.v1.SECRET"}`:                 "payload",
		strings.Replace(secretExpiryMessage, "2026-03-01T00:00:00Z", "soon", 1):                                         "clientSecretExpiryTime",
		strings.Replace(secretExpiryMessage, "2026-03-01T00:00:00Z", "0001-01-01T00:00:00Z", 1):                         "clientSecretExpiryTime",
		strings.Replace(secretExpiryMessage, "clientId", "x", 1):                                                        "clientId",
		`{"notificationType":"APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY","payload":7}`:                                     "payload",
		strings.Replace(secretExpiryMessage, "amzn1.application-oa2-client.a", strings.Repeat("x", 513), 1):             "clientId",
		strings.Replace(newSecretMessage, "amzn1.oa2-cs.v1.SECRET", strings.Repeat("amzn1.oa2-cs.v1.SECRET", 1<<10), 1): "newClientSecret",
	} {
		_, err := ReadNotification([]byte(body))
		var bad *NotificationError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET\"") || strings.Contains(err.Error(), "oa2-cs") {
			t.Errorf("%.60q: %v, want %s", body, err, want)
		}
	}
}

// change renames a field of the message with a new secret.
func change(field, name string) string {
	return strings.Replace(newSecretMessage, `"`+field+`"`, `"_`+name+`"`, 1)
}

func TestNewSecretDoesNotPrint(t *testing.T) {
	t.Parallel()
	n, err := ReadNotification([]byte(newSecretMessage))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "new", n.New, "all", *n.New)
	plain, err := json.Marshal(n.New)
	if err != nil {
		t.Error(err)
	}
	_, _ = fmt.Fprintf(&out, "%v %+v %#v %s %s %v %s", n, n, n.New, n.New, *n.New, *n.New, plain)
	if strings.Contains(out.String(), "oa2-cs") {
		t.Error(out.String())
	}
}

func FuzzReadNotification(f *testing.F) {
	for _, body := range []string{newSecretMessage, secretExpiryMessage, `{"notificationType":"X"}`, `{}`, `[`, change("clientId", "x")} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := ReadNotification(body)
		var bad *NotificationError
		switch {
		case err != nil:
			if !errors.As(err, &bad) || n != (Notification{}) {
				t.Fatalf("%+v, %v", n, err)
			}
		case n.New != nil && (n.Type != NewSecretNotification || n.New.Secret() == "" || n.New.ClientID == "" || n.New.Ends.IsZero()),
			n.Expiry != nil && (n.Type != SecretExpiryNotification || n.Expiry.ClientID == "" || n.Expiry.Ends.IsZero()),
			n.New != nil && n.Expiry != nil,
			(n.Type == NewSecretNotification) != (n.New != nil), (n.Type == SecretExpiryNotification) != (n.Expiry != nil):
			t.Fatalf("%+v", n)
		}
	})
}
