package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"reflect"
	"strings"
	"time"

	"ordersync/internal/queue"
	"ordersync/internal/store"
	"ordersync/internal/telemetry"
)

// settings are all settings of ordersync. Each is a flag and a variable; a
// secret may also be read from a file, by the variable's name with _FILE.
type settings struct {
	DatabaseURL        string        `env:"ORDERSYNC_DATABASE_URL" default:"sqlite:ordersync.db" group:"Settings" secret:"url" help:"Database: sqlite:PATH, or postgres://USER:PASSWORD@HOST/DATABASE for several machines."`
	DatabaseURLFile    string        `env:"ORDERSYNC_DATABASE_URL_FILE" group:"Settings" help:"File that holds the database URL." placeholder:"FILE"`
	Listen             string        `env:"ORDERSYNC_LISTEN" default:"127.0.0.1:8080" group:"Settings" help:"Address that serve listens on; put a proxy with TLS before it."`
	MetricsListen      string        `env:"ORDERSYNC_METRICS_LISTEN" group:"Settings" help:"Address on which serve gives its metrics without a key, such as 127.0.0.1:9464; unset: only at /metrics of the service, with an operator's key." placeholder:"HOST:PORT"`
	Operators          []string      `env:"ORDERSYNC_OPERATORS" group:"Settings" help:"E-mail addresses that a trusted proxy may name as operators, joined by commas." placeholder:"EMAIL"`
	TrustedProxies     []string      `env:"ORDERSYNC_TRUSTED_PROXIES" group:"Settings" help:"Addresses or networks whose X-User-Email and X-Tenant-Id are believed, joined by commas." placeholder:"CIDR"`
	AmazonClientID     string        `env:"ORDERSYNC_AMAZON_CLIENT_ID" group:"Settings" help:"The application's LWA client id." placeholder:"ID"`
	AmazonClientSecret string        `env:"ORDERSYNC_AMAZON_CLIENT_SECRET" group:"Settings" secret:"all" help:"The application's LWA client secret." placeholder:"SECRET"`
	AmazonSecretFile   string        `name:"amazon-client-secret-file" env:"ORDERSYNC_AMAZON_CLIENT_SECRET_FILE" group:"Settings" help:"File that holds the client secret." placeholder:"FILE"`
	AmazonPrevious     string        `name:"amazon-client-secret-previous" env:"ORDERSYNC_AMAZON_CLIENT_SECRET_PREVIOUS" group:"Settings" secret:"all" help:"The client secret before, tried where Amazon refuses the present one; it is good for seven days after a rotation." placeholder:"SECRET"`
	AmazonPreviousFile string        `name:"amazon-client-secret-previous-file" env:"ORDERSYNC_AMAZON_CLIENT_SECRET_PREVIOUS_FILE" group:"Settings" help:"File that holds the client secret before." placeholder:"FILE"`
	AmazonQueue        string        `name:"amazon-notifications-queue" env:"ORDERSYNC_AMAZON_NOTIFICATIONS_QUEUE" group:"Settings" help:"URL of the standard SQS queue into which Amazon sends the application's notifications; needed to rotate the client secret by API. Its region is the URL's, else AWS_REGION; credentials are those that AWS's programs find." placeholder:"URL"`
	AmazonLWAURL       string        `name:"amazon-lwa-url" env:"ORDERSYNC_AMAZON_LWA_URL" default:"https://api.amazon.com/auth/o2/token" group:"Settings" help:"Amazon's token URL; https unless the host is loopback."`
	AmazonAPIURL       string        `name:"amazon-api-url" env:"ORDERSYNC_AMAZON_API_URL" group:"Settings" help:"Amazon's API for every region; unset: the region's own host." placeholder:"URL"`
	AmazonRateScale    float64       `env:"ORDERSYNC_AMAZON_RATE_SCALE" default:"1" group:"Settings" help:"Multiplies Amazon's published rates, for a simulator."`
	AmazonApplication  string        `name:"amazon-application-id" env:"ORDERSYNC_AMAZON_APPLICATION_ID" group:"Settings" help:"The application's id in Seller Central, amzn1.sellerapps.app.… or amzn1.sp.solution.…: needed for sellers to connect." placeholder:"ID"`
	AmazonRedirectURI  string        `name:"amazon-redirect-uri" env:"ORDERSYNC_AMAZON_REDIRECT_URI" group:"Settings" help:"Where Amazon sends sellers back, as registered there; unset: the public URL and the callback's path." placeholder:"URL"`
	AmazonDraft        bool          `env:"ORDERSYNC_AMAZON_DRAFT" group:"Settings" help:"The application is not published yet."`
	AmazonConsentURL   string        `name:"amazon-consent-url" env:"ORDERSYNC_AMAZON_CONSENT_URL" group:"Settings" help:"Stands for Seller Central of every marketplace, for a simulator; unset: the marketplace's own." placeholder:"URL"`
	PublicURL          string        `name:"public-url" env:"ORDERSYNC_PUBLIC_URL" group:"Settings" help:"Where sellers reach this server from outside, such as https://orders.example.com." placeholder:"URL"`
	ReturnTo           []string      `env:"ORDERSYNC_RETURN_TO" group:"Settings" help:"Origins that a seller may be sent to in the end, such as https://app.example.com, joined by commas." placeholder:"ORIGIN"`
	SignInURL          string        `name:"sign-in-url" env:"ORDERSYNC_SIGN_IN_URL" group:"Settings" help:"Where the service signs in sellers who come from Amazon and are not known yet; the ticket for oauth/start is added to it as ticket. Unset: they are told to sign in by themselves." placeholder:"URL"`
	ServiceName        string        `env:"ORDERSYNC_SERVICE_NAME" default:"ordersync" group:"Settings" help:"What sellers know the service by, on the pages that they see."`
	MasterKey          string        `env:"ORDERSYNC_MASTER_KEY" group:"Settings" secret:"all" help:"Key that seals secrets: 32 bytes in base64; several, joined by commas, while it is rotated. Required on Postgres; on SQLite made once beside the database." placeholder:"KEY"`
	MasterKeyFile      string        `env:"ORDERSYNC_MASTER_KEY_FILE" group:"Settings" help:"File that holds the master key." placeholder:"FILE"`
	Secrets            string        `env:"ORDERSYNC_SECRETS" default:"database" enum:"database,vault" group:"Settings" help:"Where refresh tokens are kept: ${enum}. In the database they are sealed under the master key."`
	VaultAddress       string        `env:"ORDERSYNC_VAULT_ADDRESS" group:"Settings" help:"Vault's URL, such as https://vault.example.com:8200; OpenBao's works too." placeholder:"URL"`
	VaultNamespace     string        `env:"ORDERSYNC_VAULT_NAMESPACE" group:"Settings" help:"Namespace of Vault Enterprise or OpenBao." placeholder:"NAME"`
	VaultCAFile        string        `name:"vault-ca-file" env:"ORDERSYNC_VAULT_CA_FILE" group:"Settings" help:"PEM certificates that Vault's may be signed by; unset: the system's." placeholder:"FILE"`
	VaultLayout        string        `env:"ORDERSYNC_VAULT_LAYOUT" default:"ordersync" enum:"ordersync,keybuzz" group:"Settings" help:"Where the documents lie, by name: ${enum}; the second is that of the system before, one document for each tenant."`
	VaultMount         string        `env:"ORDERSYNC_VAULT_MOUNT" group:"Settings" help:"Mount of the KV store of version 2; unset: the layout's, secret." placeholder:"PATH"`
	VaultPath          string        `env:"ORDERSYNC_VAULT_PATH" group:"Settings" help:"Path of a connection's document within the mount, with {tenant}, {region} and {seller} as segments; unset: the layout's." placeholder:"TEMPLATE"`
	VaultToken         string        `env:"ORDERSYNC_VAULT_TOKEN" group:"Settings" secret:"all" help:"Token to log in with." placeholder:"TOKEN"`
	VaultTokenFile     string        `env:"ORDERSYNC_VAULT_TOKEN_FILE" group:"Settings" help:"File that holds a token and may be replaced at any time, as Vault's agent does." placeholder:"FILE"`
	VaultRoleID        string        `name:"vault-role-id" env:"ORDERSYNC_VAULT_ROLE_ID" group:"Settings" help:"Role id to log in with by AppRole." placeholder:"ID"`
	VaultSecretID      string        `name:"vault-secret-id" env:"ORDERSYNC_VAULT_SECRET_ID" group:"Settings" secret:"all" help:"Secret id of the AppRole." placeholder:"ID"`
	VaultSecretIDFile  string        `name:"vault-secret-id-file" env:"ORDERSYNC_VAULT_SECRET_ID_FILE" group:"Settings" help:"File that holds the secret id, read at each login." placeholder:"FILE"`
	VaultKubernetes    string        `name:"vault-kubernetes-role" env:"ORDERSYNC_VAULT_KUBERNETES_ROLE" group:"Settings" help:"Role to log in with by the token of the pod's service account." placeholder:"ROLE"`
	VaultAuthMount     string        `env:"ORDERSYNC_VAULT_AUTH_MOUNT" group:"Settings" help:"Where the login is mounted, below auth/; unset: approle or kubernetes." placeholder:"PATH"`
	VaultCallTimeout   time.Duration `env:"ORDERSYNC_VAULT_CALL_TIMEOUT" default:"5s" group:"Settings" help:"How long a request to Vault may take; what did not reach it is tried twice more."`
	Workers            int           `env:"ORDERSYNC_WORKERS" default:"-1" group:"Settings" help:"Connections worked on at once; -1: 64 on SQLite, 256 on Postgres; 0: none, serve answers HTTP only."`
	SyncInterval       time.Duration `env:"ORDERSYNC_SYNC_INTERVAL" default:"5m" group:"Settings" help:"Time between two readings of a connection."`
	Overlap            time.Duration `env:"ORDERSYNC_OVERLAP" default:"5m" group:"Settings" help:"How far each reading reaches back behind the cursor."`
	History            time.Duration `env:"ORDERSYNC_HISTORY" default:"8760h" group:"Settings" help:"How far back orders are wanted; what is missing of it is read as back work. Amazon keeps two years, of Japan, Australia and Singapore since 2016."`
	Sweep              time.Duration `env:"ORDERSYNC_SWEEP" default:"24h" group:"Settings" help:"Time between two second readings of recent orders, for those that Amazon shows late."`
	RevokedAfter       time.Duration `env:"ORDERSYNC_REVOKED_AFTER" default:"15m" group:"Settings" help:"How long after a refused authorisation Amazon is asked again."`
	Lease              time.Duration `env:"ORDERSYNC_LEASE" default:"60s" group:"Settings" help:"How long a worker may hold a connection without committing."`
	CallTimeout        time.Duration `env:"ORDERSYNC_CALL_TIMEOUT" default:"20s" group:"Settings" help:"How long a call to Amazon may take, headers and body; at most a third of the lease."`
	RetentionOrders    time.Duration `env:"ORDERSYNC_RETENTION_ORDERS" default:"13104h" group:"Settings" help:"How long after its last update an order is kept, with all that belongs to it. Amazon allows eighteen months (13104h) unless a law asks for more."`
	RetentionPersonal  time.Duration `env:"ORDERSYNC_RETENTION_PERSONAL" default:"720h" group:"Settings" help:"How long after delivery personal data is kept; Amazon allows 30 days (720h) at most."`
	RetentionChanges   time.Duration `env:"ORDERSYNC_RETENTION_CHANGES" default:"720h" group:"Settings" help:"How long the list of changes is kept; who reads it later must read the orders anew."`
	RetentionRuns      time.Duration `env:"ORDERSYNC_RETENTION_RUNS" default:"2160h" group:"Settings" help:"How long runs with their totals, and repairs, are kept."`
	RetentionOutcomes  time.Duration `env:"ORDERSYNC_RETENTION_OUTCOMES" default:"720h" group:"Settings" help:"How long the results of finished runs are kept, one for each connection."`
	RetentionStates    time.Duration `name:"retention-state-changes" env:"ORDERSYNC_RETENTION_STATE_CHANGES" default:"9600h" group:"Settings" help:"How long it is kept when and why a connection's state changed."`
	RetentionIncidents time.Duration `env:"ORDERSYNC_RETENTION_INCIDENTS" default:"2160h" group:"Settings" help:"How long an incident is kept after its end."`
	ServerKey          string        `env:"ORDERSYNC_SERVER_KEY" group:"Settings" secret:"all" help:"Operator's key with which sync --server asks a running server; ordersync keys create makes one." placeholder:"KEY"`
	ServerKeyFile      string        `env:"ORDERSYNC_SERVER_KEY_FILE" group:"Settings" help:"File that holds the server's key." placeholder:"FILE"`
	TracesEndpoint     string        `name:"traces-endpoint" env:"ORDERSYNC_TRACES_ENDPOINT" group:"Settings" help:"Base URL of an OpenTelemetry collector that takes OTLP over HTTP, such as http://127.0.0.1:4318. Unset: OTEL_EXPORTER_OTLP_ENDPOINT, and no traces without that." placeholder:"URL"`
	LogFormat          string        `env:"ORDERSYNC_LOG_FORMAT" default:"text" enum:"text,json" group:"Settings" help:"How lines of the log are written: ${enum}."`
	Color              string        `env:"ORDERSYNC_COLOR" default:"auto" enum:"auto,always,never" group:"Settings" help:"Colours in what is printed for people: ${enum}. By itself on a terminal, unless NO_COLOR is set."`
	Lang               string        `env:"ORDERSYNC_LANG" enum:",en,fr" default:"" group:"Settings" help:"Language of what is printed for people, en or fr; unset: the locale's (LC_ALL, LC_MESSAGES, LANG). JSON has none." placeholder:"en|fr"`
	LogLevel           string        `env:"ORDERSYNC_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" group:"Settings" help:"What is logged to standard error: ${enum}."`
}

