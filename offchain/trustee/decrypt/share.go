package decrypt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/group"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// Transaction remembers what is decrypted, decrypts it, and gives the signed
// transaction; the same bytes each time. Progress is told after each unit.
func (p *Plan) Transaction(progress func(done, total int64)) ([]byte, error) {
	if err := p.remember(); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("decryption-share-%x-%d.bin", p.Election[:4], p.Zone)
	raw, err := p.Home.Kept(name)
	if errors.Is(err, fs.ErrNotExist) {
		if raw, err = p.make(progress); err == nil {
			raw, err = p.Home.KeepFirst(name, raw)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := p.checkOwn(raw); err != nil {
		return nil, fmt.Errorf("%s on the medium: %w", name, err)
	}
	return raw, nil
}

// make decrypts every unit.
func (p *Plan) make(progress func(done, total int64)) ([]byte, error) {
	m := &tallyv1.DecryptionShare{ElectionId: p.Election[:], Zone: p.Zone}
	for i, unit := range p.Units.Units {
		partial := &tallyv1.PartialDecryption{}
		if tally.Decrypted(unit) {
			var err error
			if partial, err = p.decrypt(unit); err != nil {
				return nil, fmt.Errorf("decrypt unit %d, contest %d: %w", i, unit.Contest, err)
			}
		}
		m.Partials = append(m.Partials, partial)
		if progress != nil {
			progress(int64(i+1), int64(len(p.Units.Units)))
		}
	}
	return envelope.Encode(p.ChainID, uint32(txv1.Kind_KIND_DECRYPTION_SHARE), ledger.MustEncode(m), p.Home.Key())
}

// decrypt gives the partial decryption of a unit with its proof.
func (p *Plan) decrypt(unit *tallyv1.Unit) (*tallyv1.PartialDecryption, error) {
	r, err := group.DecodePoint(unit.R)
	if err != nil {
		return nil, fmt.Errorf("R of the sum: %w", err)
	}
	slots := election.ContestSlots(p.Definition, unit.Contest)
	d, err := p.share.Decrypt(r, slots)
	if err != nil {
		return nil, err
	}
	statement, err := tally.ShareStatement(p.ChainID, p.Election, p.Definition, p.Zone, p.zone.Key, unit, p.Trustee, d.Points)
	if err != nil {
		return nil, err
	}
	secrets, err := p.share.Secrets(slots)
	if err != nil {
		return nil, err
	}
	proof, err := dleq.Prove(p.Random, statement, secrets)
	if err != nil {
		return nil, err
	}
	return (&tally.Partial{Points: d.Points, Proof: proof}).Encode(), nil
}

// checkOwn checks a kept transaction: signed by this trustee, of this zone, and
// right for these units.
func (p *Plan) checkOwn(raw []byte) error {
	tx, err := envelope.Decode(raw, p.ChainID)
	if err != nil {
		return err
	}
	public := p.Home.Public()
	if !bytes.Equal(tx.Signer, public[:]) || tx.Kind != uint32(txv1.Kind_KIND_DECRYPTION_SHARE) {
		return errors.New("it is not this trustee's decryption share")
	}
	if err := envelope.NewSignatureFact(tx).Verify(); err != nil {
		return err
	}
	message, err := tally.DecodeShare(tx.Body)
	if err != nil {
		return err
	}
	share := message.(*tally.Share)
	if err := tally.ValidateShare(ledger.Context{ChainID: p.ChainID}, &ledger.Tx{Message: share}); err != nil {
		return err
	}
	if share.Election != p.Election || share.Message.Zone != p.Zone || len(share.Partials) != len(p.Units.Units) {
		return errors.New("it is of something else")
	}
	for i, unit := range p.Units.Units {
		if (share.Partials[i] != nil) != tally.Decrypted(unit) {
			return fmt.Errorf("unit %d is decrypted and has no ballots, or the reverse", i)
		}
		if share.Partials[i] == nil {
			continue
		}
		statement, err := tally.ShareStatement(p.ChainID, p.Election, p.Definition, p.Zone, p.zone.Key, unit, p.Trustee, share.Partials[i].Points)
		if err != nil {
			return err
		}
		if err := dleq.Verify(statement, share.Partials[i].Proof); err != nil {
			return fmt.Errorf("unit %d: %w", i, err)
		}
	}
	return nil
}
