package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ordersync/internal/spapi"
	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// rotating is an installation whose application has a queue for its notifications.
type rotating struct {
	*program
	sqs *sqsServer

	mu    sync.Mutex
	holds bool     // messages back, which the test sends itself
	held  [][]byte // in the order in which they came
}

// newRotating makes one; enrolled tells whether Amazon knows of the queue.
func newRotating(t *testing.T, kind storetest.Kind, enrolled bool) *rotating {
	t.Helper()
	r := &rotating{sqs: startSQS(t)}
	r.program = newProgram(t, kind, storetest.New(t, kind), func(c *spapisim.Config) { c.Notify = r.notified })
	r.hide("SECRETOFAWSFORTESTS")
	r.extra = []string{"--amazon-notifications-queue", r.sqs.proxy}
	if enrolled {
		r.enrol()
	}
	return r
}

func eachRotating(t *testing.T, test func(r *rotating)) {
	t.Helper()
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) { test(newRotating(t, kind, true)) })
}

func (r *rotating) enrol() {
	r.t.Helper()
	r.must(r.sim.ChangeApplication(r.app.ClientID, func(s *spapisim.ApplicationSpec) { s.RotationEnrolled = true }))
}

// notified is what Amazon does with a message.
func (r *rotating) notified(body []byte) {
	if n, err := spapi.ReadNotification(body); err == nil && n.New != nil {
		r.hide(n.New.Secret())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held = append(r.held, body); !r.holds {
		r.sqs.send(body)
	}
}

// hold lets messages wait until the test sends them.
func (r *rotating) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holds = true
}

// message is the nth that came.
func (r *rotating) message(n int) []byte {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if n >= len(r.held) {
		r.t.Fatalf("only %d messages came", len(r.held))
	}
	return r.held[n]
}

// newMessage lets Amazon make another secret, and is its message.
func (r *rotating) newMessage() []byte {
	r.t.Helper()
	client, err := spapi.New(spapi.Config{
		ClientID: r.app.ClientID, ClientSecret: func() string { return r.secret() },
		LWAURL: r.amazon + "/auth/o2/token", APIURL: r.amazon, DigestKey: make([]byte, 32), Now: r.now,
	})
	r.must(err)
	r.must(client.RotateClientSecret(context.Background(), "eu"))
	r.later(2 * time.Minute) // Amazon lets nobody ask more often
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held[len(r.held)-1]
}

// secret is the one that Amazon made last.
func (r *rotating) secret() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := len(r.held) - 1; n >= 0; n-- {
		if one, err := spapi.ReadNotification(r.held[n]); err == nil && one.New != nil {
			return one.New.Secret()
		}
	}
	return r.app.ClientSecret
}

// rotatedReport is the command's answer, written apart from the program's own type.
type rotatedReport struct {
	ClientID                               string
	Asked, Accepted                        bool
	AskedAt, Since, EndsAt, PreviousEndsAt *string
}

// rotates runs the command, which must end with a code.
func (r *rotating) rotates(code int, args ...string) (out rotatedReport, a answer) {
	r.t.Helper()
	a = r.run(append([]string{"app", "rotate-secret", "--json"}, args...)...)
	if a.code != code {
		r.t.Fatalf("exit code %d, want %d: %+v", a.code, code, a)
	}
	if a.out != "" {
		r.must(json.Unmarshal([]byte(a.out), &out))
	}
	return out, a
}

// stored is how many client secrets the database has.
func (r *rotating) stored() int {
	r.t.Helper()
	return len(r.query(`SELECT client_id FROM client_secrets WHERE sealed IS NOT NULL`))
}

// shows is what `app show` says of the secret.
func (r *rotating) shows() (out struct {
	ClientSecret *struct {
		Origin, Warning      string
		Since, EndsAt        *string
		Days, DaysLeft       int
		AtLeast, AtTheLatest bool
		PreviousEndsAt       *string
	}
	NotificationsQueue bool
	RotationAskedAt    *string
}) {
	r.t.Helper()
	r.must(json.Unmarshal([]byte(r.ok(r.run("app", "show", "--json"))), &out))
	return out
}