// defaultDatabase is where orders are kept unless told otherwise.
const defaultDatabase = "sqlite:ordersync.db"

// complete reads the files of secrets and checks all settings together.
func (s *settings) complete() error {
	var problems []error
	for _, f := range []struct {
		name, file string
		value      *string
		initial    string
	}{
		{"DATABASE_URL", s.DatabaseURLFile, &s.DatabaseURL, defaultDatabase},
		{"AMAZON_CLIENT_SECRET", s.AmazonSecretFile, &s.AmazonClientSecret, ""},
		{"AMAZON_CLIENT_SECRET_PREVIOUS", s.AmazonPreviousFile, &s.AmazonPrevious, ""},
		{"MASTER_KEY", s.MasterKeyFile, &s.MasterKey, ""},
		{"SERVER_KEY", s.ServerKeyFile, &s.ServerKey, ""},
	} {
		if err := fromFile(f.name, f.file, f.value, f.initial); err != nil {
			problems = append(problems, err)
		}
	}
	problems = append(problems, s.problems()...)
	return errors.Join(problems...)
}

// fromFile reads a secret from its file; both at once are refused, since one of
// them would be ignored.
func fromFile(name, file string, value *string, initial string) error {
	if file == "" {
		return nil
	}
	if *value != initial {
		return fmt.Errorf("ORDERSYNC_%s and ORDERSYNC_%s_FILE are both set: set one", name, name)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("ORDERSYNC_%s_FILE must name a file that this user may read: %w", name, nameless(err))
	}
	if *value = strings.TrimSpace(string(content)); *value == "" {
		return fmt.Errorf("ORDERSYNC_%s_FILE names an empty file: write the value into it", name)
	}
	return nil
}

