package envelope_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/urna-vote/urna/crypto/sign"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

const chain = "envelope-test-0011223344556677"

func key() sign.PrivateKey { return sign.NewPrivateKey(sha256.Sum256([]byte("envelope"))) }

func TestEnvelopeReadsWhatItMakes(t *testing.T) {
	raw, err := envelope.Encode(chain, 17, []byte("body"), key())
	if err != nil {
		t.Fatal(err)
	}
	tx, err := envelope.Decode(raw, chain)
	if err != nil {
		t.Fatal(err)
	}
	public := key().Public()
	if tx.Version != 1 || tx.Kind != 17 || string(tx.Body) != "body" || !bytes.Equal(tx.Signer, public[:]) {
		t.Fatalf("%+v", tx)
	}
	if err := envelope.NewSignatureFact(tx).Verify(); err != nil {
		t.Fatal(err)
	}
	if envelope.Hash(raw) != sha256.Sum256(raw) {
		t.Fatal("the hash is not SHA-256 of the bytes")
	}
}

// The bytes that are signed, written out by hand.
func TestSignBytesAreThoseOfTheSpecification(t *testing.T) {
	tx := &txv1.Tx{Version: 1, ChainId: chain, Kind: 96, Body: []byte{1, 2, 3}, Signer: bytes.Repeat([]byte{9}, 32)}
	var b []byte
	field := func(f []byte) { b = append(binary.BigEndian.AppendUint64(b, uint64(len(f))), f...) }
	field([]byte("urna/v1/tx"))
	field([]byte(chain))
	field(make([]byte, 32))
	field([]byte{0, 0, 0, 0, 0, 0, 0, 1})
	field([]byte{0, 0, 0, 0, 0, 0, 0, 96})
	field([]byte{1, 2, 3})
	field(tx.Signer)
	want := sha512.Sum512(b)
	if !bytes.Equal(envelope.SignBytes(tx), want[:]) {
		t.Fatalf("%x, want %x", envelope.SignBytes(tx), want)
	}
}

func TestSignatureIsBoundToEveryField(t *testing.T) {
	raw, err := envelope.Encode(chain, 17, []byte("body"), key())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(tx *txv1.Tx){
		"version":   func(tx *txv1.Tx) { tx.Version++ },
		"chain":     func(tx *txv1.Tx) { tx.ChainId += "x" },
		"kind":      func(tx *txv1.Tx) { tx.Kind++ },
		"body":      func(tx *txv1.Tx) { tx.Body = append(tx.Body, 0) },
		"signer":    func(tx *txv1.Tx) { k := sign.NewPrivateKey([32]byte{1}).Public(); tx.Signer = k[:] },
		"signature": func(tx *txv1.Tx) { tx.Signature[0] ^= 1 },
	} {
		tx, err := envelope.Decode(raw, chain)
		if err != nil {
			t.Fatal(err)
		}
		change(tx)
		if envelope.NewSignatureFact(tx).Verify() == nil {
			t.Errorf("another %s passes", name)
		}
	}
}

func TestDecodeNamesWhatIsWrong(t *testing.T) {
	good := txv1.Tx{Version: 1, ChainId: chain, Kind: 17, Body: []byte("b"), Signer: make([]byte, 32), Signature: make([]byte, 64)}
	for name, c := range map[string]struct {
		change func(tx *txv1.Tx)
		code   ledger.Code
		field  string
	}{
		"version":             {func(tx *txv1.Tx) { tx.Version = 0 }, envelope.CodeVersion, "version"},
		"chain":               {func(tx *txv1.Tx) { tx.ChainId = "" }, envelope.CodeWrongChain, "chain_id"},
		"kind":                {func(tx *txv1.Tx) { tx.Kind = 0 }, envelope.CodeUnknownKind, "kind"},
		"long signer":         {func(tx *txv1.Tx) { tx.Signer = make([]byte, 33) }, envelope.CodeMalformed, "signer"},
		"long signature":      {func(tx *txv1.Tx) { tx.Signature = make([]byte, 65) }, envelope.CodeMalformed, "signature"},
		"signer alone":        {func(tx *txv1.Tx) { tx.Signature = nil }, envelope.CodeMalformed, "signature"},
		"signature alone":     {func(tx *txv1.Tx) { tx.Signer = nil }, envelope.CodeMalformed, "signature"},
		"body over the limit": {func(tx *txv1.Tx) { tx.Body = make([]byte, envelope.MaxBytes) }, envelope.CodeTooLarge, "transaction"},
	} {
		tx := good
		c.change(&tx)
		_, err := envelope.Decode(ledger.MustEncode(&tx), chain)
		var r *ledger.Refusal
		if !errors.As(err, &r) || r.Code != c.code || r.Field != c.field || r.Code.Retry() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEncodeRefusesWhatDecodeWould(t *testing.T) {
	if _, err := envelope.Encode(chain, 0, nil, key()); err == nil {
		t.Error("a transaction without a kind")
	}
	if _, err := envelope.EncodeUnsigned(chain, 65, make([]byte, envelope.MaxBytes)); err == nil {
		t.Error("a transaction over the limit")
	}
}
