// Package httpapi is the HTTP interface, and the JSON that users see: the shapes
// of runs and orders, the same here and on the command line. Fields are added and
// never renamed; those of the system that ordersync replaces keep their names.
//
// Times are RFC 3339, UTC, with milliseconds. Amounts are strings exactly as
// Amazon wrote them, and null when Amazon gave none.
//
// # Access
//
// Every route has a scope in one table (routes.go): public, a tenant for itself,
// or operators only. A caller is known by its key, or by the word of a trusted
// proxy. A tenant that names another tenant is answered 403 in always the same
// words, whether that tenant exists or not; an id (of a run, an order) that is
// not its own is answered 404 like one that does not exist. Operators learn which
// tenants exist.
//
// # What the predecessor answered and this interface leaves out
//
// Data that is not kept is left out rather than made up:
//
//   - orders: the internal id and orderRef (externalOrderId is the id),
//     customerName, customerEmail, shippingAddress (personal data is no part of
//     this interface), orderStatus and deliveryStatus (amazonStatus is Amazon's
//     own word), savStatus, slaStatus, fulfillmentChannel (see fulfilledBy),
//     carrier, trackingCode, trackingUrl and trackingSource of the order (each
//     package has its own), timeline (see changes) and conversations;
//   - back-filling: initialBackfillDoneAt, and the status "failed": history is
//     never done nor failed, it has gaps or none;
//   - import-one: what only the order itself shows (channel, products, totals,
//     customer, carrier, tracking, deliveryStatus, source).
//
// Two answers differ in more than that. `errors` of a run of one tenant holds
// what was skipped or failed, and `success` is false then. `daysBackfilled` says
// how many days are read, since nothing is read within the request.
package httpapi
