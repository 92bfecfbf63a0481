package keyring

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/sign"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// Registration is the signed transaction that publishes the key of a slot with
// its key proof. Issuer is the index in the election's definition. The proof
// is a function of the key: made again, the transaction is the same.
func (r *Ring) Registration(chainID string, slot Slot, issuer uint32, operator sign.PrivateKey) ([]byte, error) {
	key, ok := r.Key(slot)
	if !ok {
		return nil, fmt.Errorf("publish token key: there is none for class %d, panel %d of election %x", slot.Class, slot.Panel, slot.Election[:4])
	}
	context := issuance.KeyContext(chainID, slot.Election, slot.Class, slot.Panel, operator.Public())
	message, err := issuance.NewRegisterIssuerKey(key, context, issuer)
	if err != nil {
		return nil, fmt.Errorf("publish token key: %w", err)
	}
	raw, err := envelope.Encode(chainID, uint32(txv1.Kind_KIND_REGISTER_ISSUER_KEY), ledger.MustEncode(message), operator)
	if err != nil {
		return nil, fmt.Errorf("publish token key: %w", err)
	}
	return raw, nil
}
