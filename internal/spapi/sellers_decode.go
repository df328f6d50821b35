package spapi

import (
	"encoding/json"
	"errors"

	"ordersync"
)

// readParticipations reads the body of a 200.
func readParticipations(body []byte) ([]ordersync.Participation, error) {
	var wire wireParticipations
	if err := json.Unmarshal(body, &wire); err != nil {
		return nil, errors.New("it is no JSON of the shape that Amazon documents")
	}
	if wire.Payload == nil {
		return nil, errors.New("it has no payload")
	}
	return adaptParticipations(*wire.Payload)
}
