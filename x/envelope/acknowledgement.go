package envelope

import "github.com/urna-vote/urna/crypto/transcript"

var ackLabel = transcript.Register("ack")

// AckBlocks is how many blocks after admission a node promises a transaction
// to be in one.
const AckBlocks = 20

// AckBytes is what a node signs when it admits a transaction: the 64 bytes of
// the transcript "urna/v1/ack" of chain id, no election, the transaction's
// hash, the height at which it was admitted and the height by which it is to
// be in a block.
func AckBytes(chainID string, hash [32]byte, height, deadline int64) []byte {
	t := transcript.NewForChain(ackLabel, chainID)
	t.Append(hash[:])
	t.AppendUint64(uint64(height))
	t.AppendUint64(uint64(deadline))
	sum := t.Sum()
	return sum[:]
}
