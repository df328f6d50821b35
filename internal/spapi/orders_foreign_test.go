package spapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ordersync"
)

func TestTolerated(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string]string{
		"nothing optional":       ``,
		"nulls":                  `"buyer":null,"recipient":null,"proceeds":null,"packages":null,"fulfillment":null,"programs":null,"tax":null,"orderAliases":null`,
		"unknown enum":           `"fulfillment":{"fulfillmentStatus":"TELEPORTED"}`,
		"half a window":          `"fulfillment":{"fulfillmentStatus":"PENDING","shipByWindow":{}}`,
		"null in programs":       `"programs":["A",null]`,
		"number as amount":       `"proceeds":{"grandTotal":{"amount":1.50,"currencyCode":"EUR"}}`,
		"empty total":            `"proceeds":{"grandTotal":{}}`,
		"untyped of wrong shape": `"associatedOrders":"x","tax":7`,
		"huge number elsewhere":  `"x":1e999999,"orderItems":[{"orderItemId":"1","quantityOrdered":1,"measurement":{"value":123456789012345678901234567890.5}}]`,
		"integer with a point":   `"orderItems":[{"orderItemId":"1","quantityOrdered":2.0}]`,
		"time without colon":     `"createdTime":"2026-01-02T03:04:05.5+0130"`,
		"two equal names":        `"salesChannel":{"channelName":"X"}`,
	} {
		order := readOne(t, smallPage(fields), allGroups, true)
		if !json.Valid(order.Raw) {
			t.Errorf("%s: raw is no JSON: %s", name, order.Raw)
		}
		if name == "unknown enum" && order.Status != "TELEPORTED" || name == "two equal names" && order.Channel != "X" ||
			name == "number as amount" && order.Total.Amount != "1.50" {
			t.Errorf("%s: %+v", name, order)
		}
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	with := func(fields string) string {
		page := string(smallPage(fields))
		return page[len(`{"orders":[`) : len(page)-len(`]}`)]
	}
	item := func(rest string) string { return with(`"orderItems":[{"orderItemId":"5"` + rest + `}]`) }
	tests := map[string]struct{ order, cause, id string }{
		"no items":           {`{"orderId":"1","createdTime":"2026-01-02T03:04:05Z","lastUpdatedTime":"2026-01-02T03:04:05Z"}`, "orderItems: expected array, found nothing", "1"},
		"null items":         {with(`"orderItems":null`), "orderItems: expected array, found nothing", "1"},
		"items no array":     {with(`"orderItems":"x"`), "orderItems: expected array, found string", "1"},
		"null item":          {with(`"orderItems":[null]`), "orderItems[]: expected object, found null", "1"},
		"no id":              {`{"createdTime":"2026-01-02T03:04:05Z"}`, "orderId: expected id of 1 to 64 visible ASCII characters, found nothing", ""},
		"number as id":       {with(`"orderId":7`), "orderId: expected id of 1 to 64 visible ASCII characters, found number", ""},
		"string as quantity": {item(`,"quantityOrdered":"2"`), "orderItems[0].quantityOrdered: expected integer of 0 or more, found string", "1"},
		"half a quantity":    {item(`,"quantityOrdered":1.5`), "orderItems[0].quantityOrdered: expected integer of 0 or more, found number", "1"},
		"huge quantity":      {item(`,"quantityOrdered":1e400`), "orderItems[0].quantityOrdered: expected integer of 0 or more, found number", "1"},
		"no quantity":        {item(``), "orderItems[0].quantityOrdered: expected integer of 0 or more, found nothing", "1"},
		"object as title":    {item(`,"quantityOrdered":1,"product":{"title":{"a":"P-X"}}`), "orderItems[].product.title: expected a scalar, found object", "1"},
		"amount no number":   {with(`"proceeds":{"grandTotal":{"amount":"1,5","currencyCode":"EUR"}}`), "proceeds.grandTotal.amount: expected decimal number, found string", "1"},
		"no currency":        {with(`"proceeds":{"grandTotal":{"amount":"1"}}`), "proceeds.grandTotal.currencyCode: expected currency, found nothing", "1"},
		"truth as title":     {item(`,"quantityOrdered":1,"product":{"title":true}`), "orderItems[0].product.title: expected string, found boolean", "1"},
		"truth as amount":    {with(`"proceeds":{"grandTotal":{"amount":true}}`), "proceeds.grandTotal.amount: expected decimal number, found boolean", "1"},
		"no time":            {with(`"createdTime":"yesterday"`), "createdTime: expected time, found string", "1"},
		"item twice":         {with(`"orderItems":[{"orderItemId":"5","quantityOrdered":1},{"orderItemId":"5","quantityOrdered":1}]`), "orderItems[1].orderItemId: expected id that stands once in its order, found string", "1"},
		"no order":           {`"P-X"`, "order: expected object, found string", ""},
		"null":               {`null`, "order: expected object, found null", ""},
	}
	good := with("")
	for name, tt := range tests {
		for _, personal := range []bool{false, true} {
			tt.order = strings.Replace(tt.order, "{", `{"buyer":{"buyerName":"P-NAME"},`, 1)
			page, err := testReader.page([]byte(`{"orders":[`+good+", "+tt.order+` ,`+good+`]}`), allGroups, personal)
			if err != nil || len(page.Orders) != 2 || len(page.Unreadable) != 1 {
				t.Errorf("%s: %d orders, unreadable %+v, error %v", name, len(page.Orders), page.Unreadable, err)
				continue
			}
			bad := page.Unreadable[0]
			if bad.Cause != tt.cause || bad.OrderID != tt.id || bad.Key == "" || tt.id != "" && bad.Key != tt.id {
				t.Errorf("%s: %+v", name, bad)
			}
			if !json.Valid(bad.Body) || bytes.Contains(bad.Body, []byte("P-")) || !bytes.Contains(bad.Body, []byte("$reduced")) {
				t.Errorf("%s: body %s", name, bad.Body)
			}
		}
	}
}

