package load

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Faults of the ballots of a flood, by turns.
const (
	faultProof     = iota // a proof of nothing, all else right: the dearest to refuse
	faultSignature        // signed by nobody
	faultToken            // a token that no issuer signed
	faultCopy             // the ciphertexts and proof of another voter
	faults
)

// Invalid makes ballots that must all be refused, each different, from good ones
// of voters from..to, which must not be cast: whether a ballot's key is spent is
// known before anything of it is verified.
func (m *Maker) Invalid(good *List, from, to, count int) (*List, error) {
	voters := to - from
	if from < 0 || to > good.Len() || voters < 2 || count > voters*faults*mostVariants {
		return nil, fmt.Errorf("make %d invalid ballots of voters %d to %d: too few voters", count, from, to)
	}
	bodies := make([]*txv1.Tx, voters)
	for i := range bodies {
		raw, err := good.Read(from + i)
		if err != nil {
			return nil, err
		}
		if bodies[i], err = envelope.Decode(raw, m.secrets.ChainID); err != nil {
			return nil, fmt.Errorf("make invalid ballots: %w", err)
		}
	}
	var all bytes.Buffer
	list := &List{}
	for n := range count {
		i := n / faults % voters
		raw, err := m.spoil(from+i, bodies[i], bodies[(i+1)%voters], n%faults, n/(faults*voters)+1)
		if err != nil {
			return nil, fmt.Errorf("make invalid ballots: %w", err)
		}
		list.places = append(list.places, place{at: int64(all.Len()), size: uint32(len(raw)), hash: sha256.Sum256(raw)})
		all.Write(raw)
	}
	list.file = bytes.NewReader(all.Bytes())
	return list, nil
}

// mostVariants of one voter's ballot with one fault.
const mostVariants = 60_000

// spoil puts one fault into a ballot and signs it with the ballot key, so that
// nothing else is wrong with it. Variants of a fault differ in two bytes.
func (m *Maker) spoil(voter int, tx, other *txv1.Tx, fault, variant int) ([]byte, error) {
	style := m.voters(voter).Style
	key := m.secrets.tokenSecret(voter).BallotKey(m.styles[style].Scope(0))
	change := func(b []byte, at int) {
		b[at] ^= byte(variant)
		b[at+1] ^= byte(variant >> 8)
	}
	if fault == faultSignature {
		spoiled := *tx
		spoiled.Signature = bytes.Clone(tx.Signature)
		change(spoiled.Signature, 0)
		return spoiled.Marshal()
	}
	message, err := ledger.DecodeStrict[ballotv1.CastBallot](tx.Body, len(tx.Body))
	if err != nil {
		return nil, err
	}
	switch fault {
	case faultProof:
		// The low bytes of the last scalar: it stays canonical.
		message.Proof = bytes.Clone(message.Proof)
		change(message.Proof, len(message.Proof)-32)
	case faultToken:
		signature := bytes.Clone(message.Token.Signatures[0])
		change(signature, len(signature)-2)
		message.Token = &ballotv1.Token{Panel: message.Token.Panel, Signatures: append([][]byte{signature}, message.Token.Signatures[1:]...)}
	case faultCopy:
		theirs, err := ledger.DecodeStrict[ballotv1.CastBallot](other.Body, len(other.Body))
		if err != nil {
			return nil, err
		}
		message.R, message.C, message.Proof = theirs.R, theirs.C, bytes.Clone(theirs.Proof)
		if variant > 1 {
			change(message.Proof, len(message.Proof)-32)
		}
	}
	return envelope.Encode(m.secrets.ChainID, tx.Kind, ledger.MustEncode(message), key)
}
