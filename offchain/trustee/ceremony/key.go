package ceremony

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/urna-vote/urna/crypto/dleq"
	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/offchain/trustee/keystore"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ceremony"
)

// computed is the key as this trustee computes it from the transactions.
type computed struct {
	key   *ceremonyv1.ElectionKey
	share *threshold.KeyShare
}

// compute makes joint key, transcript and own share from the qualified deals,
// and compares the transcript's hash with the proven one.
func (p *Program) compute(v *view) (*computed, error) {
	var commitments [][]byte
	var dealt []threshold.Dealt
	var shares []*threshold.Shares
	for _, dealer := range v.state.Qualified {
		d, err := v.deal(dealer)
		if err != nil {
			return nil, err
		}
		if err := threshold.VerifyDeal(v.params, int(dealer), d); err != nil {
			return nil, fmt.Errorf("%w: deal of %s: %w", ErrDiffers, v.name(dealer), err)
		}
		c, err := threshold.DecodeCommitments(v.params, d.Commitments)
		if err != nil {
			return nil, fmt.Errorf("%w: deal of %s: %w", ErrDiffers, v.name(dealer), err)
		}
		s, err := p.shares(v, dealer, d)
		if err != nil {
			return nil, err
		}
		commitments, dealt, shares = append(commitments, d.Commitments), append(dealt, threshold.Dealt{Dealer: int(dealer), Commitments: c}), append(shares, s)
	}
	key, err := ceremony.CombineKey(v.params, atConfirm(v.state), v.state.Qualified, commitments)
	if err != nil {
		return nil, err
	}
	hash := ceremony.TranscriptHash(p.ChainID, v.where, v.params.TrusteeListHash, v.hashes(), v.state.Qualified, key)
	if !bytes.Equal(hash[:], v.state.TranscriptHash) {
		return nil, fmt.Errorf("%w: they make the transcript %x, the ledger has %x: nothing is confirmed", ErrDiffers, hash, v.state.TranscriptHash)
	}
	key.TranscriptHash = hash[:]
	joint, err := threshold.Combine(v.params, dealt)
	if err != nil {
		return nil, err
	}
	share, err := threshold.NewKeyShare(v.params, int(v.index), shares, joint)
	if err != nil {
		return nil, err
	}
	return &computed{key: key, share: share}, nil
}

// atConfirm are the participants as they stood when the key was fixed: the
// qualified dealers were in then, whatever became of them later.
func atConfirm(st *ceremonyv1.State) []*ceremonyv1.Participant {
	out := make([]*ceremonyv1.Participant, len(st.Participants))
	for i, p := range st.Participants {
		then := &ceremonyv1.Participant{Key: p.Key, HpkeKey: p.HpkeKey, Out: "out"}
		if slices.Contains(st.Qualified, uint32(i+1)) {
			then.Out = ""
		}
		out[i] = then
	}
	return out
}

// hashes of the transactions that the transcript covers.
func (v *view) hashes() [][32]byte {
	var out [][32]byte
	for _, s := range v.steps {
		if ceremony.InTranscript(s.kind) {
			out = append(out, s.hash)
		}
	}
	return out
}

// shares finds what a dealer gave this trustee: in the first box, in the one
// that answered a complaint, or in the open.
func (p *Program) shares(v *view, dealer uint32, d *threshold.Deal) (*threshold.Shares, error) {
	if dealer == v.index {
		own, err := p.ownDeal(v)
		if err != nil {
			return nil, err
		}
		b, err := own.dealing.Publish(int(dealer)) // to oneself
		if err != nil {
			return nil, err
		}
		return threshold.VerifyShares(v.params, int(dealer), int(v.index), d.Commitments, b)
	}
	key, err := p.sealingKey(v)
	if err != nil {
		return nil, err
	}
	if s, err := threshold.OpenShares(v.params, int(dealer), int(v.index), d, key); err == nil {
		return s, nil
	}
	if s, err := p.openResealed(v, dealer); err == nil {
		return s, nil
	}
	if m := from[*ceremonyv1.PublishShares](v, txv1.Kind_KIND_PUBLISH_SHARES, dealer); m != nil {
		for _, a := range m.Answers {
			if a.Receiver == v.index {
				return threshold.VerifyShares(v.params, int(dealer), int(v.index), d.Commitments, a.Shares)
			}
		}
	}
	return nil, fmt.Errorf("no shares of %s open on this medium", v.name(dealer))
}

