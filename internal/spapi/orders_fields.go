package spapi

import "ordersync"

// orderTable lists every field of an order in Amazon's model, its data group,
// and whether it is personal. Raw orders keep what stands here and is not
// personal; everything else is sealed or reduced to its name.
// Amazon model orders_2026-01-01.json, Order; personal fields: Amazon, "Access
// Orders PII", widened by what buyers write themselves.
var orderTable = newOrderTable()

func newOrderTable() *field {
	order := object("",
		leaf("orderId", func(w *wireOrder) *scalar { return &w.id }),
		array("orderAliases", aliasFields()),
		leaf("createdTime", func(w *wireOrder) *scalar { return &w.created }),
		leaf("lastUpdatedTime", func(w *wireOrder) *scalar { return &w.updated }),
		programsField(),
		array("associatedOrders", object("", leaves("orderId", "associationType")...)),
		object("salesChannel",
			leaf("channelName", func(w *wireOrder) *scalar { return &w.channel }),
			leaf("marketplaceId", func(w *wireOrder) *scalar { return &w.marketplaceID }),
			leaf("marketplaceName", func(w *wireOrder) *scalar { return &w.marketplaceName }),
		),
		in(ordersync.GroupBuyer, object("buyer", private("buyerName", "buyerEmail", "buyerCompanyName", "buyerPurchaseOrderNumber")...)),
		in(ordersync.GroupRecipient, recipientFields()),
		in(ordersync.GroupProceeds, object("proceeds",
			money("grandTotal", func(w *wireOrder) *wireMoney { return &w.total }),
			array("breakdowns", object("", leaf("type"), leaf("status"), money("subtotal", nil))),
		)),
		in(ordersync.GroupTax, taxFields()),
		in(ordersync.GroupFulfillment, fulfillmentFields()),
		array("orderItems", itemFields()),
		in(ordersync.GroupPackages, array("packages", packageFields())),
		// Neither is asked for.
		in(ordersync.GroupProceeds, private("payment")[0]),
		in(ordersync.GroupFulfillment, array("fulfillmentOrders", object("", leaf("fulfillmentOrderId")))),
	)
	order.fields["lastUpdatedTime"].silent = true
	order.fields["orderItems"].begin = func(w *wireOrder) { w.hasItems = true }
	order.finish("", ordersync.GroupCore)
	return order
}

func aliasFields() *field {
	f := object("",
		leaf("aliasId", func(w *wireOrder) *scalar { return &w.alias().id }),
		leaf("aliasType", func(w *wireOrder) *scalar { return &w.alias().kind }),
	)
	f.begin = func(w *wireOrder) { w.aliases = append(w.aliases, wireAlias{}) }
	return f
}

func programsField() *field {
	return array("programs", leaf("", func(w *wireOrder) *scalar {
		w.programs = append(w.programs, scalar{})
		return &w.programs[len(w.programs)-1]
	}))
}

func recipientFields() *field {
	return object("recipient", with(private("deliveryPreference"),
		object("deliveryAddress", with(
			private("name", "companyName", "addressLine1", "addressLine2", "addressLine3", "postalCode", "phone", "extendedFields"),
			leaves("city", "districtOrCounty", "stateOrRegion", "municipality", "countryCode", "addressType")...,
		)...),
	)...)
}

func taxFields() *field {
	return object("tax",
		array("taxRegistrations", object("", with(
			private("legalName", "taxRegistrationNumber", "taxRegistrationAddress", "taxRegistrationAttributes"),
			leaves("entityType", "taxRegistrationType")...,
		)...)),
		object("taxInvoicing", leaves("buyerInvoicePreference", "invoiceStatus")...),
	)
}

func fulfillmentFields() *field {
	return object("fulfillment",
		leaf("fulfillmentStatus", func(w *wireOrder) *scalar { return &w.status }),
		leaf("fulfilledBy", func(w *wireOrder) *scalar { return &w.fulfilledBy }),
		leaf("fulfillmentServiceLevel", func(w *wireOrder) *scalar { return &w.serviceLevel }),
		timeRange("shipByWindow", func(w *wireOrder) *wireRange { return &w.shipBy }),
		timeRange("deliverByWindow", func(w *wireOrder) *wireRange { return &w.deliverBy }),
		timeRange("labelPrintingWindow", nil),
	)
}

