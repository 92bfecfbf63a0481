package ceremony

import (
	"bytes"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
)

// sealingKey is this trustee's HPKE key of the attempt.
func (p *Program) sealingKey(v *view) (*sealbox.PrivateKey, error) {
	return p.Home.Seed().SealingKey(p.ChainID, p.Election, p.Zone, v.where.Attempt)
}

// register brings the HPKE key of the attempt, unless it is there.
func (p *Program) register(v *view) (txv1.Kind, ceremony.Message, error) {
	public := p.Home.Public()
	if ceremony.Index(v.state.Participants, public[:]) != 0 {
		return 0, nil, nil
	}
	key, err := p.sealingKey(v)
	if err != nil {
		return 0, nil, err
	}
	return txv1.Kind_KIND_REGISTER_TRUSTEE, &ceremonyv1.RegisterTrustee{Where: v.where.Message(), HpkeKey: key.Public().Encode()}, nil
}

// test seals a nonce to each other, then opens one.
func (p *Program) test(v *view) (txv1.Kind, ceremony.Message, error) {
	if !v.me().SentTests {
		return p.sendTests(v)
	}
	if v.me().Tested {
		return 0, nil, nil
	}
	key, err := p.sealingKey(v)
	if err != nil {
		return 0, nil, err
	}
	came := 0
	for i := range v.state.Participants {
		sender := uint32(i + 1)
		if sender == v.index {
			continue
		}
		m := from[*ceremonyv1.TestKeys](v, txv1.Kind_KIND_TEST_KEYS, sender)
		if m == nil {
			continue
		}
		for _, t := range m.Tests {
			if t.Receiver != v.index {
				continue
			}
			came++
			nonce, err := threshold.OpenNonce(v.params, int(sender), int(v.index), key, t.Sealed, [32]byte(t.NonceHash))
			if err != nil {
				continue // another's may open
			}
			return txv1.Kind_KIND_OPEN_TEST, &ceremonyv1.OpenTest{Where: v.where.Message(), Sender: sender, Nonce: nonce[:]}, nil
		}
	}
	if came > 0 {
		p.say("test: %d nonces came, none of them opens with the key of this medium", came)
	}
	return 0, nil, nil
}

func (p *Program) sendTests(v *view) (txv1.Kind, ceremony.Message, error) {
	out := &ceremonyv1.TestKeys{Where: v.where.Message()}
	for i, participant := range v.state.Participants {
		receiver := uint32(i + 1)
		if receiver == v.index {
			continue
		}
		key, err := sealbox.DecodePublicKey(participant.HpkeKey)
		if err != nil {
			return 0, nil, fmt.Errorf("key of %s: %w", v.name(receiver), err)
		}
		var nonce [threshold.NonceSize]byte
		if _, err := io.ReadFull(p.Random, nonce[:]); err != nil {
			return 0, nil, fmt.Errorf("draw nonce: %w", err)
		}
		box, err := threshold.SealNonce(v.params, int(v.index), int(receiver), key, nonce)
		if err != nil {
			return 0, nil, err
		}
		hash := threshold.NonceHash(nonce)
		out.Tests = append(out.Tests, &ceremonyv1.KeyTest{Receiver: receiver, Sealed: box, NonceHash: hash[:]})
	}
	return txv1.Kind_KIND_TEST_KEYS, out, nil
}

// checkDeals opens all shares that were dealt to this trustee and complains of
// those that do not open or do not fit, each time with a fresh key.
func (p *Program) checkDeals(v *view) (txv1.Kind, ceremony.Message, error) {
	key, err := p.sealingKey(v)
	if err != nil {
		return 0, nil, err
	}
	out := &ceremonyv1.CheckDeals{Where: v.where.Message()}
	for _, dealer := range v.dealers() {
		d, err := v.deal(dealer)
		if err != nil {
			return 0, nil, err
		}
		if _, err := threshold.OpenShares(v.params, int(dealer), int(v.index), d, key); err == nil {
			continue
		}
		fresh, err := p.Home.Seed().FreshSealingKey(v.params, int(dealer))
		if err != nil {
			return 0, nil, err
		}
		p.say("complain: the shares of %s do not open or do not fit", v.name(dealer))
		out.Complaints = append(out.Complaints, &ceremonyv1.Complaint{Dealer: dealer, FreshKey: fresh.Public().Encode()})
	}
	return txv1.Kind_KIND_CHECK_DEALS, out, nil
}

