package threshold

import (
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/group"
)

// Dealt is one qualified deal.
type Dealt struct {
	Dealer      int
	Commitments *Commitments
}

// JointKey is the public key of an election's zone: K_1..K_L and, per trustee, the
// verification keys X_{j,1}..X_{j,L}.
type JointKey struct {
	Slots        []group.Point
	Verification [][]group.Point // by trustee, index 1 first
}

// Combine makes the joint key of the qualified deals, which come in ascending
// order of their dealers and are at least t.
func Combine(p Params, dealt []Dealt) (*JointKey, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("combine deals: %w", err)
	}
	if len(dealt) < p.T {
		return nil, fmt.Errorf("combine %d deals, threshold %d: %w", len(dealt), p.T, ErrTooFew)
	}
	previous := 0
	for _, d := range dealt {
		if err := p.checkTrustee("dealer", d.Dealer); err != nil {
			return nil, fmt.Errorf("combine deals: %w", err)
		}
		if d.Dealer <= previous {
			return nil, fmt.Errorf("combine deals: dealer %d after %d: %w", d.Dealer, previous, ErrIndex)
		}
		previous = d.Dealer
	}
	return combine(p, dealt)
}

func combine(p Params, dealt []Dealt) (*JointKey, error) {
	total := &Commitments{slots: make([][]group.Point, p.Slots)}
	for i := range total.slots {
		total.slots[i] = make([]group.Point, p.T)
		for _, d := range dealt {
			if len(d.Commitments.slots) != p.Slots || len(d.Commitments.slots[i]) != p.T {
				return nil, fmt.Errorf("combine deals: dealer %d dealt for other parameters: %w", d.Dealer, ErrLength)
			}
			for k, a := range d.Commitments.slots[i] {
				total.slots[i][k] = total.slots[i][k].Add(a)
			}
		}
	}
	key := &JointKey{Slots: make([]group.Point, p.Slots), Verification: make([][]group.Point, p.N)}
	for i := range key.Slots {
		key.Slots[i] = total.slots[i][0].WithEncoding()
	}
	if err := checkSlotKeys(key.Slots); err != nil {
		return nil, fmt.Errorf("combine deals: %w", err)
	}
	for j := range key.Verification {
		key.Verification[j] = make([]group.Point, p.Slots)
		for i := range key.Slots {
			x := total.at(i, j+1).WithEncoding()
			if x.IsIdentity() {
				return nil, fmt.Errorf("combine deals: verification key of trustee %d, slot %d: %w", j+1, i+1, group.ErrIdentity)
			}
			key.Verification[j][i] = x
		}
	}
	return key, nil
}

func checkSlotKeys(keys []group.Point) error {
	seen := make(map[[group.Size]byte]int, len(keys))
	for i, k := range keys {
		if k.IsIdentity() {
			return fmt.Errorf("key of slot %d: %w", i+1, group.ErrIdentity)
		}
		if first, ok := seen[k.Encode()]; ok {
			return fmt.Errorf("slots %d and %d: %w", first+1, i+1, ErrDuplicate)
		}
		seen[k.Encode()] = i
	}
	return nil
}

// EncodeSlots is K_1 ‖ … ‖ K_L.
func (k *JointKey) EncodeSlots() []byte {
	return encodePoints(k.Slots)
}

// EncodeVerification is X_{j,1} ‖ … ‖ X_{j,L} of trustee j.
func (k *JointKey) EncodeVerification(j int) []byte {
	return encodePoints(k.Verification[j-1])
}

// DecodeSlotKeys reads K_1 ‖ … ‖ K_L: canonical, no identity, all different.
func DecodeSlotKeys(slots int, b []byte) ([]group.Point, error) {
	keys, err := decodePoints(b, slots, group.DecodeNonIdentity)
	if err != nil {
		return nil, fmt.Errorf("decode slot keys: %w", err)
	}
	if err := checkSlotKeys(keys); err != nil {
		return nil, fmt.Errorf("decode slot keys: %w", err)
	}
	return keys, nil
}