// confirm names the transcript that this trustee computed and whose share it holds.
func (p *Program) confirm(v *view) (txv1.Kind, ceremony.Message, error) {
	c, err := p.compute(v)
	if err != nil {
		return 0, nil, err
	}
	return txv1.Kind_KIND_CONFIRM_KEY, &ceremonyv1.ConfirmKey{Where: v.where.Message(), TranscriptHash: c.key.TranscriptHash}, nil
}

// drill decrypts the ciphertext whose decryption everybody knows.
func (p *Program) drill(v *view) (txv1.Kind, ceremony.Message, error) {
	c, err := p.compute(v)
	if err != nil {
		return 0, nil, err
	}
	keys, err := threshold.DecodeSlotKeys(v.params.Slots, c.key.Slots)
	if err != nil {
		return 0, nil, err
	}
	slots := make([]int, v.params.Slots)
	for i := range slots {
		slots[i] = i + 1
	}
	r, _ := threshold.Drill(p.ChainID, p.Election, p.Zone, keys)
	partial, err := c.share.Decrypt(r, slots)
	if err != nil {
		return 0, nil, err
	}
	st, err := ceremony.DrillStatement(p.ChainID, v.where, c.key, v.index, partial.Points)
	if err != nil {
		return 0, nil, err
	}
	secrets, err := c.share.Secrets(slots)
	if err != nil {
		return 0, nil, err
	}
	proof, err := dleq.Prove(p.Random, st, secrets)
	if err != nil {
		return 0, nil, err
	}
	encoded := proof.Encode()
	return txv1.Kind_KIND_DRILL, &ceremonyv1.DrillShare{Where: v.where.Message(), Points: encode(partial.Points), Proof: encoded[:]}, nil
}

func encode(points []group.Point) []byte {
	out := make([]byte, 0, len(points)*group.Size)
	for _, point := range points {
		b := point.Encode()
		out = append(out, b[:]...)
	}
	return out
}

// finish writes the share of the key that stands, if it is the computed one.
func (p *Program) finish(v *view) (Outcome, error) {
	why := "it did not register in time"
	if v.index != 0 {
		why = v.me().Out
	}
	if why != "" {
		return Waiting, fmt.Errorf("%w: %s; the key of attempt %d stands without it", ErrOut, why, v.state.Attempt)
	}
	if v.key == nil {
		return Waiting, nil
	}
	c, err := p.compute(v)
	if err != nil {
		return Waiting, err
	}
	if err := sameKey(c.key, v.key, v.index); err != nil {
		return Waiting, err
	}
	hash, err := ballot.KeyVectorHash(p.ChainID, p.Election, v.key)
	if err != nil {
		return Waiting, err
	}
	share := keystore.NewShare(c.share)
	share.ChainID, share.Election, share.Zone, share.Attempt, share.KeyHash = p.ChainID, p.Election, p.Zone, v.where.Attempt, hash
	if err := p.Home.SaveShare(share); err != nil {
		return Waiting, err
	}
	p.say("done: the key stands since attempt %d, key hash %x; the share is %s", v.where.Attempt, hash, keystore.ShareName(p.Election, p.Zone))
	return Done, nil
}

// sameKey compares the key that stands with the computed one.
func sameKey(mine, stands *ceremonyv1.ElectionKey, index uint32) error {
	switch {
	case stands.Mode != mine.Mode || stands.Attempt != mine.Attempt:
		return fmt.Errorf("%w: the key that stands is of mode %q, attempt %d, computed was one of %q, %d", ErrDiffers, stands.Mode, stands.Attempt, mine.Mode, mine.Attempt)
	case !bytes.Equal(stands.Slots, mine.Slots) || !bytes.Equal(stands.TranscriptHash, mine.TranscriptHash):
		return fmt.Errorf("%w: the key that stands is not the computed one", ErrDiffers)
	case len(stands.Verification) != len(mine.Verification):
		return fmt.Errorf("%w: the key that stands has %d trustees, computed were %d", ErrDiffers, len(stands.Verification), len(mine.Verification))
	}
	for i, x := range stands.Verification {
		if len(x) == 0 && uint32(i+1) != index {
			continue // put out after the key was fixed
		}
		if !bytes.Equal(x, mine.Verification[i]) {
			return fmt.Errorf("%w: the key that stands has another verification key of trustee %d", ErrDiffers, i+1)
		}
	}
	return nil
}
