package keeper

import (
	"bytes"
	"encoding/binary"

	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/ledger"
)

// State is the head of a zone's ceremony; ok is false before it began.
func (k *Keeper) State(r ledger.Reader, id [32]byte, zone uint32) (*ceremonyv1.State, bool) {
	b := r.Get(ceremony.StateKey(id, zone))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[ceremonyv1.State](b), true
}

// KeyReady reports whether a zone has its election key.
func (k *Keeper) KeyReady(r ledger.Reader, id [32]byte, zone uint32) bool {
	return r.Get(ceremony.KeyIDKey(id, zone)) != nil
}

// Key is the election key of a zone. It is shared: the caller must not change it.
func (k *Keeper) Key(r ledger.Reader, id [32]byte, zone uint32) (*ceremonyv1.ElectionKey, bool) {
	return ledger.Recall(r, ceremony.KeyKey(id, zone), ledger.MustDecode[ceremonyv1.ElectionKey])
}

// Candidate is the key that the trustees of the current attempt are confirming
// or drilling; ok is false before the window confirm.
func (k *Keeper) Candidate(r ledger.Reader, id [32]byte, zone uint32) (*ceremonyv1.ElectionKey, bool) {
	st, ok := k.State(r, id, zone)
	if !ok {
		return nil, false
	}
	b := r.Get(ceremony.CandidateKey(ceremony.Where{Election: id, Zone: zone, Attempt: st.Attempt}))
	if b == nil {
		return nil, false
	}
	return ledger.MustDecode[ceremonyv1.ElectionKey](b), true
}

// Transactions are the raw transactions accepted in the current attempt, in
// ledger order.
func (k *Keeper) Transactions(r ledger.Reader, id [32]byte, zone uint32) [][]byte {
	st, ok := k.State(r, id, zone)
	if !ok {
		return nil
	}
	var out [][]byte
	k.eachTx(r, ceremony.Where{Election: id, Zone: zone, Attempt: st.Attempt}, func(_ uint32, raw []byte) {
		out = append(out, bytes.Clone(raw))
	})
	return out
}

// eachTx visits the stored transactions of an attempt with their kinds.
func (k *Keeper) eachTx(r ledger.Reader, w ceremony.Where, visit func(kind uint32, raw []byte)) {
	r.Iterate(ceremony.TxPrefix(w), func(_, value []byte) bool {
		visit(binary.BigEndian.Uint32(value), value[4:])
		return true
	})
}
