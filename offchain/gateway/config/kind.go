package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var durationType = reflect.TypeFor[time.Duration]()

// want says what is to be written for the key.
func (s setting) want() string {
	switch {
	case s.value.Type() == durationType:
		return `a duration in quotes such as "90s"`
	case s.list():
		return `a list such as ["a", "b"]`
	case s.value.Kind() == reflect.Bool:
		return "true or false, without quotes"
	case s.value.Kind() == reflect.String:
		return "a text in quotes"
	}
	return "a whole number, without quotes"
}

// check refuses a value of another type than the key's. The value is not
// repeated: it may be a password at the wrong place.
func (s setting) check(value any) error {
	var ok bool
	switch {
	case s.value.Type() == durationType:
		var text string
		if text, ok = value.(string); ok {
			_, err := time.ParseDuration(text)
			ok = err == nil
		}
	case s.list():
		var list []any
		list, ok = value.([]any)
		for _, v := range list {
			_, text := v.(string)
			ok = ok && text
		}
	case s.value.Kind() == reflect.Bool:
		_, ok = value.(bool)
	case s.value.Kind() == reflect.String:
		_, ok = value.(string)
	default:
		_, ok = value.(int64)
	}
	if !ok {
		return fmt.Errorf("%s: write %s", s.key, s.want())
	}
	return nil
}

// parse reads the text of an environment variable.
func (s setting) parse(text string) (value any, err error) {
	switch {
	case s.value.Type() == durationType:
		value, err = time.ParseDuration(text)
	case s.list():
		return strings.Split(text, ","), nil
	case s.value.Kind() == reflect.Bool:
		value, err = strconv.ParseBool(text)
	case s.value.Kind() == reflect.String:
		return text, nil
	default:
		value, err = strconv.Atoi(text)
	}
	if err != nil {
		return nil, fmt.Errorf("want %s", strings.NewReplacer(" in quotes", "", ", without quotes", "", `"`, "").Replace(s.want()))
	}
	return value, nil
}
