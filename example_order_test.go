package ordersync_test

import (
	"fmt"

	"ordersync"
)

// What Amazon says of an order and its packages, in words that stay.
func ExampleDeliveryOf() {
	order := ordersync.Order{Status: "SHIPPED", Packages: []ordersync.Package{
		{Status: "DELIVERED"},
		{Status: "IN_TRANSIT", DetailedStatus: "OUT_FOR_DELIVERY"},
	}}
	delivery := ordersync.DeliveryOf(order, false)
	fmt.Println(ordersync.OrderStatusOf(order.Status, delivery), delivery, delivery.Info().French)
	fmt.Println(ordersync.OrderStatusOf("A_WORD_OF_TOMORROW", delivery))
	// Output:
	// SHIPPED OUT_FOR_DELIVERY En cours de livraison
	// UNKNOWN
}

func ExampleTrackingLink() {
	fmt.Println(ordersync.TrackingLink("La Poste - Colissimo", "6A00000000001"))
	fmt.Println(ordersync.TrackingLink("Owl post", "LX123456789CN"))
	fmt.Printf("%q\n", ordersync.TrackingLink("Owl post", "by hand"))
	// Output:
	// https://www.laposte.fr/outils/suivre-vos-envois?code=6A00000000001
	// https://t.17track.net/en#nums=LX123456789CN
	// ""
}
