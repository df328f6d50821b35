// Package spapisim is Amazon, as far as an order synchronisation can tell: the
// Login with Amazon token endpoint, the pages of Seller Central on which sellers
// authorise applications, and the Selling Partner API operations searchOrders,
// getOrder, getMarketplaceParticipations and rotateApplicationClientSecret,
// served as http.Handlers over a state that tests, demos and an admin door can
// change.
//
// It is written from Amazon's published models (orders_2026-01-01.json,
// sellers.json, application_2023-11-30.json) and documentation pages, shares no
// type with any client, and is meant to be hostile: every behaviour that Amazon
// leaves undocumented is a switch (Switches), every trouble a fault (Fault).
// What it does not simulate is listed in limitations.md.
//
// Map of the files:
//
//	sim.go            Simulator, Config, the handlers
//	switches.go       the undocumented behaviours
//	market.go         regions, marketplaces, operations, roles
//	application.go    applications, as registered
//	account.go        sellers
//	authorization.go  what sellers allow applications, until when
//	consent.go        what the consent page checks, where it sends the browser
//	sellercentral.go  the pages over HTTP; webpages.go: their HTML
//	lwa.go            POST /auth/o2/token
//	clientsecret.go   secrets and their rotation; notification.go: the messages
//	token.go          access tokens, refresh tokens, authorisation codes
//	call.go           one API call from the request to the answer
//	refusal.go        Amazon's error bodies
//	bucket.go         usage plans
//	count.go          what was called, by whom, with which answer
//	order.go          orders as Amazon writes them; item.go: their lines
//	encode.go         an order as JSON
//	project.go        includedData and personal data
//	record.go         the orders of a seller and the search index
//	change.go         what happens to orders, and the truth about them
//	query.go          the parameters of searchOrders
//	search.go         searchOrders, getOrder, getMarketplaceParticipations
//	page.go           walks and pagination tokens
//	generate.go       lives of orders from a seed; grow.go: their contents;
//	                  catalogue.go: their texts
//	fault.go          troubles; havoc.go: how they reach the wire
//	fleet.go          many sellers with named troubles
//	admin.go          the admin door
//	sandbox.go        Amazon's static sandbox
//
// Everything random is drawn from the seed and from the names and counts of
// the thing it is drawn for, never from the order in which requests of
// different sellers arrive: the same seed and the same calls give the same
// bytes. The clock is Config.Now; in a testing/synctest bubble the defaults
// are virtual by themselves.
package spapisim
