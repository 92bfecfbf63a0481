package api

import (
	"math"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/urna-vote/urna/proto/api"
)

// hexPattern is what api.Hex reads.
const hexPattern = "^([0-9a-fA-F]{2})*$"

// describeFields adds to the description what decides whether a field can be read:
// what is found only while reading comes without the field's name.
func describeFields(all huma.Registry) {
	for name, schema := range all.Map() {
		of := all.TypeFromRef("#/components/schemas/" + name)
		if of == nil || of.Kind() != reflect.Struct {
			continue
		}
		for _, field := range reflect.VisibleFields(of) {
			member, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if property := schema.Properties[member]; property != nil {
				describe(property, field.Type)
			}
		}
		schema.PrecomputeMessages()
	}
}

func describe(property *huma.Schema, of reflect.Type) {
	hex := reflect.TypeFor[api.Hex]()
	switch {
	case of == hex:
		property.Pattern, property.PatternDescription = hexPattern, "hex, two digits a byte"
	case of.Kind() == reflect.Slice && property.Items != nil:
		describe(property.Items, of.Elem())
	case of.Kind() == reflect.Uint32 && property.Maximum == nil:
		most := float64(math.MaxUint32)
		property.Maximum = &most
	default:
		return
	}
	property.PrecomputeMessages()
}

// atFault says field and reason of what the library found. What it says of a body
// that is no JSON is dropped: it quotes pieces of it.
func atFault(e *huma.ErrorDetail) (field, reason string) {
	field = strings.TrimPrefix(strings.TrimPrefix(e.Location, "body"), ".")
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if rest, ok := strings.CutPrefix(e.Message, before); ok {
		if name, ok := strings.CutSuffix(rest, after); ok {
			return strings.TrimPrefix(field+"."+name, "."), "is missing"
		}
	}
	switch {
	case field != "":
		return field, e.Message
	case e.Message == validation.MsgExpectedObject:
		return "body", e.Message
	}
	return "body", ""
}
