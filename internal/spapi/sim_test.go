package spapi_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/spapisim"
)

// simulated is a client of the simulator with one seller.
type simulated struct {
	sim    *spapisim.Simulator
	app    spapisim.Application
	seller spapisim.Seller
	server *httptest.Server
	client *spapi.Client
	as     spapi.Account
}

func simulate(t *testing.T, change ...func(*spapi.Config)) *simulated {
	t.Helper()
	s := &simulated{}
	var err error
	must := func(e error) {
		t.Helper()
		if e != nil {
			t.Fatal(e)
		}
	}
	s.sim, err = spapisim.New(spapisim.Config{Seed: 1, RateScale: 1e6})
	must(err)
	s.app, err = s.sim.AddApplication(spapisim.ApplicationSpec{
		RedirectURIs: []string{"https://saas.example/callback"},
		Roles:        []spapisim.Role{spapisim.RoleInventory, spapisim.RoleDirectShipping, spapisim.RoleTaxInvoicing},
	})
	must(err)
	s.seller, err = s.sim.AddSeller(spapisim.SellerSpec{Region: "eu"})
	must(err)
	refresh, err := s.sim.Authorize(s.app.ClientID, s.seller.Key)
	must(err)
	s.server = httptest.NewServer(s.sim.Handler())
	t.Cleanup(s.server.Close)
	config := spapi.Config{
		ClientID:     s.app.ClientID,
		ClientSecret: func() string { return s.app.ClientSecret },
		LWAURL:       s.server.URL + "/auth/o2/token",
		APIURL:       s.server.URL,
		UserAgent:    spapi.UserAgent("test"),
		DigestKey:    make([]byte, 32),
	}
	for _, c := range change {
		c(&config)
	}
	s.client, err = spapi.New(config)
	must(err)
	s.as = spapi.Account{Region: ordersync.RegionEU, RefreshToken: func() string { return refresh }, PersonalData: true}
	return s
}

const everything = ordersync.OrderGroups | ordersync.PersonalGroups

func (s *simulated) query(pageSize int) string {
	now := s.sim.Now().Add(-3 * time.Minute).Truncate(time.Second)
	return spapi.SearchQuery(ordersync.Window{From: now.AddDate(0, 0, -30), To: now}, s.seller.MarketplaceIDs(), everything, pageSize)
}

