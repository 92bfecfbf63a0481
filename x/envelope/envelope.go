package envelope

import (
	"crypto/sha256"
	"fmt"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/transcript"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ledger"
)

// Version of the envelope.
const Version = 1

// MaxBytes limits a transaction of any kind; most kinds have a smaller limit.
const MaxBytes = 1 << 20

var label = transcript.Register("tx")

// Encode makes a signed transaction. The body is the canonical encoding of the
// kind's message.
func Encode(chainID string, kind uint32, body []byte, key sign.PrivateKey) ([]byte, error) {
	public := key.Public()
	tx := &txv1.Tx{Version: Version, ChainId: chainID, Kind: kind, Body: body, Signer: public[:]}
	signature := key.Sign(SignBytes(tx))
	tx.Signature = signature[:]
	return encode(tx)
}

// EncodeUnsigned makes a transaction of a kind that needs no signer.
func EncodeUnsigned(chainID string, kind uint32, body []byte) ([]byte, error) {
	return encode(&txv1.Tx{Version: Version, ChainId: chainID, Kind: kind, Body: body})
}

func encode(tx *txv1.Tx) ([]byte, error) {
	raw, err := tx.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode transaction of kind %d: %w", tx.Kind, err)
	}
	if _, err := Decode(raw, tx.ChainId); err != nil {
		return nil, fmt.Errorf("encode transaction of kind %d: %w", tx.Kind, err)
	}
	return raw, nil
}

// Decode reads a transaction for a chain. What it refuses no chain state can
// make right; the error is a *ledger.Refusal. The signature is not checked
// here: see SignatureFact. Whether the kind exists and wants a signer is the
// router's question.
func Decode(raw []byte, chainID string) (*txv1.Tx, error) {
	if len(raw) > MaxBytes {
		return nil, CodeTooLarge.Refuse("transaction", "%d bytes are more than the limit of %d", len(raw), MaxBytes)
	}
	tx, err := ledger.DecodeStrict[txv1.Tx](raw, MaxBytes)
	if err != nil {
		return nil, CodeMalformed.Refuse("transaction", "%v", err)
	}
	if tx.Version != Version {
		return nil, CodeVersion.Refuse("version", "%d is not the version this chain knows, %d", tx.Version, Version)
	}
	if tx.ChainId != chainID {
		return nil, CodeWrongChain.Refuse("chain_id", "made for chain %q, this is %q", clip(tx.ChainId), chainID)
	}
	if tx.Kind == 0 {
		return nil, CodeUnknownKind.Refuse("kind", "no kind is given")
	}
	switch {
	case len(tx.Signer) == 0 && len(tx.Signature) != 0:
		return nil, CodeMalformed.Refuse("signature", "there is a signature without a signer")
	case len(tx.Signer) != 0 && len(tx.Signer) != sign.PublicKeySize:
		return nil, CodeMalformed.Refuse("signer", "%d bytes, a key has %d", len(tx.Signer), sign.PublicKeySize)
	case len(tx.Signer) != 0 && len(tx.Signature) != sign.SignatureSize:
		return nil, CodeMalformed.Refuse("signature", "%d bytes, a signature has %d", len(tx.Signature), sign.SignatureSize)
	}
	return tx, nil
}

// SignBytes is what the signer of a transaction signs.
func SignBytes(tx *txv1.Tx) []byte {
	t := transcript.NewForChain(label, tx.ChainId)
	t.AppendUint64(uint64(tx.Version))
	t.AppendUint64(uint64(tx.Kind))
	t.Append(tx.Body)
	t.Append(tx.Signer)
	sum := t.Sum()
	return sum[:]
}

// Hash is the hash of a transaction.
func Hash(raw []byte) [32]byte { return sha256.Sum256(raw) }

// SignatureFact states that the signer of a decoded transaction signed it.
type SignatureFact struct{ item sign.Item }

// NewSignatureFact states it of a transaction that Decode accepted and that
// has a signer.
func NewSignatureFact(tx *txv1.Tx) *SignatureFact {
	return &SignatureFact{item: sign.Item{
		Public:    [sign.PublicKeySize]byte(tx.Signer),
		Message:   SignBytes(tx),
		Signature: [sign.SignatureSize]byte(tx.Signature),
	}}
}

// Verify checks the signature by itself.
func (f *SignatureFact) Verify() error { return sign.Verify(f.item) }

// SignItem lets many signatures be checked together.
func (f *SignatureFact) SignItem() sign.Item { return f.item }

// clip shortens what a stranger wrote before it is repeated.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
