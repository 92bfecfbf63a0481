package ceremony

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/ledger"
)

// ownDeal is this trustee's deal with its polynomials.
type ownDeal struct {
	list    [32]byte
	dealing *threshold.Dealing
	message *ceremonyv1.Deal
	hash    [32]byte
}

// commit sends the hash of the deal, which is on the medium by then.
func (p *Program) commit(v *view) (txv1.Kind, ceremony.Message, error) {
	own, err := p.ownDeal(v)
	if err != nil {
		return 0, nil, err
	}
	return txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{Where: v.where.Message(), DealHash: own.hash[:], TrusteeListHash: own.message.TrusteeListHash}, nil
}

// dealOut sends the deal itself.
func (p *Program) dealOut(v *view) (txv1.Kind, ceremony.Message, error) {
	own, err := p.ownDeal(v)
	if err != nil {
		return 0, nil, err
	}
	if !bytes.Equal(own.hash[:], v.me().DealHash) {
		return 0, nil, fmt.Errorf("the deal on this medium is not the one that was committed to: another medium with the same signing key took part")
	}
	return txv1.Kind_KIND_DEAL, own.message, nil
}

// ownDeal gives the deal of the attempt: from memory, from the medium, or made
// now and put on the medium. Polynomials always follow from the seed.
func (p *Program) ownDeal(v *view) (*ownDeal, error) {
	if p.deal != nil && p.deal.list == v.params.TrusteeListHash && p.deal.message.Where.Attempt == v.where.Attempt {
		return p.deal, nil
	}
	dealing, err := threshold.NewDealing(v.params, int(v.index), p.Home.Seed())
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("deal-%x-%d-%d-%x.bin", p.Election[:4], p.Zone, v.where.Attempt, v.params.TrusteeListHash[:4])
	stored, err := p.Home.Kept(name)
	if errors.Is(err, fs.ErrNotExist) {
		stored, err = p.makeDeal(v, dealing, name)
	}
	if err != nil {
		return nil, err
	}
	message, err := ledger.DecodeStrict[ceremonyv1.Deal](stored, ceremony.MaxDealBytes)
	if err != nil {
		return nil, fmt.Errorf("%s on this medium: %w", name, err)
	}
	if err := p.checkOwn(v, dealing, message); err != nil {
		return nil, fmt.Errorf("%s on this medium: %w", name, err)
	}
	p.deal = &ownDeal{list: v.params.TrusteeListHash, dealing: dealing, message: message,
		hash: threshold.CommitHash(v.params, int(v.index), ceremony.Deal(message))}
	return p.deal, nil
}

// makeDeal seals the shares and stores the deal, unless one was stored meanwhile.
func (p *Program) makeDeal(v *view, dealing *threshold.Dealing, name string) ([]byte, error) {
	receivers := make([]*sealbox.PublicKey, len(v.state.Participants))
	for i, participant := range v.state.Participants {
		var err error
		if receivers[i], err = sealbox.DecodePublicKey(participant.HpkeKey); err != nil {
			return nil, fmt.Errorf("key of %s: %w", v.name(uint32(i+1)), err)
		}
	}
	d, err := dealing.Deal(receivers)
	if err != nil {
		return nil, err
	}
	return p.Home.KeepFirst(name, ledger.MustEncode(&ceremonyv1.Deal{
		Where: v.where.Message(), Commitments: d.Commitments, Proofs: d.Proofs, Sealed: d.Sealed, TrusteeListHash: v.params.TrusteeListHash[:],
	}))
}

// checkOwn refuses a stored deal of something else: sending it would put this
// trustee out.
func (p *Program) checkOwn(v *view, dealing *threshold.Dealing, m *ceremonyv1.Deal) error {
	where, err := ceremony.ReadWhere(m.Where)
	if err != nil {
		return err
	}
	if where != v.where {
		return fmt.Errorf("it is of election %x, zone %d, attempt %d, not of election %x, zone %d, attempt %d",
			where.Election, where.Zone, where.Attempt, v.where.Election, v.where.Zone, v.where.Attempt)
	}
	if !bytes.Equal(m.TrusteeListHash, v.params.TrusteeListHash[:]) {
		return errors.New("it was made for another list of trustees")
	}
	if !bytes.Equal(m.Commitments, dealing.Commitments()) {
		return errors.New("it was made from another seed")
	}
	return threshold.VerifyDeal(v.params, int(v.index), ceremony.Deal(m))
}