func (s *simulated) generate(t *testing.T, n int) []string {
	t.Helper()
	ids, err := s.sim.Generate(s.seller.Key, spapisim.Generate{
		N: n, From: s.sim.Now().AddDate(0, 0, -20), To: s.sim.Now().Add(-time.Hour), Unknown: 0.2, Odd: 0.3, Unreadable: 0.05,
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestWalkOverTheSimulator(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	if err := s.sim.SetSwitches(func(sw *spapisim.Switches) { sw.UnknownFields, sw.StrictUserAgent = true, true }); err != nil {
		t.Fatal(err)
	}
	s.generate(t, 300)
	truth, err := s.sim.Orders(s.seller.Key)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]spapisim.Truth{}
	for _, order := range truth {
		want[order.Order.OrderID] = order
	}
	query, token, readable, unreadable, personal := s.query(40), "", 0, 0, 0
	for pages := 0; ; pages++ {
		page, err := s.client.SearchOrders(t.Context(), s.as, everything, query, token)
		if err != nil || pages > 20 {
			t.Fatalf("page %d: %v", pages, err)
		}
		if page.Rate <= 0 || page.Date.IsZero() || page.RequestID == "" || page.UpperBound.IsZero() || page.Calls != 1 {
			t.Errorf("meta %+v", page.Meta)
		}
		for _, order := range page.Orders {
			readable++
			original := want[order.ID].Order
			if !order.LastUpdatedAt.Equal(original.LastUpdatedTime.Truncate(time.Millisecond)) || order.Status != original.Fulfillment.FulfillmentStatus ||
				len(order.Items) != len(original.OrderItems) || len(order.Packages) != len(original.Packages) {
				t.Errorf("order %s differs: %+v", order.ID, order)
			}
			if order.Personal[ordersync.GroupRecipient] != nil {
				personal++
			}
			delete(want, order.ID)
		}
		for _, bad := range page.Unreadable {
			unreadable++
			if len(want[bad.OrderID].Damage) == 0 && bad.OrderID != "" {
				t.Errorf("unreadable without damage: %s %s", bad.OrderID, bad.Cause)
			}
			delete(want, bad.OrderID)
		}
		if token = page.NextToken; token == "" {
			break
		}
	}
	if readable+unreadable != 300 || unreadable == 0 || personal == 0 {
		t.Errorf("%d readable, %d unreadable, %d with personal fields", readable, unreadable, personal)
	}
	for id, order := range want {
		if len(order.Damage) == 0 {
			t.Errorf("order %s was not seen", id)
		}
	}
}

func TestOtherCallsOverTheSimulator(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	ids := s.generate(t, 1)
	order, err := s.client.GetOrder(t.Context(), s.as, everything, ids[0])
	if err != nil || order.Order.ID != ids[0] && order.Unreadable == nil {
		t.Errorf("%+v, error %v", order, err)
	}
	if _, err := s.client.GetOrder(t.Context(), s.as, everything, "111-1111111-1111111"); kindOf(err) != spapi.NotFound {
		t.Errorf("error %v", err)
	}
	got, err := s.client.Marketplaces(t.Context(), s.as)
	if err != nil || len(got.Participations) != 2 || !got.Participations[0].Participating {
		t.Errorf("%+v, error %v", got, err)
	}
}

func kindOf(err error) spapi.Kind {
	var failed *spapi.Error
	if errors.As(err, &failed) {
		return failed.Kind
	}
	return ""
}

// TestFaults gives every fault of the simulator its kind. Faults that are no
// errors have "".
func TestFaults(t *testing.T) {
	t.Parallel()
	type fault = spapisim.Fault
	tests := map[spapisim.FaultKind]struct {
		fault
		kind spapi.Kind
	}{
		spapisim.FaultInternal:       {fault{}, spapi.Unavailable},
		spapisim.FaultUnavailable:    {fault{}, spapi.Unavailable},
		spapisim.FaultBadGateway:     {fault{}, spapi.Unavailable},
		spapisim.FaultGatewayTimeout: {fault{}, spapi.Unavailable},
		spapisim.FaultHTML:           {fault{}, spapi.BadRequest},
		spapisim.FaultEmpty:          {fault{}, spapi.BadResponse},
		spapisim.FaultBadJSON:        {fault{}, spapi.BadResponse},
		spapisim.FaultBadStructure:   {fault{}, spapi.BadResponse},
		spapisim.FaultNullMessage:    {fault{}, spapi.BadRequest},
		spapisim.FaultForbidden:      {fault{}, spapi.Denied},
		spapisim.FaultInvalid:        {fault{}, spapi.BadRequest},
		spapisim.FaultTooLarge:       {fault{}, spapi.TooLarge},
		spapisim.FaultThrottle:       {fault{}, spapi.Throttled},
		spapisim.FaultLWA:            {fault{Operation: spapisim.Token}, spapi.Revoked},
		spapisim.FaultWrongRegion:    {fault{}, spapi.Denied},
		spapisim.FaultHang:           {fault{}, spapi.TimedOut},
		spapisim.FaultReset:          {fault{}, spapi.Unavailable},
		spapisim.FaultSlow:           {fault{Delay: spapisim.Duration(time.Minute)}, spapi.TimedOut},
		spapisim.FaultDrip:           {fault{Delay: spapisim.Duration(time.Minute)}, spapi.TimedOut},
		spapisim.FaultCut:            {fault{}, spapi.BadResponse},
		spapisim.FaultTruncated:      {fault{}, spapi.BadResponse},
		spapisim.FaultContentType:    {fault{}, ""},
		spapisim.FaultDate:           {fault{Delay: spapisim.Duration(time.Hour)}, ""},
		spapisim.FaultBigBody:        {fault{Size: 100_000}, spapi.TooLarge},
		spapisim.FaultDeadToken:      {fault{}, ""}, // the first page has no token
		spapisim.FaultSameToken:      {fault{}, ""},
		spapisim.FaultSamePage:       {fault{}, ""},
	}
	for _, kind := range spapisim.FaultKinds() {
		tt, ok := tests[kind]
		if !ok {
			t.Errorf("fault %s is not in the table", kind)
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := simulate(t, func(c *spapi.Config) {
				c.BodyLimit = 1_000_000
				if tt.kind == spapi.TimedOut {
					c.CallTimeout = 300 * time.Millisecond
				}
			})
			s.generate(t, 20)
			tt.Kind = kind
			if _, err := s.sim.AddFault(tt.fault); err != nil {
				t.Fatal(err)
			}
			_, err := s.client.SearchOrders(t.Context(), s.as, everything, s.query(20), "")
			if kindOf(err) != tt.kind || err != nil && strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("error %v, want %s", err, tt.kind)
			}
		})
	}
}