// nameless is an error about a file without the file's name: a secret may stand
// there by mistake.
func nameless(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// problems lists what is wrong with the settings.
func (s *settings) problems() (out []error) {
	add := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Errorf(format, args...))
		}
	}
	out = append(out, databaseProblem(s.DatabaseURL), addressProblem("AMAZON_LWA_URL", s.AmazonLWAURL))
	if s.AmazonAPIURL != "" {
		out = append(out, addressProblem("AMAZON_API_URL", s.AmazonAPIURL))
	}
	if s.AmazonQueue != "" {
		if problem := queue.CheckURL(s.AmazonQueue); problem != nil {
			out = append(out, fmt.Errorf("ORDERSYNC_AMAZON_NOTIFICATIONS_QUEUE %w", problem))
		}
	}
	add(s.SyncInterval < time.Second || s.SyncInterval > 24*time.Hour, "ORDERSYNC_SYNC_INTERVAL is %s: use 1s to 24h", s.SyncInterval)
	add(s.Overlap < time.Second || s.Overlap > 24*time.Hour, "ORDERSYNC_OVERLAP is %s: use 1s to 24h", s.Overlap)
	add(s.History < time.Hour || s.History > 20*365*24*time.Hour, "ORDERSYNC_HISTORY is %s: use 1h to 175200h (20 years)", s.History)
	add(s.Sweep < time.Hour || s.Sweep > 7*24*time.Hour, "ORDERSYNC_SWEEP is %s: use 1h to 168h", s.Sweep)
	add(s.RevokedAfter < time.Second || s.RevokedAfter > 24*time.Hour, "ORDERSYNC_REVOKED_AFTER is %s: use 1s to 24h", s.RevokedAfter)
	add(s.Lease < time.Second || s.Lease > time.Hour, "ORDERSYNC_LEASE is %s: use 1s to 1h", s.Lease)
	add(s.CallTimeout < 100*time.Millisecond, "ORDERSYNC_CALL_TIMEOUT is %s: use at least 100ms", s.CallTimeout)
	add(s.CallTimeout > s.Lease/3, "ORDERSYNC_CALL_TIMEOUT is %s, more than a third of ORDERSYNC_LEASE (%s): a call could outlive the right to store its answer", s.CallTimeout, s.Lease)
	out = append(out, s.consentProblems()...)
	out = append(out, s.vaultProblems()...)
	inRange := s.AmazonRateScale >= 0.001 && s.AmazonRateScale <= 1e6 // NaN is not
	add(!inRange, "ORDERSYNC_AMAZON_RATE_SCALE is %g: use 0.001 to 1000000", s.AmazonRateScale)
	add(s.AmazonRateScale != 1 && s.AmazonAPIURL == "", "ORDERSYNC_AMAZON_RATE_SCALE is %g without ORDERSYNC_AMAZON_API_URL: Amazon's own rates are not ours to scale", s.AmazonRateScale)
	add(s.Workers < -1 || s.Workers > 4096, "ORDERSYNC_WORKERS is %d: use -1 to 4096", s.Workers)
	out = append(out, s.retentionProblems()...)
	return append(out, s.serverProblems()...)
}

