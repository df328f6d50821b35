package spapisim

import (
	"fmt"
	"slices"
	"sync"
)

// SellerSpec describes a seller account in one region. Empty fields are drawn
// from the seed.
type SellerSpec struct {
	ID     string `json:"id,omitzero"`
	Region string `json:"region"`
	// Marketplaces default to the largest of the region: US, DE and FR, JP.
	Marketplaces []Participation `json:"marketplaces,omitzero"`
	StoreName    string          `json:"storeName,omitzero"`
}

// Participation is a seller's standing in one marketplace.
type Participation struct {
	MarketplaceID string `json:"marketplaceId"`
	NotActive     bool   `json:"notActive,omitzero"` // isParticipating=false
	Suspended     bool   `json:"suspended,omitzero"` // hasSuspendedListings=true
}

// Seller is a seller account; Key names it in all methods.
type Seller struct {
	Key            string          `json:"key"`
	ID             string          `json:"id"`
	Region         string          `json:"region"`
	StoreName      string          `json:"storeName"`
	Participations []Participation `json:"marketplaces"`
}

// MarketplaceIDs lists the marketplaces in which the seller participates.
func (s Seller) MarketplaceIDs() []string {
	var ids []string
	for _, p := range s.Participations {
		if !p.NotActive {
			ids = append(ids, p.MarketplaceID)
		}
	}
	return ids
}

type seller struct {
	Seller
	switches *Switches      // nil: the simulator's
	consents []*consent     // by application, in order of authorisation
	calls    map[string]int // by operation, for draws; guarded by Simulator.mu
	codes    int            // consents and journeys so far, for draws

	mu     sync.Mutex
	orders orderBook
	walks  walkStore
}

// AddSeller registers a seller account. The same id may exist in several
// regions: it is one account each.
func (s *Simulator) AddSeller(spec SellerSpec) (Seller, error) {
	if !slices.Contains(regions, spec.Region) {
		return Seller{}, fmt.Errorf("spapisim: no region %q (there are %q)", spec.Region, regions)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rng := draw(s.seed, "seller", len(s.sellerIDs))
	sel := &seller{
		Seller: Seller{ID: spec.ID, Region: spec.Region, StoreName: spec.StoreName, Participations: slices.Clone(spec.Marketplaces)},
		calls:  map[string]int{},
		orders: newOrderBook(),
		walks:  newWalkStore(),
	}
	if sel.ID == "" {
		sel.ID = sellerID(rng.Uint64())
	}
	if sel.StoreName == "" {
		sel.StoreName = storeNames[rng.IntN(len(storeNames))]
	}
	if len(sel.Participations) == 0 {
		for _, id := range map[string][]string{"na": {"ATVPDKIKX0DER"}, "eu": {"A1PA6795UKMFR9", "A13V1IB3VIYZZH"}, "fe": {"A1VC38T7YXB528"}}[spec.Region] {
			sel.Participations = append(sel.Participations, Participation{MarketplaceID: id})
		}
	}
	sel.Key = sel.Region + "/" + sel.ID
	if s.sellers[sel.Key] != nil {
		return Seller{}, fmt.Errorf("spapisim: seller %s exists already", sel.Key)
	}
	s.sellers[sel.Key] = sel
	s.sellerIDs = append(s.sellerIDs, sel.Key)
	return sel.public(), nil
}

// sellerID looks like A3TH9S8BH6GOGM.
func sellerID(bits uint64) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	id := []byte("A0000000000000")
	for i := 1; i < len(id); i++ {
		id[i] = letters[bits%36]
		bits /= 36
	}
	return string(id)
}

// SetParticipations replaces a seller's marketplaces.
func (s *Simulator) SetParticipations(sellerKey string, list []Participation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sel, err := s.seller(sellerKey)
	if err != nil {
		return err
	}
	sel.Participations = slices.Clone(list)
	return nil
}

// Sellers lists the sellers in order of creation.
func (s *Simulator) Sellers() []Seller {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Seller, 0, len(s.sellerIDs))
	for _, key := range s.sellerIDs {
		list = append(list, s.sellers[key].public())
	}
	return list
}

func (sel *seller) public() Seller {
	out := sel.Seller
	out.Participations = slices.Clone(sel.Participations)
	return out
}

// seller finds a seller; s.mu is held.
func (s *Simulator) seller(key string) (*seller, error) {
	sel := s.sellers[key]
	if sel == nil {
		return nil, fmt.Errorf("spapisim: no seller %q (the key is region/id)", key)
	}
	return sel, nil
}