func TestKeyOfBodyWithoutID(t *testing.T) {
	t.Parallel()
	key := func(body string) string {
		page, err := testReader.page([]byte(body), allGroups, false)
		if err != nil || len(page.Unreadable) == 0 {
			t.Fatal(err)
		}
		return page.Unreadable[len(page.Unreadable)-1].Key
	}
	if key(`{"orders":[{"a":1}]}`) != key(`{"orders":[ {"b":2} , {"a":1} ]}`) {
		t.Error("the key depends on what surrounds the body")
	}
	if key(`{"orders":[{"a":1}]}`) == key(`{"orders":[{"a":2}]}`) {
		t.Error("the key does not depend on the body")
	}
}

func TestPageWithoutStructure(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:                                 "the JSON breaks off",
		`<html><body>P-X</body></html>`:    "it is no JSON",
		`[]`:                               "the body: expected object, found array",
		`"x"`:                              "the body: expected object, found string",
		`{}`:                               "orders: expected array, found nothing",
		`{"errors":[{"code":"P-X"}]}`:      "orders: expected array, found nothing",
		`{"orders":null}`:                  "orders: expected array, found null",
		`{"orders":{}}`:                    "orders: expected array, found object",
		`{"orders":[`:                      "the JSON breaks off",
		`{"orders":[{"orderId":"1"`:        "the JSON breaks off",
		`{"orders":[]}x`:                   "something follows the JSON",
		`{"orders":[]}{}`:                  "something follows the JSON",
		`{"orders":[],"pagination":"P-X"}`: "pagination: expected object, found string",
		`{"orders":[],"pagination":{"nextToken":7}}`: "pagination.nextToken: expected string, found number",
		`{"orders":[` + strings.Repeat(`[`, 20_000):  "it is no JSON",
	} {
		page, err := testReader.page([]byte(body), allGroups, true)
		if err == nil || err.Error() != want {
			t.Errorf("%.60q: %+v, error %v, want %s", body, page, err, want)
		}
	}
}

func TestOrderAnswerWithoutStructure(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{}`:                        "order: expected object, found nothing",
		`{"order":null}`:            "order: expected object, found null",
		`{"order":[]}`:              "order: expected object, found array",
		`{"order":`:                 "the JSON breaks off",
		`{"order":{"a":1,"a":2}`:    "the JSON breaks off",
		`{"order":{}} x`:            "something follows the JSON",
		`{"order":{"a":[1,{"b":}]}`: "it is no JSON",
	} {
		if _, _, err := testReader.order([]byte(body), allGroups, true); err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", body, err, want)
		}
	}
	body := strings.Replace(`{"order":`+fullOrder+`}`, `"orderId"`, `"orderId":"0","orderId"`, 1)
	if order, unreadable, err := testReader.order([]byte(body), allGroups, true); err != nil || unreadable != nil || order.ID != "250-1234567-8901234" {
		t.Errorf("order %q, unreadable %+v, error %v", order.ID, unreadable, err)
	}
}

func TestLastOfEqualNamesWins(t *testing.T) {
	t.Parallel()
	body := `{"orders":[{"orderId":"0"}],"orders":[{"orderId":"9","orderId":"1","createdTime":"2026-01-02T03:04:05Z","lastUpdatedTime":"2026-01-02T03:04:05Z",
	 "orderItems":[{"orderItemId":"7","quantityOrdered":1}],"orderItems":[{"orderItemId":"8","quantityOrdered":1}],"x":{"a":1,"\u0061":2}}]}`
	order := readOne(t, []byte(body), allGroups, true)
	if order.ID != "1" || len(order.Items) != 1 || order.Items[0].ID != "8" {
		t.Errorf("%+v", order)
	}
	if got := string(order.Personal[ordersync.GroupCore]); got != `{"x":{"a":2}}` {
		t.Errorf("personal %s", got)
	}
}

func TestWhatDatabasesCannotHold(t *testing.T) {
	t.Parallel()
	title := `a\u0000b\ud800c` + "\xff" + `d\ud83d\ude00`
	order := readOne(t, smallPage(`"orderItems":[{"orderItemId":"1","quantityOrdered":1,"product":{"title":"`+title+`"}}],"x\u0000":"`+title+`"`), allGroups, true)
	want := "a\uFFFDb\uFFFDc\uFFFDd😀"
	if order.Items[0].Title != want {
		t.Errorf("title %q, want %q", order.Items[0].Title, want)
	}
	for _, raw := range [][]byte{order.Raw, order.Personal[ordersync.GroupCore]} {
		if !bytes.Contains(raw, []byte(want)) || bytes.Contains(raw, []byte(`\u0000`)) || !json.Valid(raw) {
			t.Errorf("json %q", raw)
		}
	}
}

func TestForeignNamesAreCut(t *testing.T) {
	t.Parallel()
	var fields strings.Builder
	for i := range 100 {
		fmt.Fprintf(&fields, `"f%d%s":1,`, i, strings.Repeat("é", 1000))
	}
	order := readOne(t, smallPage(fields.String()+`"z":1`), allGroups, false)
	var raw struct {
		Reduced []struct{ Path string } `json:"$reduced"`
	}
	if err := json.Unmarshal(order.Raw, &raw); err != nil {
		t.Fatal(err)
	}
	if len(raw.Reduced) != maxReduced {
		t.Errorf("%d entries", len(raw.Reduced))
	}
	for _, r := range raw.Reduced {
		if n := len([]rune(r.Path)); n > maxUnknownName {
			t.Errorf("a name of %d characters", n)
		}
	}
}
