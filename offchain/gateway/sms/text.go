package sms

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/linxGnu/gosmpp/data"
)

// What fits into one short message, and into one part of a long one after its
// header, in septets of GSM 7-bit and code units of UCS-2.
const (
	singleGSM, partGSM   = 160, 153
	singleUCS2, partUCS2 = 70, 67
	maxParts             = 255
)

// segments is a text as it travels: its coding and the octets of each part,
// without headers. GSM 7-bit is not packed, one octet a septet, as SMPP has it.
func segments(text string, alwaysUCS2 bool) (coding data.Encoding, parts [][]byte, err error) {
	if !utf8.ValidString(text) {
		return nil, nil, errors.New("encode text: it is not UTF-8")
	}
	// A unit is what may not be torn apart: an escaped character, a surrogate pair.
	var units [][]byte
	single, part := singleGSM, partGSM
	if coding = data.GSM7BIT; alwaysUCS2 || len(data.ValidateGSM7String(text)) > 0 {
		coding = data.UCS2
		single, part = 2*singleUCS2, 2*partUCS2
	}
	total := 0
	for _, r := range text {
		unit, err := encodeRune(coding, r)
		if err != nil {
			return nil, nil, err
		}
		units = append(units, unit)
		total += len(unit)
	}
	limit := part
	if total <= single {
		limit = single
	}
	current := []byte{}
	for _, unit := range units {
		if len(current)+len(unit) > limit {
			parts = append(parts, current)
			current = nil
		}
		current = append(current, unit...)
	}
	if parts = append(parts, current); len(parts) > maxParts {
		return nil, nil, errors.New("encode text: it needs more than 255 parts")
	}
	return coding, parts, nil
}

func encodeRune(coding data.Encoding, r rune) ([]byte, error) {
	if coding == data.GSM7BIT {
		return coding.Encode(string(r))
	}
	var unit []byte
	for _, u := range utf16.AppendRune(nil, r) {
		unit = binary.BigEndian.AppendUint16(unit, u)
	}
	return unit, nil
}