func itemFields() *field {
	f := object("",
		leaf("orderItemId", func(w *wireOrder) *scalar { return &w.item().id }),
		leaf("quantityOrdered", func(w *wireOrder) *scalar { return &w.item().quantity }),
		measurement(),
		array("associatedOrderItems", object("", leaves("orderId", "orderItemId", "associationType")...)),
		array("programs", leaf("")),
		productFields(),
		in(ordersync.GroupProceeds, object("proceeds",
			money("proceedsTotal", func(w *wireOrder) *wireMoney { return &w.item().total }),
			array("breakdowns", object("", leaf("type"), money("subtotal", nil),
				array("detailedBreakdowns", object("", leaf("subtype"), money("value", nil))))),
		)),
		in(ordersync.GroupExpense, object("expense", object("pointsCost",
			object("pointsGranted", leaf("pointsNumber"), money("pointsMonetaryValue", nil))))),
		in(ordersync.GroupPromotion, object("promotion", array("breakdowns", object("", leaf("promotionId"))))),
		in(ordersync.GroupCancellation, object("cancellation",
			object("cancellationRequest", leaves("requester", "cancelReason")...),
			object("cancellationExecution", leaves("cancelledBy", "cancelReason")...),
		)),
		in(ordersync.GroupFulfillment, itemFulfillmentFields()),
		in(ordersync.GroupTax, object("tax",
			array("taxCalculationBreakdowns", object("", leaf("reportingScheme"))),
			array("taxCollections", object("", leaves("model", "responsibleParty")...)),
		)),
	)
	f.begin = func(w *wireOrder) { w.items = append(w.items, wireItem{}) }
	f.id, f.idQuoted = func(w *wireOrder) *scalar { return &w.item().id }, `"orderItemId":`
	return f
}

func productFields() *field {
	return object("product",
		leaf("asin", func(w *wireOrder) *scalar { return &w.item().asin }),
		leaf("title", func(w *wireOrder) *scalar { return &w.item().title }),
		leaf("sellerSku", func(w *wireOrder) *scalar { return &w.item().sku }),
		object("condition", leaves("conditionType", "conditionSubtype", "conditionNote")...),
		object("price",
			money("unitPrice", func(w *wireOrder) *wireMoney { return &w.item().unitPrice }),
			leaf("priceDesignation"),
		),
		array("serialNumbers", leaf("")),
		object("customization", private("customizedUrl")...),
	)
}

func itemFulfillmentFields() *field {
	return object("fulfillment",
		leaf("quantityFulfilled", func(w *wireOrder) *scalar { return &w.item().fulfilled }),
		leaf("quantityUnfulfilled"),
		object("picking", object("substitutionPreference", leaf("substitutionType"),
			array("substitutionOptions", object("", with(
				leaves("asin", "quantityOrdered", "sellerSku", "title"), measurement())...)))),
		object("packing",
			object("giftOption", with(private("giftMessage"), leaf("giftWrapLevel"))...),
			object("serialNumberRequirement", leaf("requirementType")),
		),
		object("shipping",
			timeRange("scheduledDeliveryWindow", nil),
			object("shippingConstraints", leaves("palletDelivery", "cashOnDelivery", "signatureConfirmation",
				"recipientIdentityVerification", "recipientAgeVerification")...),
			object("internationalShipping", leaf("iossNumber")),
		),
	)
}

func packageFields() *field {
	content := object("",
		leaf("orderItemId", func(w *wireOrder) *scalar { return &w.parcel().last().id }),
		leaf("quantity", func(w *wireOrder) *scalar { return &w.parcel().last().quantity }),
		array("transparencyCodes", leaf("")),
	)
	content.begin = func(w *wireOrder) { w.parcel().items = append(w.parcel().items, wirePackageItem{}) }
	f := object("",
		leaf("packageReferenceId", func(w *wireOrder) *scalar { return &w.parcel().id }),
		leaf("createdTime", func(w *wireOrder) *scalar { return &w.parcel().created }),
		object("packageStatus",
			leaf("status", func(w *wireOrder) *scalar { return &w.parcel().status }),
			leaf("detailedStatus", func(w *wireOrder) *scalar { return &w.parcel().detailed }),
		),
		leaf("carrier", func(w *wireOrder) *scalar { return &w.parcel().carrier }),
		leaf("shipTime", func(w *wireOrder) *scalar { return &w.parcel().shipped }),
		leaf("shippingService", func(w *wireOrder) *scalar { return &w.parcel().service }),
		leaf("trackingNumber", func(w *wireOrder) *scalar { return &w.parcel().tracking }),
		object("shipFromAddress", with(
			private("name", "addressLine1", "addressLine2", "addressLine3", "postalCode"),
			leaves("city", "districtOrCounty", "stateOrRegion", "municipality", "countryCode")...,
		)...),
		array("packageItems", content),
	)
	f.begin = func(w *wireOrder) { w.packages = append(w.packages, wirePackage{}) }
	f.id, f.idQuoted = func(w *wireOrder) *scalar { return &w.parcel().id }, `"packageReferenceId":`
	return f
}

func measurement() *field { return object("measurement", leaves("unit", "value")...) }

func money(name string, at func(*wireOrder) *wireMoney) *field {
	if at == nil {
		return object(name, leaves("amount", "currencyCode")...)
	}
	return object(name,
		leaf("amount", func(w *wireOrder) *scalar { return &at(w).amount }),
		leaf("currencyCode", func(w *wireOrder) *scalar { return &at(w).currency }),
	)
}

func timeRange(name string, at func(*wireOrder) *wireRange) *field {
	if at == nil {
		return object(name, leaves("earliestDateTime", "latestDateTime")...)
	}
	return object(name,
		leaf("earliestDateTime", func(w *wireOrder) *scalar { return &at(w).earliest }),
		leaf("latestDateTime", func(w *wireOrder) *scalar { return &at(w).latest }),
	)
}
