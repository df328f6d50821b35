package ordersync

import (
	"fmt"
	"strings"
)

// Groups is a set of Amazon's data groups. Amazon returns a group only when it
// was asked for in includedData; [GroupCore] comes always.
// Amazon model orders_2026-01-01.json, parameter includedData.
type Groups uint16

// The data groups.
const (
	GroupCore Groups = 1 << iota // ids, times, channel, items with their products
	GroupFulfillment
	GroupProceeds
	GroupPackages
	GroupCancellation
	GroupPromotion
	GroupExpense
	GroupTax
	GroupBuyer
	GroupRecipient
)

// GroupCount is how many groups there are, core included.
const GroupCount = 10

// groupNames holds Amazon's names, by bit.
var groupNames = [GroupCount]string{
	"CORE", "FULFILLMENT", "PROCEEDS", "PACKAGES", "CANCELLATION", "PROMOTION", "EXPENSE", "TAX", "BUYER", "RECIPIENT",
}

// OrderGroups are asked for always; PersonalGroups besides, for connections
// that may hold personal data.
const (
	OrderGroups    = GroupCore | GroupFulfillment | GroupProceeds | GroupPackages | GroupCancellation | GroupPromotion | GroupExpense | GroupTax
	PersonalGroups = GroupBuyer | GroupRecipient
)

// Has tells whether all groups of o are in g.
func (g Groups) Has(o Groups) bool { return g&o == o }

// Names lists the groups by Amazon's names, core first.
func (g Groups) Names() []string {
	var names []string
	for i, name := range groupNames {
		if g&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String joins the names with commas.
func (g Groups) String() string { return strings.Join(g.Names(), ",") }

// ParseGroups reads the names that String prints.
func ParseGroups(s string) (Groups, error) {
	var g Groups
	if s == "" {
		return 0, nil
	}
next:
	for name := range strings.SplitSeq(s, ",") {
		for i, known := range groupNames {
			if name == known {
				g |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("data group %s is unknown", ShowBytes([]byte(name)))
	}
	return g, nil
}
