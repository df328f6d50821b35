package ordersync

import (
	"fmt"
	"regexp"
)

// Money is an amount exactly as Amazon wrote it: decimal text, never a float,
// and a currency. JPY comes without decimals. Amazon model: Money.
type Money struct {
	Amount   string
	Currency string // ISO 4217
}

var decimal = regexp.MustCompile(`^[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?$`)

// ParseMoney checks that amount is a decimal number and keeps its spelling.
func ParseMoney(amount, currency string) (Money, error) {
	if !decimal.MatchString(amount) {
		return Money{}, fmt.Errorf("amount is no decimal number (%d bytes)", len(amount))
	}
	return Money{Amount: amount, Currency: CleanText(currency)}, nil
}
