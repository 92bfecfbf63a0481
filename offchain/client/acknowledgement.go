package client

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/envelope"
)

// Acknowledgement reads one and verifies that its key signed for this very
// transaction. Whether the key is a node's says its status; the chain must be the
// one that is meant.
func Acknowledgement(a *api.Acknowledgement) (*envelope.Ack, error) {
	if len(a.Hash) != sha256.Size || len(a.Key) != sign.PublicKeySize || len(a.Signature) != sign.SignatureSize {
		return nil, fmt.Errorf("%w: hash, key or signature has the wrong length", envelope.ErrAck)
	}
	out := &envelope.Ack{
		ChainID: a.ChainID, Hash: [32]byte(a.Hash), Height: a.Height, Deadline: a.Deadline,
		Place: merkle.InclusionProof{Index: a.Index, Size: a.Count, Path: make([]merkle.Hash, len(a.Path))},
		Key:   [32]byte(a.Key), Signature: [64]byte(a.Signature),
	}
	for i, h := range a.Path {
		if len(h) != merkle.HashSize {
			return nil, fmt.Errorf("%w: a hash of the path has %d bytes", envelope.ErrAck, len(h))
		}
		out.Place.Path[i] = merkle.Hash(h)
	}
	if err := out.Verify(); err != nil {
		return nil, err
	}
	return out, nil
}

// checkAck checks the acknowledgement of a transaction that was just submitted.
func (c *Client) checkAck(a *api.Acknowledgement, hash [32]byte) error {
	ack, err := Acknowledgement(a)
	if err != nil {
		return err
	}
	if ack.Hash != hash {
		return fmt.Errorf("%w: it is of %x, not of %x", envelope.ErrAck, ack.Hash, hash)
	}
	return c.checkChain(ack.ChainID)
}

// checkChain refuses another chain than that of the genesis, if there is one.
func (c *Client) checkChain(id string) error {
	if c.cfg.Trust != nil && id != c.cfg.Trust.ChainID() {
		return fmt.Errorf("%w: it is of chain %q, not of %q", envelope.ErrAck, id, c.cfg.Trust.ChainID())
	}
	return nil
}

// submittedBatch reads the answer to a batch and makes of its one
// acknowledgement that of each transaction.
func (c *Client) submittedBatch(a *answer, raws [][]byte) ([]api.Submitted, error) {
	var batch api.SubmittedBatch
	if err := decode(a.node, a.body, &batch); err != nil {
		return nil, err
	}
	if batch.Count != len(raws) {
		return nil, fmt.Errorf("%s answers for %d transactions, not for %d", a.node, batch.Count, len(raws))
	}
	out := make([]api.Submitted, len(raws))
	next := 0
	var places []int
	var hashes [][32]byte
	for i, raw := range raws {
		hash := sha256.Sum256(raw)
		if next < len(batch.Others) && batch.Others[next].Position == i {
			out[i] = batch.Others[next].Answer
			out[i].Hash, out[i].Ack = hash[:], nil
			next++
			continue
		}
		out[i].Hash = hash[:]
		places, hashes = append(places, i), append(hashes, hash)
	}
	if next != len(batch.Others) {
		return nil, fmt.Errorf("%s answers for position %d, which is none or comes too late", a.node, batch.Others[next].Position)
	}
	if len(places) == 0 {
		return out, nil
	}
	if err := c.acknowledge(batch.Ack, hashes, func(k int, ack *api.Acknowledgement) { out[places[k]].Ack = ack }); err != nil {
		return nil, fmt.Errorf("%s: %w", a.node, err)
	}
	return out, nil
}

// acknowledge verifies a batch's acknowledgement of these hashes, in order, and
// gives that of each.
func (c *Client) acknowledge(b *api.BatchAcknowledgement, hashes [][32]byte, give func(int, *api.Acknowledgement)) error {
	if b == nil {
		return errors.New("admitted without an acknowledgement")
	}
	tree := envelope.AckTree(hashes)
	if root := tree.Root(); b.Count != uint64(len(hashes)) || string(b.Root) != string(root[:]) {
		return fmt.Errorf("%w: it is of %d transactions with another root, not of the %d that were admitted", envelope.ErrAck, b.Count, len(hashes))
	}
	for k := range hashes {
		place, err := tree.Inclusion(uint64(k))
		if err != nil {
			return fmt.Errorf("%w: %w", envelope.ErrAck, err)
		}
		ack := &api.Acknowledgement{
			ChainID: b.ChainID, Hash: hashes[k][:], Height: b.Height, Deadline: b.Deadline,
			Index: place.Index, Count: place.Size, Path: make([]api.Hex, len(place.Path)), Key: b.Key, Signature: b.Signature,
		}
		for i := range place.Path {
			ack.Path[i] = place.Path[i][:]
		}
		// They share root and signature: one says for all.
		if k == 0 {
			if err := c.checkAck(ack, hashes[0]); err != nil {
				return err
			}
		}
		give(k, ack)
	}
	return nil
}
