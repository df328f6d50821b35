package spapi

// The answer of getMarketplaceParticipations, as far as it is read. Pointers
// are nil where Amazon gave nothing. Amazon model sellers.json.
type (
	wireParticipations struct {
		Payload *[]wireParticipation `json:"payload"`
	}
	wireParticipation struct {
		Marketplace struct {
			ID          string `json:"id"`
			CountryCode string `json:"countryCode"`
		} `json:"marketplace"`
		Participation struct {
			IsParticipating *bool `json:"isParticipating"`
		} `json:"participation"`
	}
)