// reseal answers first complaints: the same shares, sealed to the fresh keys.
func (p *Program) reseal(v *view, to []uint32) (txv1.Kind, ceremony.Message, error) {
	own, err := p.ownDeal(v)
	if err != nil {
		return 0, nil, err
	}
	out := &ceremonyv1.Reseal{Where: v.where.Message()}
	for _, receiver := range to {
		m := from[*ceremonyv1.CheckDeals](v, txv1.Kind_KIND_CHECK_DEALS, receiver)
		if m == nil {
			return 0, nil, fmt.Errorf("%w: the complaint of %s is missing", ErrDiffers, v.name(receiver))
		}
		for _, c := range m.Complaints {
			if c.Dealer != v.index {
				continue
			}
			fresh, err := sealbox.DecodePublicKey(c.FreshKey)
			if err != nil {
				return 0, nil, fmt.Errorf("fresh key of %s: %w", v.name(receiver), err)
			}
			box, err := own.dealing.Reseal(int(receiver), fresh)
			if err != nil {
				return 0, nil, err
			}
			out.Answers = append(out.Answers, &ceremonyv1.Resealed{Receiver: receiver, Sealed: box})
		}
	}
	if len(out.Answers) != len(to) {
		return 0, nil, fmt.Errorf("%w: of %d complaints %d are shown", ErrDiffers, len(to), len(out.Answers))
	}
	return txv1.Kind_KIND_RESEAL, out, nil
}

// checkResealed opens the answers to this trustee's complaints.
func (p *Program) checkResealed(v *view, by []uint32) (txv1.Kind, ceremony.Message, error) {
	out := &ceremonyv1.CheckResealed{Where: v.where.Message()}
	for _, dealer := range by {
		if _, err := p.openResealed(v, dealer); err != nil {
			p.say("complain again: the resealed shares of %s do not open or do not fit", v.name(dealer))
			out.Dealers = append(out.Dealers, dealer)
		}
	}
	return txv1.Kind_KIND_CHECK_RESEALED, out, nil
}

// openResealed opens a dealer's answer to this trustee's first complaint.
func (p *Program) openResealed(v *view, dealer uint32) (*threshold.Shares, error) {
	d, err := v.deal(dealer)
	if err != nil {
		return nil, err
	}
	fresh, err := p.Home.Seed().FreshSealingKey(v.params, int(dealer))
	if err != nil {
		return nil, err
	}
	if m := from[*ceremonyv1.Reseal](v, txv1.Kind_KIND_RESEAL, dealer); m != nil {
		for _, a := range m.Answers {
			if a.Receiver == v.index {
				return threshold.OpenResealed(v.params, int(dealer), int(v.index), d, a.Sealed, fresh)
			}
		}
	}
	return nil, fmt.Errorf("%s resealed nothing to this trustee", v.name(dealer))
}

// publish answers second complaints, which the proven state shows, in the open.
func (p *Program) publish(v *view, to []uint32) (txv1.Kind, ceremony.Message, error) {
	own, err := p.ownDeal(v)
	if err != nil {
		return 0, nil, err
	}
	out := &ceremonyv1.PublishShares{Where: v.where.Message()}
	for _, receiver := range to {
		shares, err := own.dealing.Publish(int(receiver))
		if err != nil {
			return 0, nil, err
		}
		out.Answers = append(out.Answers, &ceremonyv1.Published{Receiver: receiver, Shares: bytes.Clone(shares)})
	}
	return txv1.Kind_KIND_PUBLISH_SHARES, out, nil
}
