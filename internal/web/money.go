package web

import (
	"strconv"
	"strings"

	"ordersync"
)

// currencyForm is how a currency is written. Unicode CLDR 48, currencies of en and fr.
type currencyForm struct {
	english, french string // "": its code
	digits          int    // behind the point
}

// currencyForms are those of Amazon's marketplaces that are written otherwise than by
// their code and with two digits.
var currencyForms = map[string]currencyForm{
	"EUR": {"€", "€", 2}, "USD": {"$", "$US", 2}, "GBP": {"£", "£GB", 2}, "CAD": {"CA$", "$CA", 2}, "AUD": {"A$", "$AU", 2},
	"MXN": {"MX$", "$MX", 2}, "BRL": {"R$", "R$", 2}, "INR": {"₹", "₹", 2}, "SGD": {"", "$SG", 2}, "CNY": {"CN¥", "", 2},
	"JPY": {"¥", "", 0}, "KRW": {"₩", "₩", 0}, "VND": {"₫", "₫", 0}, "CLP": {"", "$CL", 0}, "ISK": {"", "", 0},
	"BHD": {"", "", 3}, "JOD": {"", "", 3}, "KWD": {"", "", 3}, "OMR": {"", "", 3}, "TND": {"", "", 3},
}

// maxMoneyDigits is how long a number may be that is written out.
const maxMoneyDigits = 60

// money writes an amount with its currency, in the language's form and exactly: noughts
// are added up to the currency's digits, or left out behind them, and nothing is
// rounded. "" for an amount that is not known.
func (w words) money(m *ordersync.Money) string {
	if m == nil {
		return ""
	}
	sign, whole, part, ok := plainDecimal(m.Amount)
	if !ok {
		return strings.TrimSpace(m.Amount + noBreak + m.Currency)
	}
	form, known := currencyForms[m.Currency]
	if !known {
		form.digits = 2
	}
	part = strings.TrimRight(part, "0")
	if missing := form.digits - len(part); missing > 0 {
		part += strings.Repeat("0", missing)
	}
	between, point := ",", "."
	if w.french {
		between, point = narrowSpace, ","
	}
	number := thousands(whole, between)
	if part != "" {
		number += point + part
	}
	if w.french {
		return strings.TrimSuffix(sign+number+noBreak+orElse(form.french, m.Currency), noBreak)
	}
	if form.english != "" {
		return sign + form.english + number
	}
	return strings.TrimPrefix(sign+m.Currency+noBreak+number, noBreak)
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

// plainDecimal is a decimal number without its exponent: its sign, "" or −, and the
// digits before and behind the point.
func plainDecimal(amount string) (sign, whole, part string, ok bool) {
	if _, err := ordersync.ParseMoney(amount, ""); err != nil {
		return "", "", "", false
	}
	if rest, negative := strings.CutPrefix(amount, "-"); negative {
		sign, amount = "−", rest
	}
	amount = strings.TrimPrefix(amount, "+")
	number, exponent, _ := strings.Cut(strings.ToUpper(amount), "E")
	whole, part, _ = strings.Cut(number, ".")
	shift := 0
	if exponent != "" {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil || shift > maxMoneyDigits || shift < -maxMoneyDigits {
			return "", "", "", false
		}
	}
	if missing := shift - len(part); missing > 0 {
		part += strings.Repeat("0", missing)
	}
	if missing := -shift - len(whole); missing > 0 {
		whole = strings.Repeat("0", missing) + whole
	}
	point := len(whole) + shift
	digits := whole + part
	whole, part = strings.TrimLeft(digits[:point], "0"), digits[point:]
	if whole == "" {
		whole = "0"
	}
	return sign, whole, part, true
}

// thousands sets a sign between every three digits.
func thousands(digits, between string) string {
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(between)
		}
		b.WriteRune(r)
	}
	return b.String()
}