func TestDeadPaginationToken(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	if _, err := s.client.SearchOrders(t.Context(), s.as, everything, s.query(20), "no/such+token=="); kindOf(err) != spapi.BadRequest {
		t.Errorf("error %v", err)
	}
}

func TestAuthorisationsOverTheSimulator(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	search := func() (spapi.Page, error) {
		return s.client.SearchOrders(t.Context(), s.as, everything, s.query(20), "")
	}
	for _, tt := range []struct {
		name  string
		begin func() error
		end   func() error
		kind  spapi.Kind
	}{
		{"nothing", nil, nil, ""},
		{"revoked, while the access token lives", func() error { return s.sim.Revoke(s.app.ClientID, s.seller.Key) }, nil, ""},
		{"revoked", func() error { s.client.ForgetToken(s.as); return nil }, nil, spapi.Revoked},
	} {
		if tt.begin != nil {
			if err := tt.begin(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := search(); kindOf(err) != tt.kind {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.kind)
		}
	}
	code, err := s.sim.Consent(s.app.ClientID, s.seller.Key, "https://saas.example/callback")
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.client.ExchangeCode(t.Context(), code, "https://saas.example/callback")
	if err != nil {
		t.Fatal(err)
	}
	s.as.RefreshToken = again.RefreshToken
	if _, err := search(); err != nil {
		t.Errorf("after a new consent: %v", err)
	}
	if _, err := s.client.ExchangeCode(t.Context(), code, "https://saas.example/callback"); kindOf(err) != spapi.Denied {
		t.Errorf("a code used twice: %v", err)
	}
	if err := s.sim.ExpireSecret(s.app.ClientID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := search(); kindOf(err) != spapi.AppSecretExpired {
		t.Errorf("expired secret: %v", err)
	}
	s.app.ClientSecret += "x"
	if _, err := search(); kindOf(err) != spapi.AppCredentials {
		t.Errorf("wrong secret: %v", err)
	}
}

func TestEveryForbiddenAndLWAVariant(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"", spapisim.Token} {
		kind, variants := spapisim.FaultForbidden, spapisim.ForbiddenVariants()
		if operation == spapisim.Token {
			kind, variants = spapisim.FaultLWA, spapisim.LWAVariants()
		}
		for _, variant := range variants {
			s := simulate(t)
			if _, err := s.sim.AddFault(spapisim.Fault{Kind: kind, Operation: operation, Variant: variant}); err != nil {
				t.Fatal(err)
			}
			_, err := s.client.SearchOrders(t.Context(), s.as, everything, s.query(20), "")
			if got := kindOf(err); got == "" || got == spapi.BadResponse || got == spapi.BadRequest {
				t.Errorf("%s: error %v", variant, err)
			} else {
				t.Logf("%s: %s (%s)", variant, got, err)
			}
		}
	}
}

func TestWrongRegion(t *testing.T) {
	t.Parallel()
	s := simulate(t)
	na := httptest.NewServer(s.sim.RegionHandler("na"))
	t.Cleanup(na.Close)
	client, err := spapi.New(spapi.Config{
		ClientID: s.app.ClientID, ClientSecret: func() string { return s.app.ClientSecret },
		LWAURL: s.server.URL + "/auth/o2/token", APIURL: na.URL, DigestKey: make([]byte, 32),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Marketplaces(t.Context(), s.as); kindOf(err) != spapi.Denied {
		t.Errorf("error %v", err)
	}
}
