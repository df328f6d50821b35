package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// importLine is one line of an import file.
type importLine struct {
	TenantID         *string   `json:"tenantId"`
	DisplayName      *string   `json:"displayName"`
	Region           *string   `json:"region"`
	SellingPartnerID *string   `json:"sellingPartnerId"`
	MarketplaceIDs   *[]string `json:"marketplaceIds"`
	Status           *string   `json:"status"`
	RefreshToken     *string   `json:"refreshToken"`
	AuthorizedAt     *string   `json:"authorizedAt"`
	PersonalData     *bool     `json:"personalData"`
	Cursor           *string   `json:"cursor"`
	LastSuccessAt    *string   `json:"lastSuccessAt"`
}

// The limits of a line's fields, in bytes.
const (
	maxRefreshToken = 4096 // Amazon's have at most 2,048
	maxDisplayName  = 200
	maxCursor       = 64 << 10
)

// parseImportLine reads one line. Its errors name the field and what to write
// there, all in one sentence, and never repeat a value that may be secret.
func parseImportLine(line []byte) (engine.ConnectionSpec, error) {
	if !utf8.Valid(line) {
		return engine.ConnectionSpec{}, errors.New("the line is not UTF-8: save the file as UTF-8")
	}
	var l importLine
	if err := json.Unmarshal(line, &l, json.RejectUnknownMembers(true)); err != nil {
		return engine.ConnectionSpec{}, shapeError(err)
	}
	p := lineParser{}
	p.parse(&l)
	return p.spec, p.err()
}

// lineParser collects what a line says and what is wrong with it.
type lineParser struct {
	spec     engine.ConnectionSpec
	problems []string
}

func (p *lineParser) parse(l *importLine) {
	s := &p.spec
	if p.given("tenantId", l.TenantID) {
		s.Tenant = read(p, ordersync.ParseTenantID, *l.TenantID)
	}
	if p.given("region", l.Region) {
		s.Region = read(p, ordersync.ParseRegion, *l.Region)
	}
	if l.SellingPartnerID != nil {
		s.SellerID = *l.SellingPartnerID
		p.check(ordersync.CheckSellerID(s.SellerID))
	}
	if l.Status != nil {
		s.State = read(p, ordersync.ParseState, *l.Status)
	}
	if l.RefreshToken != nil {
		p.check(checkRefreshToken(*l.RefreshToken))
		s.RefreshToken = secret.New(*l.RefreshToken)
	}
	if l.MarketplaceIDs != nil && s.Region != "" {
		p.check(ordersync.CheckMarketplaces(*l.MarketplaceIDs, s.Region))
	}
	if l.Cursor != nil {
		p.check(atMost("cursor", *l.Cursor, maxCursor))
		s.Cursor = *l.Cursor
	}
	if l.DisplayName != nil {
		p.check(atMost("displayName", *l.DisplayName, maxDisplayName))
	}
	s.AuthorizedAt = p.time("authorizedAt", l.AuthorizedAt)
	s.LastSuccessAt = p.time("lastSuccessAt", l.LastSuccessAt)
	s.DisplayName, s.Marketplaces, s.PersonalData = l.DisplayName, l.MarketplaceIDs, l.PersonalData
}

// given tells whether a required field is there.
func (p *lineParser) given(field string, value *string) bool {
	if value == nil {
		p.problems = append(p.problems, field+" is missing: every line needs tenantId and region")
	}
	return value != nil
}

func (p *lineParser) check(err error) {
	if err != nil {
		p.problems = append(p.problems, err.Error())
	}
}

func read[T any](p *lineParser, parse func(string) (T, error), value string) T {
	v, err := parse(value)
	p.check(err)
	return v
}

// time reads a time; zero when it was not given.
func (p *lineParser) time(field string, value *string) time.Time {
	if value == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, *value)
	if err != nil || at.Year() < 1970 {
		p.problems = append(p.problems, field+" is no RFC 3339 time: write it like 2026-01-12T02:54:23Z")
	}
	return at.UTC()
}

func (p *lineParser) err() error {
	if len(p.problems) == 0 {
		return nil
	}
	return errors.New(strings.Join(p.problems, "; "))
}

func atMost(field, value string, most int) error {
	if len(value) > most {
		return fmt.Errorf("%s has %d bytes, at most %d are allowed", field, len(value), most)
	}
	return nil
}

var printable = regexp.MustCompile(`^[!-~]*$`)

// checkRefreshToken checks a token's shape without ever repeating it.
func checkRefreshToken(token string) error {
	if err := atMost("refreshToken", token, maxRefreshToken); err != nil {
		return err
	}
	if !printable.MatchString(token) {
		return errors.New("refreshToken has a space, a line end or a character that tokens never have: copy it again, whole and alone")
	}
	return nil
}

// ordinaryName is a field's name that can be repeated: it is no secret that
// came into the wrong place.
var ordinaryName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,32}$`)

// shapeError says what is wrong with a line's JSON without repeating values.
func shapeError(err error) error {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntactic):
		return fmt.Errorf("%s stands twice", fieldName(syntactic.JSONPointer))
	case errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName):
		return unknownField(fieldName(semantic.JSONPointer))
	case errors.As(err, &semantic) && semantic.JSONPointer != "":
		name := fieldName(semantic.JSONPointer)
		return fmt.Errorf("%s has the wrong type: it must be %s", name, fieldTypes()[name])
	}
	return errors.New("the line is no JSON object: write one object in braces, with double quotes around names and texts")
}

// fieldName is the line's field in which a problem lies.
func fieldName(p jsontext.Pointer) string {
	for token := range p.Tokens() {
		if ordinaryName.MatchString(token) {
			return token
		}
		break
	}
	return "a field with an odd name"
}

func unknownField(name string) error {
	for known := range fieldTypes() {
		if strings.EqualFold(known, name) {
			return fmt.Errorf("%s is an unknown field: write it %s", name, known)
		}
	}
	return fmt.Errorf("%s is an unknown field: leave it out, or see docs/import.md for the fields there are", name)
}

// fieldTypes says of every field of a line what it must be.
func fieldTypes() map[string]string {
	words := map[reflect.Type]string{
		reflect.TypeFor[*string](): "a text", reflect.TypeFor[*bool](): "true or false", reflect.TypeFor[*[]string](): "a list of texts",
	}
	types := map[string]string{}
	for field := range reflect.TypeFor[importLine]().Fields() {
		types[field.Tag.Get("json")] = words[field.Type]
	}
	return types
}
