package web

import "ordersync"

// countries are those of Amazon's marketplaces, in English and French.
var countries = map[string][2]string{
	"AE": {"United Arab Emirates", "Émirats arabes unis"}, "AU": {"Australia", "Australie"}, "BE": {"Belgium", "Belgique"},
	"BR": {"Brazil", "Brésil"}, "CA": {"Canada", "Canada"}, "DE": {"Germany", "Allemagne"}, "EG": {"Egypt", "Égypte"},
	"ES": {"Spain", "Espagne"}, "FR": {"France", "France"}, "GB": {"United Kingdom", "Royaume-Uni"}, "IE": {"Ireland", "Irlande"},
	"IN": {"India", "Inde"}, "IT": {"Italy", "Italie"}, "JP": {"Japan", "Japon"}, "MX": {"Mexico", "Mexique"},
	"NL": {"Netherlands", "Pays-Bas"}, "PL": {"Poland", "Pologne"}, "SA": {"Saudi Arabia", "Arabie saoudite"}, "SE": {"Sweden", "Suède"},
	"SG": {"Singapore", "Singapour"}, "TR": {"Türkiye", "Turquie"}, "US": {"United States", "États-Unis"}, "ZA": {"South Africa", "Afrique du Sud"},
}

// marketplaceTag is a marketplace as a tag shows it: its country, or Amazon's id where
// that is not known.
func marketplaceTag(id string) string {
	if _, known := ordersync.MarketplaceRegion(id); !known {
		return id
	}
	m, _ := ordersync.FindMarketplace(id)
	return m.Country
}

// countryName is the country of a marketplace in the visitor's language, or Amazon's
// id where that is not known.
func (v *visit) countryName(id string) string {
	names, known := countries[marketplaceTag(id)]
	switch {
	case !known:
		return id
	case v.Lang == "fr":
		return names[1]
	}
	return names[0]
}

// regionName is a region's name in the visitor's language.
func (v *visit) regionName(region ordersync.Region) string {
	for _, r := range regionNames {
		if r.region == region {
			return v.T(r.name)
		}
	}
	return regionTag(region)
}
