package chainid

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

type kind int

const (
	kindLiteral kind = iota // true, false, null and integers, as written
	kindString
	kindArray
	kindObject
)

// value is a parsed JSON value with one canonical spelling.
type value struct {
	kind    kind
	text    string
	items   []*value
	names   []string // sorted
	members map[string]*value
}

const (
	maxDepth = 32
	maxSafe  = int64(1)<<53 - 1
)

// parse reads one JSON object and nothing after it.
func parse(b []byte) (*value, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("genesis is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	root, err := parseValue(d, 0)
	if err != nil {
		return nil, fmt.Errorf("read genesis at byte %d: %w", d.InputOffset(), err)
	}
	if root.kind != kindObject {
		return nil, errors.New("genesis is not a JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("bytes after the genesis object")
	}
	return root, nil
}

func parseValue(d *json.Decoder, depth int) (*value, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case nil:
		return &value{text: "null"}, nil
	case bool:
		return &value{text: strconv.FormatBool(t)}, nil
	case json.Number:
		n, err := strconv.ParseInt(t.String(), 10, 64)
		if err != nil || n > maxSafe || n < -maxSafe || strconv.FormatInt(n, 10) != t.String() {
			return nil, fmt.Errorf("number %s is not an integer of at most 53 bits", t)
		}
		return &value{text: t.String()}, nil
	case string:
		// The decoder turns half a surrogate pair into U+FFFD, other languages
		// keep it: neither has one reading.
		if strings.ContainsRune(t, utf8.RuneError) {
			return nil, errors.New("text holds half a surrogate pair or U+FFFD")
		}
		return &value{kind: kindString, text: t}, nil
	case json.Delim:
		if t == '[' {
			return parseArray(d, depth)
		}
		return parseObject(d, depth)
	}
	return nil, fmt.Errorf("unexpected token %v", tok)
}

func parseArray(d *json.Decoder, depth int) (*value, error) {
	v := &value{kind: kindArray}
	for d.More() {
		item, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, item)
	}
	_, err := d.Token()
	return v, err
}

func parseObject(d *json.Decoder, depth int) (*value, error) {
	v := &value{kind: kindObject, members: map[string]*value{}}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := tok.(string)
		if !ok {
			return nil, errors.New("member without a name")
		}
		// Some readers tell "validators" from "Validators" and others do not.
		if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7e || r < 0x20 || 'A' <= r && r <= 'Z' }) {
			return nil, fmt.Errorf("member name %q is not printable ASCII without capital letters", name)
		}
		if _, twice := v.members[name]; twice {
			return nil, fmt.Errorf("member %q occurs twice", name)
		}
		m, err := parseValue(d, depth+1)
		if err != nil {
			return nil, fmt.Errorf("member %q: %w", name, err)
		}
		v.members[name] = m
		v.names = append(v.names, name)
	}
	slices.Sort(v.names)
	_, err := d.Token()
	return v, err
}

// write writes the canonical spelling; a member called skip is left out at
// this level.
func (v *value) write(b *bytes.Buffer, skip string) {
	switch v.kind {
	case kindLiteral:
		b.WriteString(v.text)
	case kindString:
		writeString(b, v.text)
	case kindArray:
		b.WriteByte('[')
		for i, item := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.write(b, "")
		}
		b.WriteByte(']')
	case kindObject:
		b.WriteByte('{')
		first := true
		for _, name := range v.names {
			if skip != "" && name == skip {
				continue
			}
			if !first {
				b.WriteByte(',')
			}
			first = false
			writeString(b, name)
			b.WriteByte(':')
			v.members[name].write(b, "")
		}
		b.WriteByte('}')
	}
}

// writeString escapes what RFC 8785 escapes and nothing else.
func writeString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\b':
			b.WriteString(`\b`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\f':
			b.WriteString(`\f`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < 0x20:
			fmt.Fprintf(b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}
