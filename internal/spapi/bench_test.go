package spapi

import (
	"bytes"
	"testing"
)

// benchPage is a page of 100 orders, made of Amazon's own examples.
func benchPage(t testing.TB) []byte {
	examples := modelOrders(t)
	var page bytes.Buffer
	page.WriteString(`{"orders":[`)
	for i := range 100 {
		if i > 0 {
			page.WriteByte(',')
		}
		body := examples[i%len(examples)].body
		page.Write(body[len(`{"orders":[`) : len(body)-len(`]}`)])
	}
	page.WriteString(`],"pagination":{"nextToken":"more"}}`)
	return page.Bytes()
}

func BenchmarkPage(b *testing.B) {
	page := benchPage(b)
	for _, bench := range []struct {
		name     string
		personal bool
	}{{"reduced", false}, {"personal", true}} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				got, err := testReader.page(page, allGroups, bench.personal)
				if err != nil || len(got.Orders) != 100 {
					b.Fatal(err, len(got.Orders), got.Unreadable)
				}
			}
		})
	}
}
