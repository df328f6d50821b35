package spapisim

import "time"

// Orders as Amazon writes them. Amazon model orders_2026-01-01.json,
// definitions. Field tags say how a field is written:
//
//	json   its name; omitzero: left out when it has no value. A list that is
//	       empty but not nil is written as [].
//	group  the includedData value without which the field is absent
//	pii    the personal-data rule that must hold, see project.go
//
// Text may hold U+0000 and, as three bytes ED A0..BF xx, lone surrogates; they
// are written as JSON escapes, as Amazon has been seen to do.

// Order is one customer's order.
type Order struct {
	OrderID           string             `json:"orderId"`
	OrderAliases      []Alias            `json:"orderAliases,omitzero"`
	CreatedTime       time.Time          `json:"createdTime"`
	LastUpdatedTime   time.Time          `json:"lastUpdatedTime"`
	Programs          []string           `json:"programs,omitzero"`
	AssociatedOrders  []AssociatedOrder  `json:"associatedOrders,omitzero"`
	SalesChannel      SalesChannel       `json:"salesChannel"`
	Buyer             *Buyer             `json:"buyer,omitzero" group:"BUYER"`
	Recipient         *Recipient         `json:"recipient,omitzero" group:"RECIPIENT"`
	Proceeds          *OrderProceeds     `json:"proceeds,omitzero" group:"PROCEEDS"`
	Payment           *OrderPayment      `json:"payment,omitzero" group:"PAYMENT"`
	Tax               *OrderTax          `json:"tax,omitzero" group:"TAX"`
	Fulfillment       *OrderFulfillment  `json:"fulfillment,omitzero" group:"FULFILLMENT"`
	OrderItems        []OrderItem        `json:"orderItems"`
	Packages          []OrderPackage     `json:"packages,omitzero" group:"PACKAGES"`
	FulfillmentOrders []FulfillmentOrder `json:"fulfillmentOrders,omitzero" group:"FULFILLMENT_ORDERS"`
}

// MarshalJSON writes the whole order, with everything personal, as Amazon
// would for a caller who may see all of it.
func (o Order) MarshalJSON() ([]byte, error) {
	return appendOrder(nil, &o, &projection{groups: 1<<len(dataSets) - 1, pii: personalAll}), nil
}

type Alias struct {
	AliasID   string `json:"aliasId"`
	AliasType string `json:"aliasType"`
}

type AssociatedOrder struct {
	OrderID         string `json:"orderId,omitzero"`
	AssociationType string `json:"associationType,omitzero"`
}

type SalesChannel struct {
	ChannelName     string `json:"channelName"`
	MarketplaceID   string `json:"marketplaceId,omitzero"`
	MarketplaceName string `json:"marketplaceName,omitzero"`
}

type Buyer struct {
	BuyerName                string `json:"buyerName,omitzero" pii:"name"`
	BuyerEmail               string `json:"buyerEmail,omitzero" pii:"email"`
	BuyerCompanyName         string `json:"buyerCompanyName,omitzero"`
	BuyerPurchaseOrderNumber string `json:"buyerPurchaseOrderNumber,omitzero"`
}

type Recipient struct {
	DeliveryAddress    *CustomerAddress    `json:"deliveryAddress,omitzero"`
	DeliveryPreference *DeliveryPreference `json:"deliveryPreference,omitzero"`
}

type CustomerAddress struct {
	Name             string          `json:"name,omitzero" pii:"address"`
	CompanyName      string          `json:"companyName,omitzero"`
	AddressLine1     string          `json:"addressLine1,omitzero" pii:"address"`
	AddressLine2     string          `json:"addressLine2,omitzero" pii:"address"`
	AddressLine3     string          `json:"addressLine3,omitzero" pii:"address"`
	City             string          `json:"city,omitzero"`
	DistrictOrCounty string          `json:"districtOrCounty,omitzero"`
	StateOrRegion    string          `json:"stateOrRegion,omitzero"`
	Municipality     string          `json:"municipality,omitzero"`
	PostalCode       string          `json:"postalCode,omitzero" pii:"address"`
	CountryCode      string          `json:"countryCode,omitzero"`
	Phone            string          `json:"phone,omitzero" pii:"phone"`
	ExtendedFields   *ExtendedFields `json:"extendedFields,omitzero" pii:"address"`
	AddressType      string          `json:"addressType,omitzero"`
}

type ExtendedFields struct {
	StreetName   string `json:"streetName,omitzero"`
	StreetNumber string `json:"streetNumber,omitzero"`
	Complement   string `json:"complement,omitzero"`
	Neighborhood string `json:"neighborhood,omitzero"`
}

type DeliveryPreference struct {
	DropOffLocation      string        `json:"dropOffLocation,omitzero"`
	AddressInstruction   string        `json:"addressInstruction,omitzero"`
	DeliveryTime         *DeliveryTime `json:"deliveryTime,omitzero"`
	DeliveryCapabilities []string      `json:"deliveryCapabilities,omitzero"`
}

type DeliveryTime struct {
	BusinessHours  []BusinessHour  `json:"businessHours,omitzero"`
	ExceptionDates []ExceptionDate `json:"exceptionDates,omitzero"`
}

type BusinessHour struct {
	DayOfWeek   string       `json:"dayOfWeek,omitzero"`
	TimeWindows []TimeWindow `json:"timeWindows,omitzero"`
}

