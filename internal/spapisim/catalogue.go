package spapisim

// The texts of generated orders. All people, streets and shops are invented.

var storeNames = []string{
	"Nordlicht Handel", "Blue Kettle Goods", "Maison Lavande", "さくら商店", "Fjord & Field", "Tienda Girasol",
	"Copper Fox Trading", "Ålesund Outlet", "Casa do Vento", "Zielony Kram",
}

// good is one product of the catalogue; price in minor units of a
// two-decimal currency.
type good struct {
	asin, sku, title string
	price            int
}

var goods = []good{
	{"B0SIM00001", "KETTLE-17-CU", "Copper kettle 1.7 l, whistling", 5499},
	{"B0SIM00002", "LAMP-OAK-S", "Leselampe Eiche klein – dimmbar", 3995},
	{"B0SIM00003", "THÉ-VERT-100", "Thé vert en feuilles « Matin d’été », 100 g", 1290},
	{"B0SIM00004", "JP-TENUGUI-03", "手ぬぐい 三枚組（藍・茜・若草）", 2480},
	{"B0SIM00005", "BIKE-BELL", "Bicycle bell, brass, 45 mm", 899},
	{"B0SIM00006", "CABLE-2M-BLK", "USB-C cable 2 m | braided | black", 1199},
	{"B0SIM00007", "NOTEBOOK-A5-DOT", "Notebook A5 dotted, 192 pages \"Atlas\"", 1450},
	{"B0SIM00008", "KILIM-60x90", "El dokuması kilim 60×90 cm – kırmızı", 7890},
	{"B0SIM00009", "SOAP-OLIVE-6", "صابون زيت الزيتون، ٦ قطع", 1875},
	{"B0SIM00010", "PUZZLE-1000", "Puzzle 1000 pièces Forêt 🌲🦊", 2199},
	{"B0SIM00011", "TENT-2P", "Two-person tent, 1.9 kg, green", 18990},
	{"B0SIM00012", "MUG-ENAMEL-W", "Kubek emaliowany biały 350 ml – żółta krawędź", 749},
	{"B0SIM00013", "SEEDS-TOMATO", "Sementes de tomate “Coração de boi”", 350},
	{"B0SIM00014", "SCREWS-4x40", "Screws 4x40 mm, box of 200 \\ zinc", 999},
}

// city is where parcels go.
type city struct{ name, region, postal, street string }

var cities = map[string][]city{
	"US": {{"Seattle", "WA", "98101", "Pike Street"}, {"Austin", "TX", "78701", "Congress Avenue"}},
	"CA": {{"Halifax", "NS", "B3H 0A1", "Barrington Street"}},
	"MX": {{"Mérida", "YUC", "97000", "Calle 60"}},
	"BR": {{"Curitiba", "PR", "80010-000", "Rua XV de Novembro"}},
	"GB": {{"Leeds", "England", "LS1 4AP", "Park Row"}, {"Bath", "Somerset", "BA1 1LN", "Milsom Street"}},
	"DE": {{"Köln", "NRW", "50667", "Hohe Straße"}, {"Görlitz", "Sachsen", "02826", "Untermarkt"}},
	"FR": {{"Besançon", "Bourgogne-Franche-Comté", "25000", "Grande Rue"}, {"Nîmes", "Occitanie", "30000", "Rue de l’Horloge"}},
	"JP": {{"渋谷区", "東京都", "150-0002", "渋谷2丁目"}, {"札幌市", "北海道", "060-0001", "北一条西"}},
	"AU": {{"Hobart", "TAS", "7000", "Elizabeth Street"}},
	"SG": {{"Singapore", "", "238801", "Orchard Road"}},
	"TR": {{"İzmir", "İzmir", "35250", "Atatürk Caddesi"}},
	"IN": {{"Mysuru", "KARNATAKA", "570001", "Devaraja Urs Road"}},
	"PL": {{"Łódź", "łódzkie", "90-001", "ulica Piotrkowska"}},
	"SE": {{"Umeå", "Västerbotten", "903 26", "Kungsgatan"}},
}

// otherCity serves the countries without an entry.
var otherCity = []city{{"Springfield", "Central", "10001", "Main Street"}}

var people = []string{
	"Ada Thornfield", "Jürgen Weißmüller", "Zoë Lacroix", "Søren Ågård", "佐藤 さくら", "Ömer Yıldız",
	"María José Nuñez", "Łucja Wójcik", "O'Neil \"Rex\" Barnaby", "João Conceição",
}

var carriers = []struct{ name, service string }{
	{"UPS", "UPS Ground"}, {"DHL", "DHL Paket"}, {"Colissimo", "Domicile"}, {"Royal Mail", "Tracked 48"}, {"ヤマト運輸", "宅急便"},
}

var giftMessages = []string{"Happy birthday! 🎂", "Alles Gute zur Hochzeit\nvon uns allen", "おめでとう"}

var cancelReasons = []string{"Changed mind about purchase", "Wrong item ordered", "No stock"}

// oddTexts are texts that storage has choked on: U+0000, lone surrogates
// (written as their three bytes), bidirectional marks, combining characters,
// private use, very long.
var oddTexts = []string{
	"nul\x00in the middle",
	"lone high \xed\xa0\xbd surrogate",
	"lone low \xed\xb8\x80 surrogate",
	"right-to-left \u202eoverride\u202c",
	"combining e\u0301 a\u030a z\u0336\u0335\u0334",
	"zero\u200bwidth\ufeffjoiner\u200d",
	"private \ue000 and noncharacter \uffff",
	"tab\tnewline\nreturn\rbackspace\bescape\x1b[31m",
	"<script>alert(1)</script> & \u2028 \u2029",
	"'; DROP TABLE orders; --",
}
