package ordersync_test

import (
	"math/big"
	"strings"
	"testing"

	"ordersync"
)

func TestParseMoney(t *testing.T) {
	for _, good := range []string{
		"0", "19.99", "19.90", "1000", "-5.00", "+5", "007", "0.1", "1e3", "1.5E-7", "-0",
		strings.Repeat("9", 40) + "." + strings.Repeat("9", 40),
	} {
		got, err := ordersync.ParseMoney(good, "EUR")
		if err != nil || got != (ordersync.Money{Amount: good, Currency: "EUR"}) {
			t.Errorf("%q reads as %+v, %v", good, got, err)
		}
	}
	for _, bad := range []string{
		"", " ", "1,99", "1.", ".5", "1.2.3", "--1", "1 000", " 1", "1\n", "1\x00", "NaN", "Infinity", "0x10", "1e", "1e9999",
		"12 EUR", "€1", "١", "null", strings.Repeat("9", 41), "1." + strings.Repeat("9", 41), strings.Repeat("9", 10_000),
	} {
		got, err := ordersync.ParseMoney(bad, "EUR")
		if err == nil || got != (ordersync.Money{}) {
			t.Errorf("%q reads as %+v, %v", bad, got, err)
		}
	}
	if got, err := ordersync.ParseMoney("1", "E\x00\xff"); err != nil || got.Currency != "E\ufffd\ufffd" {
		t.Errorf("a currency that cannot be stored reads as %+v, %v", got, err)
	}
}

// What is taken keeps its spelling, is a number that exact arithmetic can read,
// and is short enough for every database; a refusal repeats nothing of it.
func FuzzParseMoney(f *testing.F) {
	for _, seed := range []string{"19.99", "-1e3", "", "NaN", "1,99", "+0.0", "1e-999", "1e1000", "0x1p4", "1_000", "١٢", "1\x00", strings.Repeat("9", 41)} {
		f.Add(seed, "EUR")
	}
	f.Add("1", "E\x00\xff")
	f.Fuzz(func(t *testing.T, amount, currency string) {
		got, err := ordersync.ParseMoney(amount, currency)
		if err != nil {
			if got != (ordersync.Money{}) || len(amount) > 4 && strings.Contains(err.Error(), amount) {
				t.Fatalf("%q is refused with %+v, %v", amount, got, err)
			}
			return
		}
		if got.Amount != amount || len(amount) > 1+40+1+40+5 || got.Currency != ordersync.CleanText(currency) {
			t.Fatalf("%q %q is taken as %+v", amount, currency, got)
		}
		if _, ok := new(big.Rat).SetString(amount); !ok {
			t.Fatalf("%q is taken but is no number", amount)
		}
		if again, err := ordersync.ParseMoney(got.Amount, got.Currency); err != nil || again != got {
			t.Fatalf("%+v reads as %+v, %v", got, again, err)
		}
	})
}
