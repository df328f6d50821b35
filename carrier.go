package ordersync

import (
	"fmt"
	"strings"
	"unicode"
)

// Carrier is one row of the table of carriers.
type Carrier struct {
	Name string
	// Words are what sellers and Amazon call it, in capitals without signs: a name
	// belongs to it that begins with one of them at the beginning of a word. Words of
	// up to four letters must be a word of their own.
	Words []string
	// Link is the page that follows a parcel, with {number} where its number stands;
	// "": it has none that takes the number alone.
	Link string
}

// carrierTable: the first row whose word fits counts, so what is more special comes
// first. The links are those that the carriers' own pages use; none is confirmed by
// Amazon.
var carrierTable = []Carrier{
	{"Amazon", []string{"AMAZON", "AMZN", "AMZL"}, "https://track.amazon.com/tracking/{number}"},
	{"Colissimo", []string{"COLISSIMO"}, laPoste},
	{"La Poste", []string{"LAPOSTE", "LETTRESUIVIE", "LETTREVERTE"}, laPoste},
	{"Chronopost", []string{"CHRONOPOST", "CHRONO"}, "https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT={number}"},
	{"Mondial Relay", []string{"MONDIALRELAY"}, "https://www.mondialrelay.fr/suivi-de-colis/?numeroExpedition={number}"},
	{"Colis Privé", []string{"COLISPRIVE"}, "https://www.colisprive.com/moncolis/pages/detailColis.aspx?numColis={number}"},
	{"Relais Colis", []string{"RELAISCOLIS"}, ""},
	{"Geodis", []string{"GEODIS"}, ""},
	{"DPD France", []string{"DPDFR", "EXAPAQ"}, "https://trace.dpd.fr/fr/trace/{number}"},
	{"DPD UK", []string{"DPDUK", "DPDLOCAL"}, "https://track.dpd.co.uk/search?reference={number}"},
	{"DPD", []string{"DPD"}, "https://tracking.dpd.de/status/en_US/parcel/{number}"},
	{"UPS", []string{"UPS", "UNITEDPARCELSERVICE"}, "https://www.ups.com/track?tracknum={number}"},
	{"FedEx", []string{"FEDEX", "FEDERALEXPRESS"}, "https://www.fedex.com/fedextrack/?trknbr={number}"},
	{"DHL Paket", []string{"DHLPAKET", "DEUTSCHEPOST"}, "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={number}"},
	{"DHL", []string{"DHL"}, "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}"},
	{"GLS", []string{"GLS", "GENERALLOGISTICSSYSTEMS"}, "https://gls-group.com/GROUP/en/parcel-tracking?match={number}"},
	{"TNT", []string{"TNT"}, "https://www.tnt.com/express/en_gc/site/shipping-tools/tracking.html?searchType=con&cons={number}"},
	{"Royal Mail", []string{"ROYALMAIL"}, "https://www.royalmail.com/track-your-item#/tracking-results/{number}"},
	{"Parcelforce", []string{"PARCELFORCE"}, "https://www.parcelforce.com/track-trace?trackNumber={number}"},
	{"Hermes Germany", []string{"HERMESDE", "HERMESGERMANY", "HERMESLOGISTIK"}, "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{number}"},
	{"Evri", []string{"EVRI", "HERMES", "MYHERMES"}, "https://www.evri.com/track/parcel/{number}"},
	{"Yodel", []string{"YODEL"}, "https://www.yodel.co.uk/tracking/{number}"},
	{"USPS", []string{"USPS", "UNITEDSTATESPOSTALSERVICE"}, "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}"},
	{"OnTrac", []string{"ONTRAC", "LASERSHIP"}, "https://www.ontrac.com/tracking/?number={number}"},
	{"Canada Post", []string{"CANADAPOST", "POSTESCANADA"}, "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={number}"},
	{"Purolator", []string{"PUROLATOR"}, "https://www.purolator.com/en/shipping/tracker?pin={number}"},
	{"PostNL", []string{"POSTNL"}, ""}, // its page wants the postcode too, which is personal
	{"bpost", []string{"BPOST"}, "https://track.bpost.cloud/btr/web/#/search?itemCode={number}"},
	{"Correos", []string{"CORREOS"}, "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={number}"},
	{"SEUR", []string{"SEUR"}, "https://www.seur.com/livetracking/?segOnlineIdentificador={number}"},
	{"MRW", []string{"MRW"}, ""},
	{"Poste Italiane", []string{"POSTEITALIANE"}, "https://www.poste.it/cerca/index.html#/risultati-spedizioni/{number}"},
	{"BRT", []string{"BRT", "BARTOLINI"}, "https://vas.brt.it/vas/sped_det_show.hsm?Nspediz={number}"},
	{"InPost", []string{"INPOST"}, "https://inpost.pl/sledzenie-przesylek?number={number}"},
	{"Poczta Polska", []string{"POCZTAPOLSKA"}, "https://emonitoring.poczta-polska.pl/?numer={number}"},
	{"PostNord", []string{"POSTNORD"}, "https://tracking.postnord.com/en/tracking?id={number}"},
	{"Österreichische Post", []string{"OSTERREICHISCHEPOST", "AUSTRIANPOST"}, "https://www.post.at/sv/sendungsdetails?snr={number}"},
	{"Aramex", []string{"ARAMEX"}, "https://www.aramex.com/track/results?ShipmentNumber={number}"},
	{"Delhivery", []string{"DELHIVERY"}, "https://www.delhivery.com/track/package/{number}"},
	{"Japan Post", []string{"JAPANPOST", "YUPACK"}, "https://trackings.post.japanpost.jp/services/srv/search/direct?reqCodeNo1={number}"},
	{"Yamato", []string{"YAMATO", "KURONEKO"}, "https://jizen.kuronekoyamato.co.jp/jizen/servlet/crjz.b.NQ0010?id={number}"},
	{"Sagawa", []string{"SAGAWA"}, "https://k2k.sagawa-exp.co.jp/p/web/okurijosearch.do?okurijoNo={number}"},
	{"Australia Post", []string{"AUSTRALIAPOST", "AUSPOST"}, "https://auspost.com.au/mypost/track/#/details/{number}"},
}

