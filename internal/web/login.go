package web

import (
	"context"
	"net/http"

	"ordersync"
	"ordersync/internal/store"
)

// LoginPath is where Amazon sends sellers who begin in the Appstore or in Manage Your
// Apps: the application's login URI.
const LoginPath = "/api/v1/marketplaces/amazon/oauth/login"

// login shows a seller who comes from Amazon what is about to begin. Of whom the account
// may be connected to, nothing is said: anybody can say that it is theirs.
func (s *server) login(w http.ResponseWriter, r *http.Request) {
	l, err := s.Engine.ParseLogin(r.URL.RawQuery)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.mark(w, r)
	s.show(w, r, http.StatusOK, "login", page{Seller: l.SellerID}, s.Engine.LoginOrigins(l))
}

// begin sends the browser on: to Amazon, or to where the service signs its users in.
func (s *server) begin(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	l, err := s.Engine.ParseLogin(r.URL.RawQuery)
	if err == nil && pressed(r) == "" {
		err = &store.ConsentError{Problem: ordersync.ConsentNoCookie}
	}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	address, err := s.Engine.BeginLogin(ctx, l, browserOf(r))
	switch {
	case err != nil:
		s.failed(w, r, err)
	case address == "":
		s.show(w, r, http.StatusOK, "signin", page{Seller: l.SellerID}, "")
	default:
		s.leave(w, r, address)
	}
}
