package spapi

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// A body full of names that stand twice is read as fast as any other: nothing is
// moved for each of them.
func TestManyDuplicateNamesAreReadQuickly(t *testing.T) {
	t.Parallel()
	const many = 200_000
	var body strings.Builder
	body.WriteString(`{"orders":[],"x":{`)
	for i := range many {
		body.WriteString(`"` + strconv.Itoa(i) + `":1,`)
	}
	body.WriteString(strings.Repeat(`"0":2,`, many) + `"0":3}}`)
	begun := time.Now()
	if _, err := testReader.page([]byte(body.String()), allGroups, true); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestOfDuplicateNamesTheLastCounts(t *testing.T) {
	t.Parallel()
	const body = ` {"a":1,"b":{"c":[1,{"d":1,"d":2}],"c":[{"d":3,"\u0064":4},5]},"a":{},"e":[]}`
	got, err := lastWins([]byte(body))
	if want := `{"a":{},"b":{"c":[{"d":4},5]},"e":[]}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