const laPoste = "https://www.laposte.fr/outils/suivre-vos-envois?code={number}"

// anyCarrier finds parcels of nearly every carrier by the number alone.
const anyCarrier = "https://t.17track.net/en#nums={number}"

// Carriers is the table of carriers, in the order in which it is searched.
func Carriers() []Carrier { return append([]Carrier(nil), carrierTable...) }

// FindCarrier finds the carrier that a name means; false for one that is not known.
func FindCarrier(name string) (Carrier, bool) {
	words := carrierWords(name)
	for _, c := range carrierTable {
		for i, word := range words {
			rest := strings.Join(words[i:], "")
			for _, known := range c.Words {
				if word == known || len(known) > 4 && strings.HasPrefix(rest, known) {
					return c, true
				}
			}
		}
	}
	return Carrier{}, false
}

// carrierWords are the words of a name in capitals, without accents and signs.
func carrierWords(name string) []string {
	name = plainLetters.Replace(strings.ToUpper(name))
	return strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// plainLetters takes the accents that names of carriers have.
var plainLetters = strings.NewReplacer("É", "E", "È", "E", "Ê", "E", "Ö", "O", "Ô", "O", "Ü", "U", "Ç", "C", "Ł", "L")

// TrackingLink is the page that follows a parcel: the carrier's own, else one that
// knows nearly every carrier. "" for what cannot be a number of a parcel, such as a
// remark of the seller.
func TrackingLink(carrier, number string) string {
	number = strings.TrimSpace(number)
	if !looksTracked(number) {
		return ""
	}
	link := anyCarrier
	if c, ok := FindCarrier(carrier); ok && c.Link != "" {
		link = c.Link
	}
	return strings.Replace(link, "{number}", escaped(number), 1)
}

// looksTracked tells whether a text may be a parcel's number: 6 to 40 letters and
// digits, one digit among them, in groups or not.
func looksTracked(number string) bool {
	length, digits := 0, 0
	for _, r := range number {
		switch {
		case r >= '0' && r <= '9':
			digits++
			length++
		case r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z':
			length++
		case r != ' ' && r != '-' && r != '.' && r != '_' && r != '/':
			return false
		}
	}
	return digits > 0 && length >= 6 && length <= 40 && len(number) <= 60
}

// unreserved are the signs that mean themselves everywhere in a URL. RFC 3986, 2.3.
const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// escaped is a text that means itself in a path, a query and a fragment alike.
func escaped(s string) string {
	var out strings.Builder
	for _, b := range []byte(s) {
		if strings.IndexByte(unreserved, b) >= 0 {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}

// OrderPage is the page of an order in Seller Central, on the host of its
// marketplace; "" for a marketplace that is not published.
func OrderPage(marketplaceID, orderID string) string {
	for _, m := range Marketplaces {
		if m.ID == marketplaceID && orderID != "" {
			return "https://" + m.SellerCentral + "/orders-v3/order/" + escaped(orderID)
		}
	}
	return ""
}

// TrackingSource says where an order's tracking comes from, in the words of the
// system before.
type TrackingSource string

// The sources.
const (
	TrackedByOrdersAPI  TrackingSource = "ORDERS_API"
	TrackedByAmazon     TrackingSource = "AMAZON_FBA"
	TrackedNotAvailable TrackingSource = "NOT_AVAILABLE"
)

// Tracking is how an order can be followed.
type Tracking struct {
	Source  TrackingSource
	Carrier string // as it is called in the table, else as Amazon has it; "" unknown
	Number  string // "" when there is none
	Link    string // https; "" when there is none
}

// Tracking is how the package can be followed.
func (p Package) Tracking() Tracking {
	t := Tracking{Source: TrackedByOrdersAPI, Carrier: p.Carrier, Number: p.TrackingNumber, Link: TrackingLink(p.Carrier, p.TrackingNumber)}
	if c, ok := FindCarrier(p.Carrier); ok {
		t.Carrier = c.Name
	}
	if p.TrackingNumber == "" {
		t.Source = TrackedNotAvailable
	}
	return t
}

// Tracking is how the order can be followed: by its first package that has a
// number, before those that were cancelled; for one that Amazon ships, on its page
// in Seller Central.
func (o Order) Tracking() Tracking {
	var found *Package
	for i := range o.Packages {
		p := &o.Packages[i]
		if p.TrackingNumber != "" && (found == nil || found.Delivery() == DeliveryUnsaid && p.Delivery() != DeliveryUnsaid) {
			found = p
		}
	}
	switch {
	case found != nil:
		return found.Tracking()
	case FulfillmentChannelOf(o.FulfilledBy) == FulfilledByAmazon:
		return Tracking{Source: TrackedByAmazon, Carrier: "Amazon", Link: OrderPage(o.MarketplaceID, o.ID)}
	case len(o.Packages) > 0:
		return o.Packages[0].Tracking()
	}
	return Tracking{Source: TrackedNotAvailable}
}
