package room

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
)

// A ticket is
//
//	base64url(number, 8 bytes big-endian ‖ the first 16 bytes of HMAC-SHA-256(key, "urna/v1/room/ticket" ‖ number))
const (
	numberSize = 8
	tagSize    = 16
	label      = "urna/v1/room/ticket"
)

func (r *Room) write(number int64) string {
	return base64.RawURLEncoding.EncodeToString(r.sealed(number))
}

func (r *Room) sealed(number int64) []byte {
	out := binary.BigEndian.AppendUint64(nil, uint64(number))
	mac := hmac.New(sha256.New, r.cfg.Key[:])
	mac.Write([]byte(label))
	mac.Write(out)
	return append(out, mac.Sum(nil)[:tagSize]...)
}

// read gives the number of a ticket, ErrTicket if it is none.
func (r *Room) read(ticket string) (int64, error) {
	if len(ticket) != base64.RawURLEncoding.EncodedLen(numberSize+tagSize) {
		return 0, ErrTicket
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil {
		return 0, ErrTicket
	}
	number := int64(binary.BigEndian.Uint64(b))
	if subtle.ConstantTimeCompare(b, r.sealed(number)) != 1 {
		return 0, ErrTicket
	}
	return number, nil
}
