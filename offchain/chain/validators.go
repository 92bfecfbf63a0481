package chain

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	cmtcrypto "github.com/cometbft/cometbft/proto/tendermint/crypto"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	"github.com/urna-vote/urna/crypto/sign"
)

// ErrCommit: the commit does not make the header one of this chain.
var ErrCommit = errors.New("commit does not sign the header")

const (
	addressSize = 20
	// The engine's bound; sums of powers below it never overflow.
	maxTotalPower = int64(1) << 60
)

// Validator orders and checks blocks.
type Validator struct {
	Name    string
	Key     [32]byte // Ed25519
	Power   int64
	address [addressSize]byte
}

// Address is the first twenty bytes of the key's SHA-256.
func (v Validator) Address() []byte { return v.address[:] }

// ValidatorSet is a set in the engine's order: by power, highest first, then
// by address.
type ValidatorSet struct {
	list  []Validator
	total int64
	hash  [32]byte
}

// NewValidatorSet orders and hashes a set. Keys are distinct, powers positive.
func NewValidatorSet(list []Validator) (*ValidatorSet, error) {
	if len(list) == 0 {
		return nil, errors.New("make validator set: no validators")
	}
	s := &ValidatorSet{list: slices.Clone(list)}
	seen := map[[32]byte]bool{}
	leaves := make([][]byte, len(list))
	for i := range s.list {
		v := &s.list[i]
		if v.Power <= 0 || v.Power > maxTotalPower-s.total {
			return nil, fmt.Errorf("make validator set: power %d of %x is not positive or too large", v.Power, v.Key[:4])
		}
		if seen[v.Key] {
			return nil, fmt.Errorf("make validator set: key %x occurs twice", v.Key[:4])
		}
		seen[v.Key] = true
		sum := sha256.Sum256(v.Key[:])
		copy(v.address[:], sum[:])
		s.total += v.Power
	}
	slices.SortFunc(s.list, func(a, b Validator) int {
		if a.Power != b.Power {
			if a.Power > b.Power {
				return -1
			}
			return 1
		}
		return bytes.Compare(a.address[:], b.address[:])
	})
	for i, v := range s.list {
		m := cmtproto.SimpleValidator{
			PubKey:      &cmtcrypto.PublicKey{Sum: &cmtcrypto.PublicKey_Ed25519{Ed25519: v.Key[:]}},
			VotingPower: v.Power,
		}
		b, err := m.Marshal()
		if err != nil {
			return nil, fmt.Errorf("make validator set: %w", err)
		}
		leaves[i] = b
	}
	s.hash = Root(leaves)
	return s, nil
}

// Hash is what headers name.
func (s *ValidatorSet) Hash() [32]byte { return s.hash }

// Len is the number of validators.
func (s *ValidatorSet) Len() int { return len(s.list) }

// List returns the validators in the engine's order.
func (s *ValidatorSet) List() []Validator { return slices.Clone(s.list) }

// Has reports whether the address is a validator's.
func (s *ValidatorSet) Has(address []byte) bool {
	return slices.ContainsFunc(s.list, func(v Validator) bool { return bytes.Equal(v.address[:], address) })
}

// VerifyCommit checks that validators with more than two thirds of the power
// signed the block id at this height. Every signature in the commit must be
// right, also those that do not count: the engine admits no other.
func (s *ValidatorSet) VerifyCommit(chainID string, height int64, id BlockID, c *Commit) error {
	items, err := s.CommitSignatures(chainID, height, id, c)
	if err != nil {
		return err
	}
	for _, item := range items {
		if !sign.VerifyZIP215(item.Public[:], item.Message, item.Signature[:]) {
			return fmt.Errorf("check commit of height %d: signature of validator with key %x is wrong: %w", height, item.Public, ErrCommit)
		}
	}
	return nil
}

