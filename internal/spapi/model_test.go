package spapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// schema is a part of a model's definitions.
type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Properties map[string]*schema
	Items      *schema
}

// modelPaths lists every field of an order in Amazon's model with its type.
func modelPaths(t *testing.T) map[string]string {
	var model struct{ Definitions map[string]*schema }
	if err := json.Unmarshal(readModel(t, "orders_2026-01-01.json"), &model); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{}
	var walk func(path string, s *schema)
	walk = func(path string, s *schema) {
		for s.Ref != "" {
			s = model.Definitions[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
		}
		if path != "" {
			paths[path] = s.Type
		}
		if s.Items != nil {
			walk(path+"[]", s.Items)
		}
		for name, property := range s.Properties {
			walk(joinPath(path, name), property)
		}
	}
	walk("", model.Definitions["Order"])
	return paths
}

// personalPaths are the fields that must never stand in a raw order.
var personalPaths = []string{
	"buyer.buyerName", "buyer.buyerEmail", "buyer.buyerCompanyName", "buyer.buyerPurchaseOrderNumber",
	"recipient.deliveryAddress.name", "recipient.deliveryAddress.companyName", "recipient.deliveryAddress.postalCode",
	"recipient.deliveryAddress.addressLine1", "recipient.deliveryAddress.addressLine2", "recipient.deliveryAddress.addressLine3",
	"recipient.deliveryAddress.phone", "recipient.deliveryAddress.extendedFields", "recipient.deliveryPreference",
	"payment",
	"tax.taxRegistrations[].legalName", "tax.taxRegistrations[].taxRegistrationNumber",
	"tax.taxRegistrations[].taxRegistrationAddress", "tax.taxRegistrations[].taxRegistrationAttributes",
	"orderItems[].fulfillment.packing.giftOption.giftMessage", "orderItems[].product.customization.customizedUrl",
	"packages[].shipFromAddress.name", "packages[].shipFromAddress.postalCode",
	"packages[].shipFromAddress.addressLine1", "packages[].shipFromAddress.addressLine2", "packages[].shipFromAddress.addressLine3",
}

func TestTableIsTheModel(t *testing.T) {
	t.Parallel()
	model := modelPaths(t)
	within := func(path string) bool {
		return slices.ContainsFunc(personalPaths, func(p string) bool {
			return path == p || strings.HasPrefix(path, p+".") || strings.HasPrefix(path, p+"[]")
		})
	}
	table := map[string]*field{}
	var walk func(f *field)
	walk = func(f *field) {
		if f.path != "" {
			table[f.path] = f
		}
		if f.element != nil {
			walk(f.element)
		}
		for _, child := range f.fields {
			walk(child)
		}
	}
	walk(orderTable)
	for _, path := range slices.Sorted(maps.Keys(model)) {
		f, ok := table[path]
		switch {
		case within(path):
			if ok && !f.personal {
				t.Errorf("%s is personal and kept", path)
			}
		case !ok:
			t.Errorf("%s is in the model and not in the table", path)
		case f.personal:
			t.Errorf("%s is not personal", path)
		case model[path] == "object" != (f.shape == objectShape), model[path] == "array" != (f.shape == arrayShape):
			t.Errorf("%s is %s in the model, %s in the table", path, model[path], f.shape)
		}
		delete(table, path)
	}
	for path := range table {
		t.Errorf("%s is in the table and not in the model", path)
	}
	for _, path := range personalPaths {
		if _, ok := model[path]; !ok {
			t.Errorf("%s is not in the model", path)
		}
	}
}

func TestExampleOfMarketplaces(t *testing.T) {
	t.Parallel()
	var model struct {
		Paths map[string]struct {
			Get struct {
				Responses map[string]struct{ Examples json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(readModel(t, "sellers.json"), &model); err != nil {
		t.Fatal(err)
	}
	rows, err := readParticipations(model.Paths[marketplacesPath].Get.Responses["200"].Examples)
	if err != nil || len(rows) == 0 || rows[0].MarketplaceID == "" || rows[0].Country == "" {
		t.Errorf("%+v, error %v", rows, err)
	}
}
