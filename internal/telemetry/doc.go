// Package telemetry is what an operator's tools see of this service: traffic by minute
// for the charts, metrics in Prometheus's format, traces by OpenTelemetry, and the ids
// that join lines of the log. The rooms that do the work know nothing of it: they tell
// a Watch, which cmd/ordersync takes from here.
package telemetry
