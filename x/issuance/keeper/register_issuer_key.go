package keeper

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckRegisterIssuerKey: election_id, token_class, panel (known, zone not
// closed), issuer (sits in the panel, the signer is its key, none registered
// yet), modulus (the election's length, new on the chain); the key proof is for
// the batch of pure checks.
func (k *Keeper) PrecheckRegisterIssuerKey(ctx ledger.Context, r ledger.Reader, tx *ledger.Tx) (ledger.Demands, error) {
	m := tx.Message.(*issuancev1.RegisterIssuerKey)
	id := [32]byte(m.ElectionId)
	def, err := k.openClass(r, id, m.TokenClass)
	if err != nil {
		return ledger.Demands{}, err
	}
	member, err := seat(def, m)
	if err != nil {
		return ledger.Demands{}, err
	}
	if key := def.Issuers[m.Issuer].OperatorKey; !bytes.Equal(tx.Signer, key) {
		return ledger.Demands{}, issuance.CodeNotOperator.Refuse("signer", "%x is not the operator key %x of issuer %d", tx.Signer, key, m.Issuer)
	}
	if len(m.Modulus)*8 != int(def.TokenBits) {
		return ledger.Demands{}, issuance.CodeModulus.Refuse("modulus", "%d bits, the election asks for %d", len(m.Modulus)*8, def.TokenBits)
	}
	if len(k.class(r, def, id, m.TokenClass).Panels[m.Panel].Moduli[member]) != 0 {
		return ledger.Demands{}, issuance.CodeRegistered.Refuse("issuer", "issuer %d has a key for class %d and panel %d", m.Issuer, m.TokenClass, m.Panel)
	}
	hash := sha256.Sum256(m.Modulus)
	if r.Get(issuance.KeyModulus.Key(hash[:])) != nil {
		return ledger.Demands{}, issuance.CodeModulusUsed.Refuse("modulus", "is registered on this chain; make a new key")
	}
	return ledger.Demands{
		Claims: []string{
			fmt.Sprintf("modulus:%x", hash),
			fmt.Sprintf("issuer-key:%x/%d/%d/%d", id, m.TokenClass, m.Panel, m.Issuer),
		},
		Checks: []ledger.Check{{
			Fact:  issuance.KeyProofOf(ctx.ChainID, m, [32]byte(tx.Signer)),
			Code:  issuance.CodeKeyProof,
			Field: "roots",
		}},
	}, nil
}

// ExecuteRegisterIssuerKey stores the key.
func (k *Keeper) ExecuteRegisterIssuerKey(ctx ledger.Context, w ledger.Writer, tx *ledger.Tx) error {
	if _, err := k.PrecheckRegisterIssuerKey(ctx, w, tx); err != nil {
		return err
	}
	m := tx.Message.(*issuancev1.RegisterIssuerKey)
	id := [32]byte(m.ElectionId)
	def, _ := k.elections.Definition(w, id)
	member, err := seat(def, m)
	if err != nil {
		return err
	}
	record := k.class(w, def, id, m.TokenClass)
	record.Panels[m.Panel].Moduli[member] = m.Modulus
	w.Set(classKey(id, m.TokenClass), ledger.MustEncode(record))
	hash := sha256.Sum256(m.Modulus)
	w.Set(issuance.KeyModulus.Key(hash[:]), []byte{1})
	w.Touch(id)
	return nil
}

// seat is the issuer's position in the panel.
func seat(def *electionv1.Definition, m *issuancev1.RegisterIssuerKey) (int, error) {
	if int(m.Panel) >= len(def.Panels) {
		return 0, issuance.CodeUnknownPanel.Refuse("panel", "%d is not an index of the %d panels", m.Panel, len(def.Panels))
	}
	member := slices.Index(def.Panels[m.Panel].Issuers, m.Issuer)
	if member < 0 {
		return 0, issuance.CodeNotInPanel.Refuse("issuer", "%d does not sit in panel %d", m.Issuer, m.Panel)
	}
	return member, nil
}

// openClass finds the election of a token class whose zone has not closed.
func (k *Keeper) openClass(r ledger.Reader, id [32]byte, class uint32) (*electionv1.Definition, error) {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil, issuance.CodeUnknownElection.Refuse("election_id", "no election %x on this chain", id)
	}
	if int(class) >= len(def.Classes) {
		return nil, issuance.CodeUnknownClass.Refuse("token_class", "%d is not an index of the %d classes", class, len(def.Classes))
	}
	zone := election.ClassZone(def, class)
	if z, _ := k.elections.Zone(r, id, zone); !election.BeforeClose(z) {
		return nil, issuance.CodePhase.Refuse("token_class", "zone %d of class %d is %s", zone, class, election.PhaseName(z.Phase))
	}
	return def, nil
}

// class reads the record of a token class; one without a record has no keys
// and panel 0 open.
func (k *Keeper) class(r ledger.Reader, def *electionv1.Definition, id [32]byte, class uint32) *issuancev1.ClassKeys {
	if b := r.Get(classKey(id, class)); b != nil {
		return ledger.MustDecode[issuancev1.ClassKeys](b)
	}
	record := &issuancev1.ClassKeys{TokenClass: class}
	for _, p := range def.Panels {
		record.Panels = append(record.Panels, &issuancev1.PanelKeys{Moduli: make([][]byte, len(p.Issuers))})
	}
	return record
}
