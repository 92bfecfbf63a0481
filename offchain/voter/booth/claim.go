package booth

import (
	"fmt"

	"github.com/urna-vote/urna/crypto/sign"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Claim is the transaction that asks a member on the ledger for the signature of
// its blinded message. It is a function of the application and the claim key:
// made again, the bytes are the same.
func (a *Application) Claim(member int, key sign.PrivateKey) ([]byte, error) {
	m := &issuancev1.ClaimSignature{
		ElectionId: a.record.ElectionId, Entry: a.record.Entry, Member: uint32(member), BlindedMessage: a.Blinded(member),
	}
	raw, err := envelope.Encode(a.params.ChainID, uint32(txv1.Kind_KIND_CLAIM_SIGNATURE), ledger.MustEncode(m), key)
	if err != nil {
		return nil, fmt.Errorf("claim signature of %s: %w", a.params.Members(a.panel)[member].Name, err)
	}
	return raw, nil
}
