package verify

import (
	"bytes"
	"fmt"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/chain"
)

// chained is what the next header must agree with.
type chained struct {
	header  *chain.Header
	hash    [32]byte
	results [32]byte
}

// header checks a block's header, its commit for the block before, and that
// its hashes are those of its contents.
func (v *verifier) header(b *opened) {
	v.found.count(checkHeaders, 1)
	h := &b.block.Header
	wrong := func(field, format string, args ...any) {
		v.found.add(checkHeaders, Finding{Code: "header/" + field, Height: h.Height, Tx: -1, What: field, Why: fmt.Sprintf(format, args...)})
	}
	if h.ChainID != v.genesis.ChainID {
		wrong("chain-id", "%q, the genesis is of %q", h.ChainID, v.genesis.ChainID)
	}
	if !bytes.Equal(h.DataHash, b.data[:]) {
		wrong("data-hash", "%x, the transactions hash to %x", h.DataHash, b.data)
	}
	set := v.genesis.Validators.Hash()
	if !bytes.Equal(h.ValidatorsHash, set[:]) || !bytes.Equal(h.NextValidatorsHash, set[:]) {
		wrong("validators", "%x then %x, the genesis' validators are %x", h.ValidatorsHash, h.NextValidatorsHash, set)
	}
	if !bytes.Equal(h.ConsensusHash, v.genesis.ConsensusHash[:]) {
		wrong("consensus-hash", "%x, the genesis' parameters hash to %x", h.ConsensusHash, v.genesis.ConsensusHash)
	}
	if !bytes.Equal(h.LastResultsHash, v.last.results[:]) {
		wrong("last-results-hash", "%x, the results of the block before hash to %x", h.LastResultsHash, v.last.results)
	}
	if !v.genesis.Validators.Has(h.ProposerAddress) {
		wrong("proposer", "%x is no validator", h.ProposerAddress)
	}
	if got, err := evidenceHash(b.block); err != nil {
		wrong("evidence-hash", "%v", err)
	} else if !bytes.Equal(h.EvidenceHash, got[:]) {
		wrong("evidence-hash", "%x, the evidence hashes to %x", h.EvidenceHash, got)
	}
	v.lastBlock(b, wrong)
	v.last.header, v.last.hash = h, b.hash
}

// lastBlock checks the ties to the block before: hash, commit and time.
func (v *verifier) lastBlock(b *opened, wrong func(field, format string, args ...any)) {
	h, commit := &b.block.Header, b.block.LastCommit
	if commit == nil {
		wrong("last-commit", "there is none")
		return
	}
	if got, err := chain.CommitHash(commit); err != nil || !bytes.Equal(h.LastCommitHash, got[:]) {
		wrong("last-commit-hash", "%x, the commit hashes to %x", h.LastCommitHash, got)
	}
	if v.last.header == nil {
		v.firstBlock(b, wrong)
		return
	}
	prev := v.last.header
	if h.Height != prev.Height+1 {
		wrong("height", "%d follows %d", h.Height, prev.Height)
	}
	if !bytes.Equal(h.LastBlockId.Hash, v.last.hash[:]) {
		wrong("last-block-id", "%x, the block before is %x", h.LastBlockId.Hash, v.last.hash)
	}
	if !h.Time.After(prev.Time) {
		wrong("time", "%s is not after %s", h.Time.UTC().Format(time.RFC3339Nano), prev.Time.UTC().Format(time.RFC3339Nano))
	}
	if median, err := v.genesis.Validators.MedianTime(commit); err != nil || !median.Equal(h.Time) {
		wrong("time", "%s is not the median of the votes, %s", h.Time.UTC().Format(time.RFC3339Nano), median.UTC().Format(time.RFC3339Nano))
	}
	v.commit(prev.Height, h.LastBlockId, commit)
}

func (v *verifier) firstBlock(b *opened, wrong func(field, format string, args ...any)) {
	h := &b.block.Header
	if h.Height != v.genesis.InitialHeight {
		wrong("height", "the first block has %d, the genesis says %d", h.Height, v.genesis.InitialHeight)
	}
	if len(h.LastBlockId.Hash) != 0 || len(b.block.LastCommit.Signatures) != 0 {
		wrong("last-block-id", "the first block names one before it")
	}
	if !h.Time.Equal(v.genesis.Time) {
		wrong("time", "%s, the genesis says %s", h.Time.UTC().Format(time.RFC3339Nano), v.genesis.Time.UTC().Format(time.RFC3339Nano))
	}
}

// commit states that the validators signed a block.
func (v *verifier) commit(height int64, id chain.BlockID, c *chain.Commit) {
	v.bench.state(statement{
		fact:  &commitFact{set: v.genesis.Validators, chainID: v.genesis.ChainID, height: height, id: id, commit: c},
		check: checkCommits, code: "header/commit", what: "commit", height: height, tx: -1,
	})
}

// lastCommit checks the commit for the last block, which no block carries.
func (v *verifier) lastCommit(raw []byte) {
	c, err := chain.DecodeCommit(raw)
	if err != nil {
		v.found.add(checkCommits, Finding{Code: "record/commit", Height: v.last.header.Height, Tx: -1, What: "commit of the last block", Why: err.Error()})
		return
	}
	id := c.BlockID
	id.Hash = v.last.hash[:]
	v.commit(v.last.header.Height, id, c)
}

// commitFact states that a commit makes a block one of the chain.
type commitFact struct {
	set     *chain.ValidatorSet
	chainID string
	height  int64
	id      chain.BlockID
	commit  *chain.Commit
}

// Signatures are all that is left to check.
func (f *commitFact) Signatures() ([]sign.Item, error) {
	return f.set.CommitSignatures(f.chainID, f.height, f.id, f.commit)
}

// Verify checks the signatures.
func (f *commitFact) Verify() error { return f.set.VerifyCommit(f.chainID, f.height, f.id, f.commit) }

// evidenceHash is the root over the evidence against validators in a block.
func evidenceHash(b *chain.Block) ([32]byte, error) {
	leaves := make([][]byte, len(b.Evidence.Evidence))
	for i := range b.Evidence.Evidence {
		var m interface{ Marshal() ([]byte, error) }
		switch e := b.Evidence.Evidence[i].Sum.(type) {
		case *cmtproto.Evidence_DuplicateVoteEvidence:
			m = e.DuplicateVoteEvidence
		case *cmtproto.Evidence_LightClientAttackEvidence:
			m = e.LightClientAttackEvidence
		default:
			return [32]byte{}, fmt.Errorf("evidence %d is of no known kind", i)
		}
		raw, err := m.Marshal()
		if err != nil {
			return [32]byte{}, fmt.Errorf("encode evidence %d: %w", i, err)
		}
		leaves[i] = raw
	}
	return chain.Root(leaves), nil
}
