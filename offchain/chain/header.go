package chain

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	gogotypes "github.com/cosmos/gogoproto/types"

	"github.com/urna-vote/urna/crypto/merkle"
)

// The engine's messages as they are stored and sent.
type (
	Header  = cmtproto.Header
	Commit  = cmtproto.Commit
	Block   = cmtproto.Block
	BlockID = cmtproto.BlockID
)

const hashSize = 32

// wire is a generated message.
type wire interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// decode reads a message that encodes again to the same bytes.
func decode(what string, b []byte, m wire) error {
	if len(b) == 0 {
		return fmt.Errorf("decode %s: no bytes", what)
	}
	if err := m.Unmarshal(b); err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	again, err := m.Marshal()
	if err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	if !bytes.Equal(again, b) {
		return fmt.Errorf("decode %s: bytes are not canonical", what)
	}
	return nil
}

// DecodeHeader reads a header in its one encoding.
func DecodeHeader(b []byte) (*Header, error) {
	h := new(Header)
	return h, decode("header", b, h)
}

// DecodeCommit reads a commit in its one encoding.
func DecodeCommit(b []byte) (*Commit, error) {
	c := new(Commit)
	return c, decode("commit", b, c)
}

// DecodeBlock reads a block in its one encoding.
func DecodeBlock(b []byte) (*Block, error) {
	bl := new(Block)
	return bl, decode("block", b, bl)
}

// HeaderHash is the hash that validators sign: the RFC 6962 root of the
// header's fourteen fields, each as a message of its own.
func HeaderHash(h *Header) ([32]byte, error) {
	version, err := h.Version.Marshal()
	if err != nil {
		return [32]byte{}, fmt.Errorf("hash header %d: version: %w", h.Height, err)
	}
	stamp, err := gogotypes.StdTimeMarshal(h.Time)
	if err != nil {
		return [32]byte{}, fmt.Errorf("hash header %d: time: %w", h.Height, err)
	}
	last, err := h.LastBlockId.Marshal()
	if err != nil {
		return [32]byte{}, fmt.Errorf("hash header %d: last block id: %w", h.Height, err)
	}
	fields := [][]byte{
		version,
		wrapBytes([]byte(h.ChainID)), // a wrapped string and wrapped bytes encode alike
		wrapInt64(h.Height),
		stamp,
		last,
	}
	for _, b := range [][]byte{
		h.LastCommitHash, h.DataHash, h.ValidatorsHash, h.NextValidatorsHash, h.ConsensusHash,
		h.AppHash, h.LastResultsHash, h.EvidenceHash, h.ProposerAddress,
	} {
		fields = append(fields, wrapBytes(b))
	}
	return Root(fields), nil
}

// Root is the RFC 6962 root over the given leaves.
func Root(leaves [][]byte) [32]byte {
	t := new(merkle.Frontier)
	for _, l := range leaves {
		if err := t.Append(merkle.LeafHash(l), nil); err != nil {
			panic("chain: more leaves than memory holds: " + err.Error())
		}
	}
	return t.Root()
}

// DataHash is a block's data hash: the root over its transactions' SHA-256.
func DataHash(txs [][]byte) [32]byte {
	leaves := make([][]byte, len(txs))
	for i, tx := range txs {
		h := sha256.Sum256(tx)
		leaves[i] = h[:]
	}
	return Root(leaves)
}

// CommitHash is the last commit hash in the header that follows.
func CommitHash(c *Commit) ([32]byte, error) {
	leaves := make([][]byte, len(c.Signatures))
	for i := range c.Signatures {
		b, err := c.Signatures[i].Marshal()
		if err != nil {
			return [32]byte{}, fmt.Errorf("hash commit of height %d: %w", c.Height, err)
		}
		leaves[i] = b
	}
	return Root(leaves), nil
}

// ResultsHash is the last results hash in the header that follows a block
// whose transactions all have code 0 and the given data.
func ResultsHash(data [][]byte) [32]byte {
	leaves := make([][]byte, len(data))
	for i, d := range data {
		leaves[i] = resultBytes(d)
	}
	return Root(leaves)
}

// resultBytes is tendermint.abci.ExecTxResult with nothing but field 2, data.
func resultBytes(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	return append(appendUvarint([]byte{0x12}, uint64(len(data))), data...)
}

// TimeMS is a header time as the ledger's rules see it: Unix milliseconds.
func TimeMS(t time.Time) int64 { return t.UnixMilli() }

func wrapBytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append(appendUvarint([]byte{0x0a}, uint64(len(b))), b...)
}

func wrapInt64(v int64) []byte {
	if v == 0 {
		return nil
	}
	return appendUvarint([]byte{0x08}, uint64(v))
}

func appendUvarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func sum(b []byte) [32]byte { return sha256.Sum256(b) }
