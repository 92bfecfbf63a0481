package blindtoken

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"

	"github.com/cloudflare/circl/blindsign/blindrsa"

	"github.com/urna-vote/urna/crypto/blindtoken/internal/power"
)

// Exponent is the public exponent of every issuer key.
const Exponent = 65537

// The allowed sizes of a modulus.
const (
	DefaultBits = 2048
	LargeBits   = 3072
)

// PublicKey is the key of one member of one panel. It is immutable and may be
// used by several goroutines.
type PublicKey struct {
	rsa      *rsa.PublicKey
	verifier blindrsa.Verifier
	client   blindrsa.Client
	id       [32]byte
	fast     *power.Modulus // for 2,048 bits, where the machine has wide registers
}

// DecodePublicKey reads a modulus: big-endian, 256 or 384 bytes, highest and
// lowest bit set. Whether the issuer may use it says its key proof.
func DecodePublicKey(b []byte) (*PublicKey, error) {
	if len(b) != DefaultBits/8 && len(b) != LargeBits/8 {
		return nil, fmt.Errorf("decode modulus of %d bytes: %w", len(b), ErrEncoding)
	}
	if b[0]&0x80 == 0 {
		return nil, fmt.Errorf("decode modulus: highest bit is not set: %w", ErrEncoding)
	}
	if b[len(b)-1]&1 == 0 {
		return nil, fmt.Errorf("decode modulus: even: %w", ErrKey)
	}
	return newPublicKey(&rsa.PublicKey{N: new(big.Int).SetBytes(b), E: Exponent})
}

func newPublicKey(k *rsa.PublicKey) (*PublicKey, error) {
	verifier, err := blindrsa.NewVerifier(blindrsa.SHA384PSSDeterministic, k)
	if err != nil {
		return nil, fmt.Errorf("make verifier: %w", err)
	}
	client, err := blindrsa.NewClient(blindrsa.SHA384PSSDeterministic, k)
	if err != nil {
		return nil, fmt.Errorf("make blinding client: %w", err)
	}
	key := &PublicKey{rsa: k, verifier: verifier, client: client}
	key.id = sha256.Sum256(key.Encode())
	if k.N.BitLen() == DefaultBits && power.Available() {
		key.fast = power.NewModulus(k.N)
	}
	return key, nil
}

// Encode is the modulus, big-endian.
func (k *PublicKey) Encode() []byte {
	return k.rsa.N.FillBytes(make([]byte, k.Size()))
}

// Size is the length of the modulus, of blinded messages and of signatures in
// bytes.
func (k *PublicKey) Size() int {
	return (k.rsa.N.BitLen() + 7) / 8
}

// ID is SHA-256 of the encoding: the name under which a modulus is registered
// once on a chain.
func (k *PublicKey) ID() [32]byte { return k.id }

// Equal reports whether two keys are the same.
func (k *PublicKey) Equal(other *PublicKey) bool {
	return k.rsa.Equal(other.rsa)
}

// number reads a signature or blinded message: exactly as long as the modulus,
// smaller than it and not zero.
func (k *PublicKey) number(b []byte) (*big.Int, error) {
	if len(b) != k.Size() {
		return nil, fmt.Errorf("%d bytes where the modulus has %d: %w", len(b), k.Size(), ErrEncoding)
	}
	v := new(big.Int).SetBytes(b)
	if v.Sign() == 0 || v.Cmp(k.rsa.N) >= 0 {
		return nil, fmt.Errorf("number is zero or not below the modulus: %w", ErrEncoding)
	}
	return v, nil
}

// power is v^e mod N.
func (k *PublicKey) power(v *big.Int) *big.Int {
	return new(big.Int).Exp(v, big.NewInt(Exponent), k.rsa.N)
}

// PrivateKey is the private key of one member of one panel. It signs blinded
// messages and proves itself, and does nothing else.
type PrivateKey struct {
	rsa    *rsa.PrivateKey
	public *PublicKey
	// The exponentiations modulo the primes, where the machine has wide registers.
	fastP, fastQ *power.Prime
}

// GenerateKey makes a key of DefaultBits or LargeBits from the system's
// randomness.
func GenerateKey(bits int) (*PrivateKey, error) {
	if bits != DefaultBits && bits != LargeBits {
		return nil, fmt.Errorf("generate issuer key of %d bits: use %d or %d: %w", bits, DefaultBits, LargeBits, ErrKey)
	}
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("generate issuer key: %w", err)
	}
	return newPrivateKey(k)
}

// ParsePKCS8 restores a key from the gateway's file.
func ParsePKCS8(der []byte) (*PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		// The library's text may describe the content of a secret file.
		return nil, fmt.Errorf("parse issuer key: not PKCS #8: %w", ErrEncoding)
	}
	k, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("parse issuer key: not an RSA key: %w", ErrKey)
	}
	return newPrivateKey(k)
}

func newPrivateKey(k *rsa.PrivateKey) (*PrivateKey, error) {
	if k.E != Exponent || len(k.Primes) != 2 {
		return nil, fmt.Errorf("use issuer key: need exponent %d and two primes: %w", Exponent, ErrKey)
	}
	if err := k.Validate(); err != nil {
		return nil, fmt.Errorf("use issuer key: numbers do not belong together: %w", ErrKey)
	}
	k.Precompute()
	public, err := DecodePublicKey(k.N.Bytes())
	if err != nil {
		return nil, fmt.Errorf("use issuer key: %w", err)
	}
	return &PrivateKey{
		rsa: k, public: public,
		fastP: power.NewPrime(k.Primes[0], k.Precomputed.Dp), fastQ: power.NewPrime(k.Primes[1], k.Precomputed.Dq),
	}, nil
}

// Public is the public half.
func (k *PrivateKey) Public() *PublicKey {
	return k.public
}

// RevealPKCS8 is the key itself, for the gateway's encrypted file and nothing
// else.
func (k *PrivateKey) RevealPKCS8() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.rsa)
	if err != nil {
		return nil, fmt.Errorf("encode issuer key: %w", err)
	}
	return der, nil
}

// Format prints a redaction.
func (PrivateKey) Format(f fmt.State, _ rune) {
	io.WriteString(f, "[issuer private key]")
}
