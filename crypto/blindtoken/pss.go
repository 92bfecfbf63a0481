package blindtoken

import (
	"bytes"
	"crypto/sha512"
	"crypto/subtle"

	"github.com/urna-vote/urna/crypto/blindtoken/internal/power"
)

// The encoding of RFC 8017, 9.1, with SHA-384, a salt of 48 bytes and 2,047
// bits: masked data, hash, a trailer of one byte. The data is zeros, a one and
// the salt; its highest bit is cleared after masking.
const (
	pssHash  = sha512.Size384
	pssData  = power.Size - pssHash - 1
	pssZeros = pssData - pssHash - 1
	trailer  = 0xbc
)

// encode is EMSA-PSS-ENCODE.
func encode(message []byte, salt *[pssHash]byte) (em [power.Size]byte) {
	data, h := em[:pssData], em[pssData:pssData+pssHash]
	data[pssZeros] = 1
	copy(data[pssZeros+1:], salt[:])
	hash := saltedHash(message, salt[:])
	copy(h, hash[:])
	mask(data, h)
	em[len(em)-1] = trailer
	return em
}

// encodes is EMSA-PSS-VERIFY; it overwrites em.
func encodes(em *[power.Size]byte, message []byte) bool {
	data, h := em[:pssData], em[pssData:pssData+pssHash]
	if em[len(em)-1] != trailer || data[0]&0x80 != 0 {
		return false
	}
	mask(data, h)
	for _, b := range data[:pssZeros] {
		if b != 0 {
			return false
		}
	}
	want := saltedHash(message, data[pssZeros+1:])
	return data[pssZeros] == 1 && bytes.Equal(h, want[:])
}

// mask adds MGF1 of h to the data and clears its highest bit.
func mask(data, h []byte) {
	var seed [pssHash + 4]byte // h and a counter of four bytes
	copy(seed[:], h)
	for at := 0; at < len(data); at += pssHash {
		block := sha512.Sum384(seed[:])
		subtle.XORBytes(data[at:], data[at:], block[:])
		seed[pssHash+3]++
	}
	data[0] &= 0x7f
}

func saltedHash(message, salt []byte) [pssHash]byte {
	var salted [8 + 2*pssHash]byte
	digest := sha512.Sum384(message)
	copy(salted[8:], digest[:])
	copy(salted[8+pssHash:], salt)
	return sha512.Sum384(salted[:])
}
