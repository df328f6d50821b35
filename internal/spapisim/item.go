package spapisim

// The lines of an order, see order.go.

// OrderItem is one line of an order.
type OrderItem struct {
	OrderItemID          string            `json:"orderItemId"`
	QuantityOrdered      int               `json:"quantityOrdered"`
	Measurement          *Measurement      `json:"measurement,omitzero"`
	AssociatedOrderItems []AssociatedItem  `json:"associatedOrderItems,omitzero"`
	Programs             []string          `json:"programs,omitzero"`
	Product              Product           `json:"product"`
	Proceeds             *ItemProceeds     `json:"proceeds,omitzero" group:"PROCEEDS"`
	Expense              *ItemExpense      `json:"expense,omitzero" group:"EXPENSE"`
	Promotion            *ItemPromotion    `json:"promotion,omitzero" group:"PROMOTION"`
	Cancellation         *ItemCancellation `json:"cancellation,omitzero" group:"CANCELLATION"`
	Fulfillment          *ItemFulfillment  `json:"fulfillment,omitzero" group:"FULFILLMENT"`
	Tax                  *ItemTax          `json:"tax,omitzero" group:"TAX"`
}

type Measurement struct {
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
}

type AssociatedItem struct {
	OrderID         string `json:"orderId,omitzero"`
	OrderItemID     string `json:"orderItemId,omitzero"`
	AssociationType string `json:"associationType,omitzero"`
}

type Product struct {
	ASIN          string         `json:"asin,omitzero"`
	Title         string         `json:"title,omitzero"`
	SellerSKU     string         `json:"sellerSku,omitzero"`
	Condition     *Condition     `json:"condition,omitzero"`
	Price         *Price         `json:"price,omitzero"`
	SerialNumbers []string       `json:"serialNumbers,omitzero"`
	Customization *Customization `json:"customization,omitzero"`
}

type Condition struct {
	ConditionType    string `json:"conditionType,omitzero"`
	ConditionSubtype string `json:"conditionSubtype,omitzero"`
	ConditionNote    string `json:"conditionNote,omitzero"`
}

type Price struct {
	UnitPrice        *Money `json:"unitPrice,omitzero"`
	PriceDesignation string `json:"priceDesignation,omitzero"`
}

type Customization struct {
	CustomizedURL string `json:"customizedUrl,omitzero" pii:"custom"`
}

type ItemProceeds struct {
	ProceedsTotal *Money          `json:"proceedsTotal,omitzero"`
	Breakdowns    []ItemBreakdown `json:"breakdowns,omitzero"`
}

type ItemBreakdown struct {
	Type               string              `json:"type"`
	Subtotal           Money               `json:"subtotal"`
	DetailedBreakdowns []DetailedBreakdown `json:"detailedBreakdowns,omitzero"`
}

type DetailedBreakdown struct {
	Subtype string `json:"subtype,omitzero"`
	Value   *Money `json:"value,omitzero"`
}

type ItemExpense struct {
	PointsCost *PointsCost `json:"pointsCost,omitzero"`
}

type PointsCost struct {
	PointsGranted *PointsGranted `json:"pointsGranted,omitzero"`
}

type PointsGranted struct {
	PointsNumber        int    `json:"pointsNumber"`
	PointsMonetaryValue *Money `json:"pointsMonetaryValue,omitzero"`
}

type ItemPromotion struct {
	Breakdowns []PromotionBreakdown `json:"breakdowns,omitzero"`
}

type PromotionBreakdown struct {
	PromotionID string `json:"promotionId,omitzero"`
}

type ItemCancellation struct {
	CancellationRequest   *CancellationRequest   `json:"cancellationRequest,omitzero"`
	CancellationExecution *CancellationExecution `json:"cancellationExecution,omitzero"`
}

type CancellationRequest struct {
	Requester    string `json:"requester,omitzero"`
	CancelReason string `json:"cancelReason,omitzero"`
}

type CancellationExecution struct {
	CancelledBy  string `json:"cancelledBy,omitzero"`
	CancelReason string `json:"cancelReason,omitzero"`
}

type ItemFulfillment struct {
	QuantityFulfilled   int       `json:"quantityFulfilled"`
	QuantityUnfulfilled int       `json:"quantityUnfulfilled"`
	Picking             *Picking  `json:"picking,omitzero"`
	Packing             *Packing  `json:"packing,omitzero"`
	Shipping            *Shipping `json:"shipping,omitzero"`
}

type Picking struct {
	SubstitutionPreference *SubstitutionPreference `json:"substitutionPreference,omitzero"`
}

type SubstitutionPreference struct {
	SubstitutionType    string               `json:"substitutionType"`
	SubstitutionOptions []SubstitutionOption `json:"substitutionOptions,omitzero"`
}

type SubstitutionOption struct {
	ASIN            string       `json:"asin,omitzero"`
	QuantityOrdered int          `json:"quantityOrdered,omitzero"`
	SellerSKU       string       `json:"sellerSku,omitzero"`
	Title           string       `json:"title,omitzero"`
	Measurement     *Measurement `json:"measurement,omitzero"`
}

type Packing struct {
	GiftOption              *GiftOption              `json:"giftOption,omitzero"`
	SerialNumberRequirement *SerialNumberRequirement `json:"serialNumberRequirement,omitzero"`
}

type GiftOption struct {
	GiftMessage   string `json:"giftMessage,omitzero" pii:"gift"`
	GiftWrapLevel string `json:"giftWrapLevel,omitzero"`
}

type SerialNumberRequirement struct {
	RequirementType string `json:"requirementType,omitzero"`
}

type Shipping struct {
	ScheduledDeliveryWindow *TimeRange           `json:"scheduledDeliveryWindow,omitzero"`
	ShippingConstraints     *ShippingConstraints `json:"shippingConstraints,omitzero"`
	InternationalShipping   *International       `json:"internationalShipping,omitzero"`
}

type ShippingConstraints struct {
	PalletDelivery                string `json:"palletDelivery,omitzero"`
	CashOnDelivery                string `json:"cashOnDelivery,omitzero"`
	SignatureConfirmation         string `json:"signatureConfirmation,omitzero"`
	RecipientIdentityVerification string `json:"recipientIdentityVerification,omitzero"`
	RecipientAgeVerification      string `json:"recipientAgeVerification,omitzero"`
}

type International struct {
	IOSSNumber string `json:"iossNumber,omitzero"`
}

type ItemTax struct {
	TaxCalculationBreakdowns []TaxCalculation `json:"taxCalculationBreakdowns,omitzero"`
	TaxCollections           []TaxCollection  `json:"taxCollections,omitzero"`
}

type TaxCalculation struct {
	ReportingScheme string `json:"reportingScheme,omitzero"`
}

type TaxCollection struct {
	Model            string `json:"model,omitzero"`
	ResponsibleParty string `json:"responsibleParty,omitzero"`
}