type ExceptionDate struct {
	ExceptionDate     string       `json:"exceptionDate,omitzero"`
	ExceptionDateType string       `json:"exceptionDateType,omitzero"`
	TimeWindows       []TimeWindow `json:"timeWindows,omitzero"`
}

type TimeWindow struct {
	StartTime HourMinute `json:"startTime"`
	EndTime   HourMinute `json:"endTime"`
}

type HourMinute struct {
	Hour   int `json:"hour"`
	Minute int `json:"minute"`
}

// Money is a decimal number as text: "5980" JPY, "49.99" USD.
type Money struct {
	Amount       string `json:"amount"`
	CurrencyCode string `json:"currencyCode"`
}

type OrderProceeds struct {
	GrandTotal *Money           `json:"grandTotal,omitzero"`
	Breakdowns []OrderBreakdown `json:"breakdowns,omitzero"`
}

type OrderBreakdown struct {
	Type     string `json:"type"`
	Status   string `json:"status,omitzero"`
	Subtotal Money  `json:"subtotal"`
}

type OrderPayment struct {
	PaymentExecutions []PaymentExecution `json:"paymentExecutions,omitzero"`
}

type PaymentExecution struct {
	PaymentMethod     string `json:"paymentMethod,omitzero"`
	PaymentAmount     *Money `json:"paymentAmount,omitzero"`
	AcquirerID        string `json:"acquirerId,omitzero"`
	CardBrand         string `json:"cardBrand,omitzero"`
	AuthorizationCode string `json:"authorizationCode,omitzero"`
}

type OrderTax struct {
	TaxRegistrations []TaxRegistration `json:"taxRegistrations,omitzero"`
	TaxInvoicing     *TaxInvoicing     `json:"taxInvoicing,omitzero"`
}

type TaxRegistration struct {
	EntityType                string           `json:"entityType,omitzero"`
	LegalName                 string           `json:"legalName,omitzero"`
	TaxRegistrationType       string           `json:"taxRegistrationType,omitzero"`
	TaxRegistrationNumber     string           `json:"taxRegistrationNumber,omitzero"`
	TaxRegistrationAddress    *CustomerAddress `json:"taxRegistrationAddress,omitzero"`
	TaxRegistrationAttributes []TaxAttribute   `json:"taxRegistrationAttributes,omitzero"`
}

type TaxAttribute struct {
	Key   string `json:"key,omitzero"`
	Value string `json:"value,omitzero"`
}

type TaxInvoicing struct {
	BuyerInvoicePreference string `json:"buyerInvoicePreference,omitzero"`
	InvoiceStatus          string `json:"invoiceStatus,omitzero"`
}

type OrderFulfillment struct {
	FulfillmentStatus       string     `json:"fulfillmentStatus"`
	FulfilledBy             string     `json:"fulfilledBy,omitzero"`
	FulfillmentServiceLevel string     `json:"fulfillmentServiceLevel,omitzero"`
	ShipByWindow            *TimeRange `json:"shipByWindow,omitzero"`
	DeliverByWindow         *TimeRange `json:"deliverByWindow,omitzero"`
	LabelPrintingWindow     *TimeRange `json:"labelPrintingWindow,omitzero"`
}

// TimeRange may lack either end.
type TimeRange struct {
	EarliestDateTime time.Time `json:"earliestDateTime,omitzero"`
	LatestDateTime   time.Time `json:"latestDateTime,omitzero"`
}

// OrderPackage is a parcel of a merchant-fulfilled order.
type OrderPackage struct {
	PackageReferenceID string           `json:"packageReferenceId"`
	CreatedTime        time.Time        `json:"createdTime,omitzero"`
	PackageStatus      *PackageStatus   `json:"packageStatus,omitzero"`
	Carrier            string           `json:"carrier,omitzero"`
	ShipTime           time.Time        `json:"shipTime,omitzero"`
	ShippingService    string           `json:"shippingService,omitzero"`
	TrackingNumber     string           `json:"trackingNumber,omitzero"`
	ShipFromAddress    *MerchantAddress `json:"shipFromAddress,omitzero"`
	PackageItems       []PackageItem    `json:"packageItems,omitzero"`
}

type PackageStatus struct {
	Status         string `json:"status"`
	DetailedStatus string `json:"detailedStatus,omitzero"`
}

type MerchantAddress struct {
	Name             string `json:"name,omitzero"`
	AddressLine1     string `json:"addressLine1,omitzero"`
	AddressLine2     string `json:"addressLine2,omitzero"`
	AddressLine3     string `json:"addressLine3,omitzero"`
	City             string `json:"city,omitzero"`
	DistrictOrCounty string `json:"districtOrCounty,omitzero"`
	StateOrRegion    string `json:"stateOrRegion,omitzero"`
	Municipality     string `json:"municipality,omitzero"`
	PostalCode       string `json:"postalCode,omitzero"`
	CountryCode      string `json:"countryCode,omitzero"`
}

type PackageItem struct {
	OrderItemID       string   `json:"orderItemId"`
	Quantity          int      `json:"quantity"`
	TransparencyCodes []string `json:"transparencyCodes,omitzero"`
}

type FulfillmentOrder struct {
	FulfillmentOrderID string `json:"fulfillmentOrderId"`
}