// CommitSignatures checks all of a commit but its signatures and gives these: the
// commit is right if each is, by the engine's rule (sign.VerifyZIP215).
func (s *ValidatorSet) CommitSignatures(chainID string, height int64, id BlockID, c *Commit) ([]sign.Item, error) {
	fail := func(format string, args ...any) ([]sign.Item, error) {
		return nil, fmt.Errorf("check commit of height %d: %s: %w", height, fmt.Sprintf(format, args...), ErrCommit)
	}
	switch {
	case c == nil:
		return fail("there is none")
	case c.Height != height:
		return fail("it is of height %d", c.Height)
	case c.Round < 0:
		return fail("round %d", c.Round)
	case len(id.Hash) != hashSize || len(id.PartSetHeader.Hash) != hashSize || id.PartSetHeader.Total == 0:
		return fail("block id is incomplete")
	case !sameBlockID(c.BlockID, id):
		return fail("it is for block %x, the header is %x", c.BlockID.Hash, id.Hash)
	case len(c.Signatures) != len(s.list):
		return fail("%d signatures for %d validators", len(c.Signatures), len(s.list))
	}
	var power int64
	var items []sign.Item
	for i := range c.Signatures {
		item, err := s.signature(chainID, c, i)
		if err != nil {
			return fail("validator %d: %v", i, err)
		}
		if item == nil {
			continue
		}
		items = append(items, *item)
		if c.Signatures[i].BlockIdFlag == cmtproto.BlockIDFlagCommit {
			power += s.list[i].Power
		}
	}
	if needed := s.total * 2 / 3; power <= needed {
		return fail("power %d of %d, more than %d is needed", power, s.total, needed)
	}
	return items, nil
}

// signature is what stands at one validator's place, nil if it is absent.
func (s *ValidatorSet) signature(chainID string, c *Commit, i int) (*sign.Item, error) {
	sig, v := &c.Signatures[i], &s.list[i]
	switch sig.BlockIdFlag {
	case cmtproto.BlockIDFlagAbsent:
		if len(sig.ValidatorAddress) != 0 || len(sig.Signature) != 0 || !sig.Timestamp.IsZero() {
			return nil, errors.New("absent but not empty")
		}
		return nil, nil
	case cmtproto.BlockIDFlagCommit, cmtproto.BlockIDFlagNil:
	default:
		return nil, fmt.Errorf("unknown flag %d", sig.BlockIdFlag)
	}
	if !bytes.Equal(sig.ValidatorAddress, v.address[:]) {
		return nil, fmt.Errorf("address %x, want %x", sig.ValidatorAddress, v.address)
	}
	if len(sig.Signature) != sign.SignatureSize {
		return nil, fmt.Errorf("a signature of %d bytes", len(sig.Signature))
	}
	msg, err := VoteBytes(chainID, c, i)
	if err != nil {
		return nil, err
	}
	return &sign.Item{Public: v.Key, Message: msg, Signature: [sign.SignatureSize]byte(sig.Signature)}, nil
}

// VoteBytes is what the validator at place i of a commit signed: a canonical
// precommit, its length before it.
func VoteBytes(chainID string, c *Commit, i int) ([]byte, error) {
	sig := &c.Signatures[i]
	vote := cmtproto.CanonicalVote{
		Type:      cmtproto.PrecommitType,
		Height:    c.Height,
		Round:     int64(c.Round),
		Timestamp: sig.Timestamp,
		ChainID:   chainID,
	}
	if sig.BlockIdFlag == cmtproto.BlockIDFlagCommit {
		vote.BlockID = &cmtproto.CanonicalBlockID{
			Hash:          c.BlockID.Hash,
			PartSetHeader: cmtproto.CanonicalPartSetHeader(c.BlockID.PartSetHeader),
		}
	}
	b, err := vote.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encode vote: %w", err)
	}
	return append(appendUvarint(nil, uint64(len(b))), b...), nil
}

// MedianTime is the header time that a commit gives the next block: the median
// of its votes for the block, weighted by power.
func (s *ValidatorSet) MedianTime(c *Commit) (time.Time, error) {
	type vote struct {
		at    time.Time
		power int64
	}
	var votes []vote
	var total int64
	for i := range c.Signatures {
		if i < len(s.list) && c.Signatures[i].BlockIdFlag == cmtproto.BlockIDFlagCommit {
			votes = append(votes, vote{c.Signatures[i].Timestamp, s.list[i].Power})
			total += s.list[i].Power
		}
	}
	slices.SortStableFunc(votes, func(a, b vote) int { return a.at.Compare(b.at) })
	left := total / 2
	for _, v := range votes {
		if left <= v.power {
			return v.at, nil
		}
		left -= v.power
	}
	return time.Time{}, errors.New("median time: no votes for the block")
}

func sameBlockID(a, b BlockID) bool {
	return bytes.Equal(a.Hash, b.Hash) && a.PartSetHeader.Total == b.PartSetHeader.Total &&
		bytes.Equal(a.PartSetHeader.Hash, b.PartSetHeader.Hash)
}
