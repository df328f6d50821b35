package web

import (
	"strings"
	"testing"

	"ordersync"
)

func TestMoneyIsWrittenExactly(t *testing.T) {
	for _, c := range []struct{ amount, currency, english, french string }{
		{"184.90", "EUR", "€184.90", "184,90 €"},
		{"184.9", "EUR", "€184.90", "184,90 €"},
		{"0", "EUR", "€0.00", "0,00 €"},
		{"-3", "EUR", "−€3.00", "−3,00 €"},
		{"+1234567.891", "USD", "$1,234,567.891", "1 234 567,891 $US"}, // more digits than a cent has stay
		{"26400", "JPY", "¥26,400", "26 400 JPY"},
		{"26400.00", "JPY", "¥26,400", "26 400 JPY"},
		{"26400.50", "JPY", "¥26,400.5", "26 400,5 JPY"},
		{"1.5", "KWD", "KWD 1.500", "1,500 KWD"},
		{"12.34", "PLN", "PLN 12.34", "12,34 PLN"},
		{"12.34", "", "12.34", "12,34"},
		{"1.2E3", "GBP", "£1,200.00", "1 200,00 £GB"},
		{"1234e-3", "GBP", "£1.234", "1,234 £GB"},
		{"5e-3", "GBP", "£0.005", "0,005 £GB"},
		{"007.10", "GBP", "£7.10", "7,10 £GB"},
		{"1e999", "GBP", "1e999 GBP", "1e999 GBP"}, // nobody's price: as Amazon wrote it
		{"9999999999999999999999999999.99", "EUR", "€9,999,999,999,999,999,999,999,999,999.99", "9 999 999 999 999 999 999 999 999 999,99 €"},
		{"nonsense", "EUR", "nonsense EUR", "nonsense EUR"},
	} {
		m := &ordersync.Money{Amount: c.amount, Currency: c.currency}
		if got := plainSpaces.Replace(wordsOf("en").money(m)); got != c.english {
			t.Errorf("%s %s in English: %q, want %q", c.amount, c.currency, got, c.english)
		}
		if got := plainSpaces.Replace(wordsOf("fr").money(m)); got != c.french {
			t.Errorf("%s %s in French: %q, want %q", c.amount, c.currency, got, c.french)
		}
	}
	if got := wordsOf("en").money(nil); got != "" {
		t.Errorf("an unknown amount is %q", got)
	}
}

// plainSpaces makes ordinary spaces of those at which no line breaks.
var plainSpaces = strings.NewReplacer(noBreak, " ", narrowSpace, " ")
