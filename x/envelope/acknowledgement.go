package envelope

import (
	"errors"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/crypto/transcript"
)

var ackLabel = transcript.Register("ack")

// AckBlocks is how many blocks after admission a node promises a transaction
// to be in one.
const AckBlocks = 20

// ErrAck: an acknowledgement is not what it says.
var ErrAck = errors.New("acknowledgement does not verify")

// AckBytes is what a node signs when it admits transactions together: the 64
// bytes of the transcript "urna/v1/ack" of chain id, no election, the root of
// the tree of their hashes, how many they are, the height at which they were
// admitted and the height by which they are to be in a block.
func AckBytes(chainID string, root merkle.Hash, count uint64, height, deadline int64) []byte {
	t := transcript.NewForChain(ackLabel, chainID)
	t.Append(root[:])
	t.AppendUint64(count)
	t.AppendUint64(uint64(height))
	t.AppendUint64(uint64(deadline))
	sum := t.Sum()
	return sum[:]
}

// AckTree is the tree of transactions that are acknowledged together, in the
// order in which they were handed in.
func AckTree(hashes [][32]byte) *merkle.Tree {
	t := new(merkle.Tree)
	for i := range hashes {
		if err := t.Append(merkle.LeafHash(hashes[i][:])); err != nil {
			panic("envelope: a batch is larger than any tree: " + err.Error())
		}
	}
	return t
}

// Ack is the acknowledgement of one transaction: evidence by itself, whatever
// was admitted beside it.
type Ack struct {
	ChainID string
	// Hash of the transaction.
	Hash             [32]byte
	Height, Deadline int64
	// Place of the transaction among those that were admitted together.
	Place     merkle.InclusionProof
	Key       [sign.PublicKeySize]byte
	Signature [sign.SignatureSize]byte
}

// Verify checks that the key acknowledged this transaction, on this chain, at
// this height and with this deadline. Whose key it is, and which chain is meant,
// the caller knows. A refusal is an ErrAck.
func (a *Ack) Verify() error {
	if a.Height < 0 || a.Deadline != a.Height+AckBlocks {
		return fmt.Errorf("%w: deadline %d for height %d, want %d blocks later", ErrAck, a.Deadline, a.Height, AckBlocks)
	}
	root, err := a.Place.Root(merkle.LeafHash(a.Hash[:]))
	if err != nil {
		return fmt.Errorf("%w: path: %w", ErrAck, err)
	}
	message := AckBytes(a.ChainID, root, a.Place.Size, a.Height, a.Deadline)
	if err := sign.Verify(sign.Item{Public: a.Key, Message: message, Signature: a.Signature}); err != nil {
		return fmt.Errorf("%w: %w", ErrAck, err)
	}
	return nil
}