// The whole of it: a command asks Amazon while two servers read the queue, and a week
// later, when the configured secret is dead, all go on and nobody is told anything.
func TestClientSecretOfAFleetIsRotated(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		tenants := []string{"acme", "bravo", "corax"}
		for _, name := range tenants {
			seller, token := r.seller("eu", spapisim.Generate{N: 3, From: r.now().Add(-20 * time.Hour), To: r.now().Add(-time.Hour)})
			r.imports(line{"tenantId": name, "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token, "cursor": r.now().Add(-21 * time.Hour).Format(time.RFC3339)})
		}
		servers := []*serving{r.serve("--sync-interval", "1s"), r.serve("--sync-interval", "1s")}
		successes := func(since time.Time) func() bool {
			return func() bool {
				return len(r.query(`SELECT id FROM connections WHERE state = 'CONNECTED' AND last_reason = 'SUCCESS' AND last_success_at > $1`, since.UnixMilli())) == len(tenants)
			}
		}
		r.until("all are read with the configured secret", successes(r.now().Add(-time.Hour)))

		out, _ := r.rotates(exitOK)
		if !out.Asked || !out.Accepted || out.ClientID != r.app.ClientID || out.AskedAt == nil || out.EndsAt == nil || out.PreviousEndsAt == nil {
			t.Errorf("%+v", out)
		}
		if again, _ := r.rotates(exitOK); again.Asked || !again.Accepted || *again.EndsAt != *out.EndsAt {
			t.Errorf("again at once: %+v", again)
		}
		if n := len(r.sim.Notifications(r.app.ClientID)); n != 1 || r.stored() != 1 {
			t.Errorf("%d secrets were made and %d stored", n, r.stored())
		}
		r.until("the message is gone", func() bool { return r.sqs.holds() == 0 })

		r.later(8 * 24 * time.Hour) // the configured one and all access tokens are dead
		asked := r.now()
		r.until("all go on with the stored secret", successes(asked))
		for _, s := range servers {
			if code := s.stop(); code != exitOK {
				t.Errorf("a server ended with %d", code)
			}
			for _, never := range []string{"are refused", "notifications c"} {
				if strings.Contains(s.talk.String(), never) {
					t.Errorf("%q was said:\n%s", never, s.talk)
				}
			}
		}
		if n := r.query(`SELECT COUNT(*) FROM state_changes WHERE to_state <> 'CONNECTED'`); fmt.Sprint(n) != "[[0]]" {
			t.Errorf("states changed: %v", r.query(`SELECT * FROM state_changes`))
		}
		// A process that starts with the dead one goes on too.
		r.later(2 * time.Hour)
		if run := r.sync(exitOK); run.Summary.Success != len(tenants) {
			t.Errorf("%+v", run.Results)
		}
	})
}

// A server that runs learns of a new secret that another process has stored before it
// takes Amazon's refusal for one.
func TestServerLearnsOfANewSecret(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		seller, token := r.seller("eu")
		r.imports(line{"tenantId": "acme", "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token})
		r.extra = nil // this one reads no queue
		s := r.serve("--sync-interval", "1s")
		succeeded := func(since time.Time) func() bool {
			return func() bool {
				return len(r.query(`SELECT id FROM connections WHERE last_reason = 'SUCCESS' AND last_success_at > $1`, since.UnixMilli())) == 1
			}
		}
		r.until("it reads", succeeded(r.now().Add(-time.Hour)))
		r.must(r.sim.ExpireSecret(r.app.ClientID, true)) // the rotation was missed
		r.until("the fleet stands still", func() bool {
			return len(r.query(`SELECT client_id FROM applications WHERE stopped_at IS NOT NULL`)) == 1
		})
		fresh, err := r.sim.RotateSecret(r.app.ClientID)
		r.must(err)
		r.hide(fresh)
		r.sqs.send([]byte(fmt.Sprintf(`{"notificationType":%q,"eventTime":%q,"payload":{"applicationOAuthClientNewSecret":{"clientId":%q,"newClientSecret":%q}}}`,
			spapi.NewSecretNotification, r.now().UTC().Format(time.RFC3339), r.app.ClientID, fresh)))
		r.ok(r.run("sync", "--amazon-notifications-queue", r.sqs.proxy, "--tenant", "acme", "--fail-on", "never"))
		r.must(r.sim.SetSwitches(func(s *spapisim.Switches) { s.ExpiredSecretRefused = true }))
		r.later(8 * 24 * time.Hour)
		since := r.now()
		r.until("it goes on", succeeded(since))
		if code := s.stop(); code != exitOK {
			t.Errorf("%d: %s", code, s.talk)
		}
	})
}

