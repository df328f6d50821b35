package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// serverProblems lists what is wrong with the settings of serve, and with those
// of who asks it. Values are not repeated: a secret may stand in the wrong place.
func (s *settings) serverProblems() (out []error) {
	if !listenable(s.Listen) {
		out = append(out, errors.New("ORDERSYNC_LISTEN is no address: use host:port, for example 127.0.0.1:8080"))
	}
	if s.MetricsListen != "" && !listenable(s.MetricsListen) {
		out = append(out, errors.New("ORDERSYNC_METRICS_LISTEN is no address: use host:port, for example 127.0.0.1:9464"))
	}
	if u, err := url.Parse(s.TracesEndpoint); s.TracesEndpoint != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https") {
		out = append(out, errors.New("ORDERSYNC_TRACES_ENDPOINT is no web address: use one like http://127.0.0.1:4318, without a user; OTEL_EXPORTER_OTLP_HEADERS holds what a collector wants to know"))
	}
	for n, p := range s.TrustedProxies {
		network, err := parseProxy(p)
		switch {
		case err != nil:
			out = append(out, fmt.Errorf("ORDERSYNC_TRUSTED_PROXIES, entry %d of %d: is no address or network: use one like 10.0.0.7 or 10.0.0.0/24", n+1, len(s.TrustedProxies)))
		case network.Bits() == 0:
			out = append(out, fmt.Errorf("ORDERSYNC_TRUSTED_PROXIES, entry %d of %d: is the whole internet, and anybody could name himself an operator: use the proxy's own address", n+1, len(s.TrustedProxies)))
		}
	}
	for n, email := range s.Operators {
		if !emailShape.MatchString(strings.TrimSpace(email)) {
			out = append(out, fmt.Errorf("ORDERSYNC_OPERATORS, entry %d of %d: is no e-mail address: use one like cron@example.com", n+1, len(s.Operators)))
		}
	}
	if s.ServerKey != "" && !serverKeyShape.MatchString(s.ServerKey) {
		out = append(out, errors.New("ORDERSYNC_SERVER_KEY is no key of ordersync's: use one that `ordersync keys create` printed, osk_ and what follows"))
	}
	return out
}

var (
	emailShape     = regexp.MustCompile(`^[^\s@,]{1,64}@[^\s@,]{1,255}$`)
	serverKeyShape = regexp.MustCompile(`^osk_[A-Za-z0-9_-]{16,124}$`)
)

// listenable tells whether an address has the shape of one to listen on.
func listenable(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// parseProxy reads an address or a network.
func parseProxy(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// proxies are the networks that are believed; problems has checked them.
func (s *settings) proxies() (out []netip.Prefix) {
	for _, p := range s.TrustedProxies {
		if network, err := parseProxy(p); err == nil {
			out = append(out, network)
		}
	}
	return out
}

const day = 24 * time.Hour

// The longest times that can be set.
const (
	longestKept     = 20 * 365 * day
	longestPersonal = 30 * day // Amazon's limit
)

// retentionProblems lists what is wrong with how long things are kept.
func (s *settings) retentionProblems() (out []error) {
	for _, r := range []struct {
		name        string
		value, most time.Duration
	}{
		{engine.RetentionSetting, s.RetentionOrders, longestKept},
		{"ORDERSYNC_RETENTION_PERSONAL", s.RetentionPersonal, longestPersonal},
		{"ORDERSYNC_RETENTION_CHANGES", s.RetentionChanges, longestKept},
		{"ORDERSYNC_RETENTION_RUNS", s.RetentionRuns, longestKept},
		{"ORDERSYNC_RETENTION_OUTCOMES", s.RetentionOutcomes, longestKept},
		{"ORDERSYNC_RETENTION_STATE_CHANGES", s.RetentionStates, longestKept},
		{"ORDERSYNC_RETENTION_INCIDENTS", s.RetentionIncidents, longestKept},
	} {
		if r.value < time.Hour || r.value > r.most {
			out = append(out, fmt.Errorf("%s is %s: use 1h to %dh", r.name, r.value, r.most/time.Hour))
		}
	}
	if s.History > s.RetentionOrders {
		out = append(out, fmt.Errorf("ORDERSYNC_HISTORY is %s, longer than %s (%s): what is read would be deleted at once", s.History, engine.RetentionSetting, s.RetentionOrders))
	}
	return out
}

// retention is how long things are kept.
func (s *settings) retention() store.Retention {
	return store.Retention{
		Runs: s.RetentionRuns, Outcomes: s.RetentionOutcomes, StateChanges: s.RetentionStates, Changes: s.RetentionChanges,
		Incidents: s.RetentionIncidents, Orders: s.RetentionOrders, Personal: s.RetentionPersonal,
	}
}
