package spapi_test

import (
	"testing"

	"ordersync/internal/spapi"
)

func TestMergePersonal(t *testing.T) {
	tests := []struct{ name, stored, fresh, want string }{
		{
			"a role that is gone",
			`{"buyer":{"buyerName":"Ada","buyerEmail":"a@example.org","buyerCompanyName":"Old Ltd"}}`,
			`{"buyer":{"buyerCompanyName":"New Ltd"}}`,
			`{"buyer":{"buyerCompanyName":"New Ltd","buyerEmail":"a@example.org","buyerName":"Ada"}}`,
		},
		{
			"null says nothing",
			`{"recipient":{"deliveryAddress":{"name":"Ada","phone":"1"}}}`,
			`{"recipient":{"deliveryAddress":{"name":null,"phone":"2"}}}`,
			`{"recipient":{"deliveryAddress":{"name":"Ada","phone":"2"}}}`,
		},
		{
			"another address",
			`{"recipient":{"deliveryAddress":{"name":"Ada","addressLine1":"1 Old Road"}}}`,
			`{"recipient":{"deliveryAddress":{"name":"Eve","addressLine1":"2 New Road","addressLine2":"left"}}}`,
			`{"recipient":{"deliveryAddress":{"addressLine1":"2 New Road","addressLine2":"left","name":"Eve"}}}`,
		},
		{
			"another address without what the one before had",
			`{"recipient":{"deliveryAddress":{"name":"Ada","companyName":"Old Ltd","addressLine1":"1 Old Road","addressLine2":"Apt 5","phone":"1"}}}`,
			`{"recipient":{"deliveryAddress":{"name":"Ada","addressLine1":"2 New Road"}}}`,
			`{"recipient":{"deliveryAddress":{"addressLine1":"2 New Road","name":"Ada"}}}`,
		},
		{
			"the same address without its phone, and with a line less",
			`{"recipient":{"deliveryAddress":{"name":"Ada","addressLine1":"1 Old Road","addressLine2":"Apt 5","postalCode":"1","phone":"1","extendedFields":{"a":1}}}}`,
			`{"recipient":{"deliveryAddress":{"name":"Ada","addressLine1":"1 Old Road","postalCode":"1","phone":null}}}`,
			`{"recipient":{"deliveryAddress":{"addressLine1":"1 Old Road","name":"Ada","phone":"1","postalCode":"1"}}}`,
		},
		{
			"a company alone, without the role for the rest",
			`{"recipient":{"deliveryAddress":{"name":"Ada","addressLine1":"1 Old Road","companyName":"Old Ltd"}}}`,
			`{"recipient":{"deliveryAddress":{"companyName":"New Ltd"}}}`,
			`{"recipient":{"deliveryAddress":{"addressLine1":"1 Old Road","companyName":"New Ltd","name":"Ada"}}}`,
		},
		{
			"items by their ids",
			`{"orderItems":[{},{"product":{"customization":{"customizedUrl":"u1"}},"orderItemId":"1"},{"x":1,"y":2,"orderItemId":"2"}]}`,
			`{"orderItems":[{"x":3,"orderItemId":"2"},{},{"x":4,"orderItemId":"3"}]}`,
			`{"orderItems":[{"orderItemId":"2","x":3,"y":2},{"orderItemId":"3","x":4},{"orderItemId":"1","product":{"customization":{"customizedUrl":"u1"}}}]}`,
		},
		{
			"items without a text as id do not pile up",
			`{"orderItems":[{"a":1,"orderItemId":7},{"a":2}]}`,
			`{"orderItems":[{"a":1,"orderItemId":7},{"a":2},{}]}`,
			`{"orderItems":[{"a":1,"orderItemId":7},{"a":2}]}`,
		},
		{
			"arrays without ids are replaced",
			`{"tax":{"taxRegistrations":[{"legalName":"a"},{"legalName":"b"}]},"new":[1,2]}`,
			`{"tax":{"taxRegistrations":[{"legalName":"c"}]},"new":[3]}`,
			`{"new":[3],"tax":{"taxRegistrations":[{"legalName":"c"}]}}`,
		},
		{
			"what is of another kind is replaced",
			`{"buyer":{"buyerName":{"first":"Ada"}},"odd":[1],"even":{"a":1}}`,
			`{"buyer":{"buyerName":"Ada"},"odd":{"a":1},"even":[2]}`,
			`{"buyer":{"buyerName":"Ada"},"even":[2],"odd":{"a":1}}`,
		},
		{"numbers keep their spelling", `{"a":1.10}`, `{"b":2.50}`, `{"a":1.10,"b":2.50}`},
	}
	for _, test := range tests {
		got, err := spapi.MergePersonal([]byte(test.stored), []byte(test.fresh))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %v\n got %s\nwant %s", test.name, err, got, test.want)
		}
	}
	for _, bad := range [][2]string{{`[]`, `{}`}, {`{}`, `null`}, {``, `{}`}, {`{}`, `{`}} {
		if got, err := spapi.MergePersonal([]byte(bad[0]), []byte(bad[1])); err == nil {
			t.Errorf("%q and %q became %s", bad[0], bad[1], got)
		}
	}
}