// What the queue brings is stored once and in the right order, and what is not ours
// stays in it.
func TestSecretMessages(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		r.hold()
		first := r.newMessage()
		second := r.newMessage()
		third := r.newMessage()
		read := func() answer {
			t.Helper()
			a := r.run("sync", "--back-work", "0s")
			r.ok(a)
			return a
		}
		r.sqs.send(second)
		r.sqs.send(second)
		if a := read(); r.stored() != 1 || r.sqs.holds() != 0 || !strings.Contains(a.err, "is stored") {
			t.Errorf("twice: %d stored, %d in the queue: %s", r.stored(), r.sqs.holds(), a.err)
		}
		ends := *r.shows().ClientSecret.EndsAt
		r.sqs.send(first)
		if a := read(); r.stored() != 2 || *r.shows().ClientSecret.EndsAt != ends || !strings.Contains(a.err, "older than the stored one") {
			t.Errorf("older after newer: %d stored: %s", r.stored(), a.err)
		}
		r.sqs.send(third)
		r.sqs.send(second)
		read()
		if now := r.shows().ClientSecret; r.stored() != 2 || *now.EndsAt <= ends || now.Origin != "rotation" || now.AtLeast || now.Days != 0 || now.DaysLeft < 179 || r.sqs.holds() != 0 {
			t.Errorf("newer: %d stored, %d in the queue, ends %s after %s: %+v", r.stored(), r.sqs.holds(), *now.EndsAt, ends, now)
		}

		others := []string{
			strings.Replace(string(third), r.app.ClientID, "amzn1.application-oa2-client.other", 1),
			`{"NotificationVersion":"1.0","NotificationType":"ORDER_CHANGE","Payload":{"OrderChangeNotification":{"SellerId":"A1"}}}`,
			`GARBAGE`,
			strings.Replace(string(third), `"newClientSecret"`, `"new"`, 1),
		}
		for _, body := range others {
			r.sqs.send([]byte(body))
		}
		for range 3 {
			if a := read(); r.sqs.holds() != len(others) || strings.Contains(a.err, "GARBAGE") || !strings.Contains(a.err, "stay there") || !strings.Contains(a.err, "newClientSecret") {
				r.t.Fatalf("%d of %d messages of others: %s", r.sqs.holds(), len(others), a.err)
			}
		}
		notice, err := r.sim.NoticeSecretExpiry(r.app.ClientID)
		r.must(err)
		r.sqs.send(notice)
		if a := read(); r.sqs.holds() != len(others) || !strings.Contains(a.err, "Amazon says that the client secret ends") {
			t.Errorf("%d in the queue: %s", r.sqs.holds(), a.err)
		}
	})
}

// A message that cannot be stored stays in the queue until it can.
func TestSecretMessageWhileTheDatabaseRefuses(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		r.ok(r.run("migrate"))
		s := r.serve()
		r.query(`ALTER TABLE client_secrets RENAME TO elsewhere`)
		r.hold()
		r.sqs.send(r.newMessage())
		r.until("it says so", func() bool { return strings.Contains(s.talk.String(), "they stay in the queue") })
		if r.sqs.holds() != 1 {
			r.t.Fatal("the message was deleted")
		}
		r.query(`ALTER TABLE elsewhere RENAME TO client_secrets`)
		r.until("it is stored", func() bool { return r.stored() == 1 && r.sqs.holds() == 0 })
		if code := s.stop(); code != exitOK {
			t.Errorf("%d: %s", code, s.talk)
		}
	})
}