// databaseProblem says what is wrong with the database URL, never repeating it:
// it may hold a password.
func databaseProblem(raw string) error {
	path, local := strings.CutPrefix(raw, "sqlite:")
	switch {
	case local && (path == "" || strings.ContainsRune(path, 0)):
		return errors.New("ORDERSYNC_DATABASE_URL names no file: use sqlite:PATH, for example sqlite:ordersync.db")
	case local && strings.HasPrefix(path, ":memory:"):
		return errors.New("ORDERSYNC_DATABASE_URL is sqlite::memory:, where every connection would see a database of its own: name a file")
	case local && store.AuthorityInPath(path):
		return errors.New("ORDERSYNC_DATABASE_URL is sqlite:// and a name, where a host stands: use sqlite:PATH, for example sqlite:ordersync.db or sqlite:/var/lib/ordersync/orders.db")
	case local:
		return nil
	case !strings.HasPrefix(raw, "postgres://") && !strings.HasPrefix(raw, "postgresql://"):
		return errors.New("ORDERSYNC_DATABASE_URL has an unknown beginning: use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")
	}
	if u, ok := parseDatabaseURL(raw); !ok || u.User == nil && strings.Contains(raw, "@") {
		return errors.New("ORDERSYNC_DATABASE_URL cannot be read: use postgres://USER:PASSWORD@HOST/DATABASE with special characters percent-encoded")
	}
	return nil
}

