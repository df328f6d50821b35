package spapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ordersync"
)

// parse reads JSON with its numbers as spelled.
func parse(t testing.TB, body []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// shuffled writes JSON with the keys of objects in random order, and with them
// the elements of orderItems and packages.
func shuffled(random *rand.Rand, value any) []byte {
	var out bytes.Buffer
	switch value := value.(type) {
	case map[string]any:
		out.WriteByte('{')
		keys := slices.Sorted(maps.Keys(value))
		random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		for i, key := range keys {
			if i > 0 {
				out.WriteByte(',')
			}
			kid := value[key]
			if list, ok := kid.([]any); ok && (key == "orderItems" || key == "packages") {
				list = slices.Clone(list)
				random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
				kid = list
			}
			fmt.Fprintf(&out, "%q : ", key)
			out.Write(shuffled(random, kid))
		}
		out.WriteByte('}')
	case []any:
		out.WriteByte('[')
		for i, kid := range value {
			if i > 0 {
				out.WriteString(" , ")
			}
			out.Write(shuffled(random, kid))
		}
		out.WriteByte(']')
	default:
		spelled, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		out.Write(spelled)
	}
	return out.Bytes()
}

func allExamples(t testing.TB) []example {
	return append(modelOrders(t), example{"full", fullPage()})
}

func TestDigestsIgnoreOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, example := range allExamples(t) {
		for _, personal := range []bool{false, true} {
			want := readOne(t, example.body, allGroups, personal).Digests
			for range 20 {
				body := shuffled(random, parse(t, example.body))
				if got := readOne(t, body, allGroups, personal).Digests; got != want {
					t.Fatalf("%s: digests %v, want %v: %s", example.name, got, want, body)
				}
			}
		}
	}
}

// changeLeaf changes each leaf in turn and calls check with its path.
func changeLeaf(value any, path string, check func(path string)) {
	switch value := value.(type) {
	case map[string]any:
		for key, kid := range value {
			changeIn(kid, path+"."+key, func(v any) { value[key] = v }, check)
		}
	case []any:
		for i, kid := range value {
			changeIn(kid, path+"[]", func(v any) { value[i] = v }, check)
		}
	}
}

func changeIn(kid any, path string, set func(any), check func(string)) {
	var changed any
	switch leaf := kid.(type) {
	case json.Number:
		changed = json.Number("1" + leaf.String())
	case string:
		changed = leaf + "1"
		if at, err := time.Parse(time.RFC3339, leaf); err == nil {
			changed = at.Add(time.Millisecond).Format(time.RFC3339Nano)
		}
	case bool:
		changed = !leaf
	default:
		changeLeaf(kid, path, check)
		return
	}
	set(changed)
	check(path)
	set(kid)
}

// groupByPath is the data group of a leaf, by Amazon's documentation and not by
// the table.
func groupByPath(path string) ordersync.Groups {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "."), "orderItems[].")
	top, _, _ := strings.Cut(strings.TrimSuffix(path, "[]"), ".")
	switch strings.TrimSuffix(top, "[]") {
	case "lastUpdatedTime":
		return 0
	case "buyer":
		return ordersync.GroupBuyer
	case "recipient":
		return ordersync.GroupRecipient
	case "proceeds", "payment":
		return ordersync.GroupProceeds
	case "tax":
		return ordersync.GroupTax
	case "fulfillment", "fulfillmentOrders":
		return ordersync.GroupFulfillment
	case "packages":
		return ordersync.GroupPackages
	case "expense":
		return ordersync.GroupExpense
	case "promotion":
		return ordersync.GroupPromotion
	case "cancellation":
		return ordersync.GroupCancellation
	}
	return ordersync.GroupCore
}

func TestOneLeafMovesOneDigest(t *testing.T) {
	t.Parallel()
	for _, example := range allExamples(t) {
		before := readOne(t, example.body, allGroups, true).Digests
		page := parse(t, example.body)
		order := page.(map[string]any)["orders"].([]any)[0]
		changeLeaf(order, "", func(path string) {
			body, err := json.Marshal(page)
			if err != nil {
				t.Fatal(err)
			}
			after := readOne(t, body, allGroups, true).Digests
			var moved ordersync.Groups
			for bit := range after {
				if after[bit] != before[bit] {
					moved |= 1 << bit
				}
			}
			want := groupByPath(path)
			if strings.HasSuffix(path, "orderItems[].orderItemId") && !strings.Contains(path, "packages") {
				if !moved.Has(want) { // it binds all groups of its item
					t.Errorf("%s %s moved %s", example.name, path, moved)
				}
				return
			}
			if moved != want {
				t.Errorf("%s %s moved %s, want %s", example.name, path, moved, want)
			}
		})
	}
}