// A process that is killed between storing and deleting leaves a message that comes
// again and changes nothing.
func TestKilledBeforeTheMessageIsDeleted(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		receipts := make(chan string, 1)
		killed := make(chan struct{})
		r.sqs.asks(func(action string, body []byte) bool {
			if action != "DeleteMessage" {
				return false
			}
			var in struct{ ReceiptHandle string }
			if err := json.Unmarshal(body, &in); err != nil {
				t.Error(err)
			}
			select {
			case receipts <- in.ReceiptHandle:
			default:
			}
			<-killed
			return true
		})
		withAWS := func(c *exec.Cmd) { c.Env = append(c.Env, awsForTests...) }
		first := r.startAs(withAWS, "--listen", "127.0.0.1:0", "serve").ready()
		r.hold()
		r.sqs.send(r.newMessage())
		var receipt string
		select {
		case receipt = <-receipts:
		case <-time.After(patience):
			r.t.Fatalf("the message is not deleted: %s", first.talk)
		}
		if r.stored() != 1 {
			t.Error("it is deleted before it is stored")
		}
		r.must(first.cmd.Process.Kill())
		<-first.ended
		close(killed)
		r.sqs.asks(nil)
		if r.sqs.holds() != 1 {
			r.t.Fatal("the message is gone")
		}
		kept := r.query(`SELECT seen_at, ends_at FROM client_secrets`)
		_, err := r.sqs.do(url.Values{"Action": {"ChangeMessageVisibility"}, "ReceiptHandle": {receipt}, "VisibilityTimeout": {"0"}})
		r.must(err)
		r.startAs(withAWS, "--listen", "127.0.0.1:0", "serve").ready()
		r.until("it is deleted", func() bool { return r.sqs.holds() == 0 })
		if now := r.query(`SELECT seen_at, ends_at FROM client_secrets`); fmt.Sprint(now) != fmt.Sprint(kept) {
			t.Errorf("%v, was %v", now, kept)
		}
	})
}

// What the queue says of far-off days keeps no secret that comes later from being the
// newest, nor a word on the end from being the last.
func TestFarOffDaysInMessages(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		r.hold()
		read := func(body string) {
			t.Helper()
			r.sqs.send([]byte(body))
			r.ok(r.run("sync", "--back-work", "0s"))
			r.later(time.Minute)
		}
		const far = "2199-01-01T00:00:00Z"
		for _, forged := range []string{"FORGED1", "FORGED2"} {
			read(fmt.Sprintf(`{"notificationType":%q,"eventTime":%q,"payload":{"applicationOAuthClientNewSecret":{"clientId":%q,"newClientSecret":%q,"newClientSecretExpiryTime":%q}}}`,
				spapi.NewSecretNotification, far, r.app.ClientID, forged, far))
		}
		if days := r.shows().ClientSecret.DaysLeft; days > 180 {
			t.Errorf("a secret is good for %d days", days)
		}
		read(string(r.newMessage()))
		r.later(8 * 24 * time.Hour) // the configured one is dead
		if found := r.examined(exitOK)["application"]; !strings.HasPrefix(found, "ok: ") {
			t.Errorf("the secret that came is lost: %s", found)
		}
		notice := func(at string, ends time.Duration) {
			t.Helper()
			read(fmt.Sprintf(`{"notificationType":%q,"eventTime":%q,"payload":{"applicationOAuthClientSecretExpiry":{"clientId":%q,"clientSecretExpiryTime":%q}}}`,
				spapi.SecretExpiryNotification, at, r.app.ClientID, r.now().Add(ends).UTC().Format(time.RFC3339)))
		}
		notice(far, 3*24*time.Hour)
		if got := r.shows().ClientSecret.Warning; got != "CLIENT_SECRET_ENDS_IN_5_DAYS" {
			t.Errorf("told of the end: %q", got)
		}
		notice(r.now().UTC().Format(time.RFC3339), 60*24*time.Hour)
		if got := r.shows().ClientSecret.Warning; got != "" {
			t.Errorf("told of a later end: %q", got)
		}
	})
}

// A queue that does not let go of what is not ours is not asked for each message: who
// stops would wait for it.
func TestMessagesOfOthersAreLetGoWhileTheQueueIsAway(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		for n := range 12 {
			r.sqs.send(fmt.Appendf(nil, "GARBAGE %d", n))
		}
		var asked atomic.Int64
		r.sqs.asks(func(action string, _ []byte) bool {
			if action != "ChangeMessageVisibility" {
				return false
			}
			asked.Add(1)
			return true
		})
		r.ok(r.run("sync", "--back-work", "0s"))
		if n := asked.Load(); n != 1 || r.sqs.holds() != 12 {
			t.Errorf("asked %d times; %d messages are left", n, r.sqs.holds())
		}
	})
}

// A stored secret that opens under no key hides no other.
func TestStoredSecretThatDoesNotOpen(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		r.rotates(exitOK)
		r.query(`UPDATE client_secrets SET sealed = digest WHERE sealed IS NOT NULL`)
		r.later(11 * time.Minute)
		r.rotates(exitOK, "--wait", "20s")
		r.later(8 * 24 * time.Hour) // the configured one is dead
		if found := r.examined(exitOK)["application"]; !strings.HasPrefix(found, "ok: ") {
			t.Error(found)
		}
	})
}