// parseDatabaseURL reads a database URL; false for one with parts that no database
// reads: a # that was not percent-encoded, or parameters that are none.
func parseDatabaseURL(raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Fragment != "" {
		return nil, false
	}
	_, err = url.ParseQuery(u.RawQuery)
	return u, err == nil
}

// addressProblem says what is wrong with an address of Amazon's.
func addressProblem(name, raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("ORDERSYNC_%s is no web address: use one like https://host/path", name)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("ORDERSYNC_%s has a user, a query or a fragment: leave them away", name)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("ORDERSYNC_%s is not https: tokens would cross the network in the clear; http is for loopback hosts only", name)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// workers is how many connections are worked on at once.
func (s *settings) workers() int {
	switch {
	case s.Workers > 0:
		return s.Workers
	case s.Workers == 0:
		return -1 // the engine's word for none
	}
	if _, local := store.SQLitePath(s.DatabaseURL); local {
		return 64
	}
	return 256
}

// logger writes to talk what the level asks for.
func (s *settings) logger(talk io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // the flag's enum has checked it
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(telemetry.Log(slog.NewJSONHandler(talk, options)))
	}
	return slog.New(telemetry.Log(slog.NewTextHandler(talk, options)))
}

// setting is one row of the configuration.
type setting struct{ Name, Default, Value, Help string }

