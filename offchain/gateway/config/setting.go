package config

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// setting is one key: a field of Config or of one of its sections.
type setting struct {
	key   string
	doc   string
	path  string
	value reflect.Value
}

func (s setting) list() bool { return s.value.Kind() == reflect.Slice }

// walk visits keys and sections in the order of the file.
func walk(c *Config, key func(setting), open func(name, doc string)) {
	fields(reflect.ValueOf(c).Elem(), "", key, open)
}

func fields(v reflect.Value, prefix string, key func(setting), open func(name, doc string)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name := prefix + field.Tag.Get("koanf")
		if field.Type.Kind() == reflect.Struct {
			open(name, field.Tag.Get("doc"))
			fields(v.Field(i), name+".", key, open)
			continue
		}
		key(setting{key: name, doc: field.Tag.Get("doc"), path: field.Tag.Get("path"), value: v.Field(i)})
	}
}

// keysOf lists the settings by key.
func keysOf(c *Config) map[string]setting {
	all := map[string]setting{}
	walk(c, func(s setting) { all[s.key] = s }, func(string, string) {})
	return all
}

// Marshal writes the file, with what each key is for.
func (c Config) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString("# Settings of an issuer's gateway. Paths are relative to this file; an unknown key is an error.\n")
	comment := func(doc string) {
		if doc != "" {
			fmt.Fprintf(&b, "\n# %s\n", strings.ReplaceAll(doc, "\n", "\n# "))
		}
	}
	walk(&c, func(s setting) {
		comment(s.doc)
		fmt.Fprintf(&b, "%s = %s\n", s.key[strings.LastIndex(s.key, ".")+1:], literal(s.value))
	}, func(name, doc string) {
		comment(doc)
		fmt.Fprintf(&b, "[%s]\n", name)
	})
	return b.Bytes()
}

// literal of TOML.
func literal(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case string:
		return fmt.Sprintf("%q", value)
	case time.Duration:
		return fmt.Sprintf("%q", value)
	case []string:
		quoted := make([]string, len(value))
		for i := range value {
			quoted[i] = fmt.Sprintf("%q", value[i])
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	default:
		return fmt.Sprint(value)
	}
}
