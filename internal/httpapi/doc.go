// Package httpapi is the JSON that users see: the shapes of runs and orders,
// the same in the HTTP interface and on the command line. Fields are added and
// never renamed; those of the system that ordersync replaces keep their names.
//
// Times are RFC 3339, UTC, with milliseconds. Amounts are strings exactly as
// Amazon wrote them, and null when Amazon gave none.
package httpapi
