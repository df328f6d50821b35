package spapi

import (
	"encoding/json"
	"strings"
	"testing"

	"ordersync"
)

// Whatever Amazon says of a seller's marketplaces: none is left out, each can
// stand in a query's list, what is read reads the same again, and a refusal names
// the field and nothing of its content.
func FuzzParticipations(f *testing.F) {
	for _, body := range []string{
		`{"payload":[{"marketplace":{"id":"A13V1IB3VIYZZH","countryCode":"FR","name":"Amazon.fr"},"participation":{"isParticipating":true,"hasSuspendedListings":false}}]}`,
		`{"payload":[]}`, `{"payload":null}`, `{}`, ``, `[]`, `{"payload":{}}`, `{"payload":[null]}`, `{"payload":[{}]}`, `{"payload":[{"marketplace":{"id":"A,B"},"participation":{"isParticipating":true}}]}`,
		`{"payload":[{"marketplace":{"id":"A","countryCode":"\u0000é\ud800"},"participation":{"isParticipating":false}}]}`,
		`{"payload":[{"marketplace":{"id":"A"},"participation":{"isParticipating":null}}]}`, `{"PAYLOAD":[{"Marketplace":{"ID":"a"},"participation":{"isparticipating":true}}]}`,
		`{"payload":[{"marketplace":{"id":"` + strings.Repeat("A", 65) + `"},"participation":{"isParticipating":true}}]}`, `{"payload":[],"payload":[{}]}`, `{"payload":[]}x`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := readParticipations(body)
		if err != nil {
			if rows != nil || len(err.Error()) > 100 {
				t.Fatalf("%q: %v, %v", body, rows, err)
			}
			return
		}
		if again, err := readParticipations(written(t, rows)); err != nil || len(again) != len(rows) {
			t.Fatalf("%v reads as %v, %v", rows, again, err)
		} else {
			for i, row := range rows {
				if row != again[i] || !visibleID(row.MarketplaceID) || strings.Contains(row.MarketplaceID, ",") || len(row.Country) > maxHeader {
					t.Fatalf("%+v reads as %+v", row, again[i])
				}
			}
		}
	})
}

// written are participations as Amazon would write them.
func written(t *testing.T, rows []ordersync.Participation) []byte {
	t.Helper()
	payload := make([]wireParticipation, len(rows))
	for i, row := range rows {
		payload[i].Marketplace.ID, payload[i].Marketplace.CountryCode = row.MarketplaceID, row.Country
		payload[i].Participation.IsParticipating = &row.Participating
	}
	body, err := json.Marshal(wireParticipations{&payload})
	if err != nil {
		t.Fatal(err)
	}
	return body
}