// DecodeVerificationKeys reads X_{j,1} ‖ … ‖ X_{j,L}: canonical, no identity.
func DecodeVerificationKeys(slots int, b []byte) ([]group.Point, error) {
	keys, err := decodePoints(b, slots, group.DecodeNonIdentity)
	if err != nil {
		return nil, fmt.Errorf("decode verification keys: %w", err)
	}
	return keys, nil
}

// KeyShare is a trustee's secret: x_{j,1}..x_{j,L}. Index 0 is the whole key, which
// exists in dealer mode alone.
type KeyShare struct {
	index  int
	values []group.Scalar
}

// NewKeyShare adds up the shares of the qualified dealers for one receiver, in
// ascending order of dealers, and checks the sum against the joint key.
func NewKeyShare(p Params, receiver int, shares []*Shares, key *JointKey) (*KeyShare, error) {
	if err := p.checkTrustee("receiver", receiver); err != nil {
		return nil, fmt.Errorf("add up shares: %w", err)
	}
	sum := &KeyShare{index: receiver, values: make([]group.Scalar, p.Slots)}
	previous := -1
	for _, s := range shares {
		if s.receiver != receiver || s.dealer <= previous || len(s.values) != p.Slots {
			return nil, fmt.Errorf("add up shares for trustee %d: one of dealer %d for trustee %d after dealer %d: %w",
				receiver, s.dealer, s.receiver, previous, ErrIndex)
		}
		previous = s.dealer
		for i, v := range s.values {
			sum.values[i] = sum.values[i].Add(v)
		}
	}
	if err := sum.check(key.Verification[receiver-1]); err != nil {
		return nil, fmt.Errorf("add up shares for trustee %d: %w", receiver, err)
	}
	return sum, nil
}

// KeyShareFromBytes restores a stored key share and checks it against the public
// keys it belongs to: the trustee's verification keys, or for index 0 the slot keys.
func KeyShareFromBytes(index int, b []byte, public []group.Point) (*KeyShare, error) {
	if index < 0 || index > MaxTrustees {
		return nil, fmt.Errorf("restore key share of trustee %d: %w", index, ErrIndex)
	}
	values, err := decodeScalars(b, len(public))
	if err != nil {
		return nil, fmt.Errorf("restore key share of trustee %d: %w", index, err)
	}
	k := &KeyShare{index: index, values: values}
	if err := k.check(public); err != nil {
		return nil, fmt.Errorf("restore key share of trustee %d: %w", index, err)
	}
	return k, nil
}

func (k *KeyShare) check(public []group.Point) error {
	if len(public) != len(k.values) {
		return fmt.Errorf("%d slots, key has %d: %w", len(k.values), len(public), ErrLength)
	}
	for i, v := range k.values {
		if !group.BaseMul(v).Equal(public[i]) {
			return fmt.Errorf("slot %d: %w", i+1, ErrKey)
		}
	}
	return nil
}

// Index is the trustee's index.
func (k *KeyShare) Index() int {
	return k.index
}

// Reveal is the share itself, for the trustee's medium and nothing else.
func (k *KeyShare) Reveal() []byte {
	return encodeScalars(k.values)
}

// Secrets are x_{j,i} for the given slots, from 1 and ascending: what the proof of
// a partial decryption is made with.
func (k *KeyShare) Secrets(slots []int) ([]group.Scalar, error) {
	out := make([]group.Scalar, len(slots))
	previous := 0
	for i, slot := range slots {
		if slot <= previous || slot > len(k.values) {
			return nil, fmt.Errorf("use key share, slot %d of %d: %w", slot, len(k.values), ErrIndex)
		}
		previous = slot
		out[i] = k.values[slot-1]
	}
	return out, nil
}

// Format prints a redaction.
func (KeyShare) Format(f fmt.State, _ rune) {
	io.WriteString(f, "[key share]")
}
