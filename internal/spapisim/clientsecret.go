package spapisim

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Client secrets and their rotation. Docs pages "Rotate your application's LWA
// credentials" and "Rotate your application client secret"; Amazon model
// application_2023-11-30.json.

const (
	secretLife    = 180 * 24 * time.Hour
	oldSecretLife = 7 * 24 * time.Hour // after a rotation
)

const textNotEnrolled = "Application is not enrolled for rotation notification. Please update application notification preference in Developer console."

// secret is one client secret of an application.
type secret struct {
	value  string
	issued time.Time
	ends   time.Time // seven days after its rotation; zero: it is the newest
}

// knows says whether Login with Amazon takes a secret.
func (app *application) knows(value string, now time.Time, sw Switches) bool {
	if sw.ExpiredSecretRefused && app.expired(now) {
		return false
	}
	return slices.ContainsFunc(app.secrets, func(sec secret) bool {
		return sec.value == value && (sec.ends.IsZero() || now.Before(sec.ends))
	})
}

// secretEnds is until when the newest secret has to be rotated.
func (app *application) secretEnds() time.Time {
	return app.secrets[len(app.secrets)-1].issued.Add(secretLife)
}

// expired says whether the rotation was missed, which the API refuses. Docs
// page "LWA credentials FAQ".
func (app *application) expired(now time.Time) bool {
	return app.secretExpired || !now.Before(app.secretEnds())
}

// RotateSecret gives an application a new secret, as the button of the
// developer console does. The old one works for another seven days, the new one
// for 180. Docs page "Rotate your application's LWA credentials".
func (s *Simulator) RotateSecret(clientID string) (newSecret string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, err := s.app(clientID)
	if err != nil {
		return "", err
	}
	s.rotate(app)
	return app.ClientSecret, nil
}

// rotate gives an application a new secret; s.mu is held.
func (s *Simulator) rotate(app *application) {
	now := s.clock()
	rng := draw(s.seed, "secret", app.ClientID, len(app.secrets))
	for i := range app.secrets {
		if app.secrets[i].ends.IsZero() {
			app.secrets[i].ends = now.Add(oldSecretLife)
		}
	}
	app.ClientSecret = fmt.Sprintf("amzn1.oa2-cs.v1.%016x%016x", rng.Uint64(), rng.Uint64())
	app.secrets = append(app.secrets, secret{value: app.ClientSecret, issued: now})
	app.secretExpired = false
}

// ExpireSecret puts an application into the state of a missed rotation, or,
// with false, out of it unless the secret is older than 180 days: LWA still
// hands out access tokens, every API call is refused with the text that names
// the LWA secret. Docs page "LWA credentials FAQ".
func (s *Simulator) ExpireSecret(clientID string, expired bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, err := s.app(clientID)
	if err != nil {
		return err
	}
	app.secretExpired = expired
	return nil
}

// rotateClientSecret is the operation rotateApplicationClientSecret: the new
// secret comes as a notification only.
func (s *Simulator) rotateClientSecret(c *call) answer {
	s.mu.Lock()
	if !c.app.spec.RotationEnrolled {
		s.mu.Unlock()
		return refusal(http.StatusBadRequest, "InvalidInput", textNotEnrolled, "", "application not enrolled for rotation")
	}
	s.rotate(c.app)
	body := s.newSecretMessage(c.app)
	s.mu.Unlock()
	s.notify(body)
	return answer{status: http.StatusNoContent, header: http.Header{}, limited: true}
}

// NoticeSecretExpiry sends an application the notice that its secret has to be
// rotated, as Amazon does from 90 days before on, and returns the message. It
// refuses an application that is not enrolled: that has no queue.
func (s *Simulator) NoticeSecretExpiry(clientID string) (message []byte, err error) {
	s.mu.Lock()
	app, err := s.app(clientID)
	if err == nil && !app.spec.RotationEnrolled {
		err = fmt.Errorf("spapisim: application %s is not enrolled for rotation notifications: set rotationEnrolled", clientID)
	}
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	message = s.secretExpiryMessage(app)
	s.mu.Unlock()
	s.notify(message)
	return message, nil
}