// table lists all settings with their values, secrets redacted.
func (s *settings) table() []setting {
	var out []setting
	v := reflect.ValueOf(*s)
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		value := settingText(v.Field(i).Interface())
		switch {
		case value == "":
		case tag.Get("secret") == "all":
			value = "(set)"
		case tag.Get("secret") == "url":
			value = redactURL(value)
		}
		help := strings.ReplaceAll(tag.Get("help"), "${enum}", strings.ReplaceAll(tag.Get("enum"), ",", ", "))
		out = append(out, setting{tag.Get("env"), tag.Get("default"), value, help})
	}
	return out
}

func settingText(v any) string {
	if list, ok := v.([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v)
}

// redactURL leaves a URL's password out, and all of a URL that cannot be read or
// where a password may stand that was not percent-encoded: behind it comes an @.
func redactURL(raw string) string {
	if _, local := strings.CutPrefix(raw, "sqlite:"); local {
		return raw
	}
	u, ok := parseDatabaseURL(raw)
	if !ok || strings.Contains(u.Host+u.Opaque+u.Path+u.RawQuery, "@") {
		return "(set, but not readable as a URL)"
	}
	q := u.Query()
	for name := range q {
		if isPassword(name) {
			q.Set(name, "xxxxx")
			u.RawQuery = q.Encode()
		}
	}
	return u.Redacted()
}

// isPassword tells whether a parameter of a database URL is a password.
func isPassword(name string) bool { return strings.Contains(strings.ToLower(name), "password") }