func TestReducedDigestsSeeTypesOnly(t *testing.T) {
	t.Parallel()
	digest := func(name string) uint64 {
		return readOne(t, smallPage(`"buyer":{"buyerName":`+name+`}`), allGroups, false).Digests[8]
	}
	if digest(`"a"`) != digest(`"b"`) {
		t.Error("a reduced value moved its digest")
	}
	if digest(`"a"`) == digest(`7`) || digest(`"a"`) == 0 {
		t.Error("a reduced type does not count")
	}
}

func TestAbsentGroupsHaveDigestZero(t *testing.T) {
	t.Parallel()
	for _, fields := range []string{``, `"buyer":null`, `"buyer":{}`, `"buyer":{"buyerName":null}`, `"recipient":{"deliveryAddress":{"city":null}},"packages":[]`} {
		order := readOne(t, smallPage(fields), allGroups, true)
		for bit, digest := range order.Digests {
			if (digest != 0) != (bit == 0) {
				t.Errorf("%s: group %s has digest %d", fields, ordersync.Groups(1<<bit), digest)
			}
		}
	}
}

func TestDigestsBindElements(t *testing.T) {
	t.Parallel()
	items := func(a, b string) [ordersync.GroupCount]uint64 {
		return readOne(t, smallPage(`"orderItems":[{"orderItemId":"1","quantityOrdered":`+a+`},{"orderItemId":"2","quantityOrdered":`+b+`}]`), allGroups, false).Digests
	}
	if items("1", "2") == items("2", "1") {
		t.Error("values that changed places between items go unseen")
	}
	programs := func(list string) [ordersync.GroupCount]uint64 {
		return readOne(t, smallPage(`"programs":[`+list+`]`), allGroups, false).Digests
	}
	if programs(`"A","B"`) == programs(`"B","A"`) {
		t.Error("the order of other arrays goes unseen")
	}
}

func TestSpellingDoesNotMatter(t *testing.T) {
	t.Parallel()
	a := readOne(t, smallPage(`"salesChannel":{"channelName":"\u0041MAZON"}`), allGroups, false)
	b := readOne(t, smallPage(`"salesChannel":{"channelName":"AMAZON"}`), allGroups, false)
	if a.Digests != b.Digests {
		t.Error("escapes move the digest")
	}
}

func TestDigestKeyMatters(t *testing.T) {
	t.Parallel()
	other := orderReader{digestKey: bytes.Repeat([]byte("k"), 32)}
	a := readOne(t, fullPage(), allGroups, true)
	page, err := other.page(fullPage(), allGroups, true)
	if err != nil {
		t.Fatal(err)
	}
	b := page.Orders[0]
	for bit := range a.Digests {
		keyed := a.Personal[1<<bit] != nil
		if keyed != (a.Digests[bit] != b.Digests[bit]) {
			t.Errorf("group %s: keyed %v, digests %d and %d", ordersync.Groups(1<<bit), keyed, a.Digests[bit], b.Digests[bit])
		}
	}
}

func TestDigestsAreStored(t *testing.T) {
	t.Parallel()
	// Digests live in databases: a change of the algorithm makes every order look
	// changed. Change these numbers only together with a plan for that.
	want := [ordersync.GroupCount]uint64{
		0xed52468c14d2c6fe, 0xe01f35912e0b6f7c, 0xbbeb6bf4a828b0c8, 0x48a25ad65d092716, 0x570aabdd3bbae34b,
		0x77b9cce5f12a5ad3, 0xc8637f651f9a9b72, 0xd811030e771eef3b, 0xb9a2dc6d0c0da3ec, 0xbeed3c02bb34c681,
	}
	if got := readOne(t, fullPage(), allGroups, true).Digests; got != want {
		t.Errorf("digests %#v", got)
	}
}

func TestPageDigest(t *testing.T) {
	t.Parallel()
	digest := func(body string) uint64 {
		page, err := testReader.page([]byte(body), allGroups, false)
		if err != nil {
			t.Fatal(err)
		}
		return page.Digest
	}
	one := string(smallPage(""))
	other := strings.Replace(one, "03:04:06", "03:04:07", 1)
	if digest(one) == 0 || digest(one) == digest(other) || digest(one) != digest(strings.TrimSuffix(one, `}`)+`,"pagination":{"nextToken":"n"}}`) {
		t.Error("the page digest does not stand for the orders")
	}
	if digest(`{"orders":[{"a":1}]}`) == digest(`{"orders":[{"a":2}]}`) {
		t.Error("unreadable orders do not count")
	}
}
