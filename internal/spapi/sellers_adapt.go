package spapi

import (
	"fmt"
	"strings"

	"ordersync"
)

// adaptParticipations turns Amazon's rows into ours. A row that cannot be read
// fails the answer: a marketplace that is left out by mistake is never searched.
func adaptParticipations(rows []wireParticipation) ([]ordersync.Participation, error) {
	out := make([]ordersync.Participation, 0, len(rows))
	for i, row := range rows {
		id := row.Marketplace.ID
		if !visibleID(id) || strings.Contains(id, ",") {
			return nil, fmt.Errorf("payload[%d].marketplace.id is no id", i)
		}
		if row.Participation.IsParticipating == nil {
			return nil, fmt.Errorf("payload[%d].participation.isParticipating is missing", i)
		}
		out = append(out, ordersync.Participation{
			MarketplaceID: id,
			Country:       cutText(visible(row.Marketplace.CountryCode), maxHeader),
			Participating: *row.Participation.IsParticipating,
		})
	}
	return out, nil
}
