package keeper

import (
	"fmt"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// PrecheckOpenPanel: election_id, token_classes (known, zones not closed),
// panel (after the open one, all its keys registered).
func (k *Keeper) PrecheckOpenPanel(_ ledger.Context, r ledger.Reader, m *issuancev1.OpenPanel) ([]string, error) {
	id := [32]byte(m.ElectionId)
	def, ok := k.elections.Definition(r, id)
	if !ok {
		return nil, issuance.CodeUnknownElection.Refuse("election_id", "no election %x on this chain", id)
	}
	if int(m.Panel) >= len(def.Panels) {
		return nil, issuance.CodeUnknownPanel.Refuse("panel", "%d is not an index of the %d panels", m.Panel, len(def.Panels))
	}
	var claims []string
	for _, class := range classesOf(def, m) {
		if _, err := k.openClass(r, id, class); err != nil {
			return nil, err
		}
		if open := k.OpenPanel(r, id, class); m.Panel <= open {
			return nil, issuance.CodePanelOrder.Refuse("panel", "%d is not after panel %d, which is open for class %d; a panel is not opened again", m.Panel, open, class)
		}
		if _, ok := k.PanelKeys(r, id, class, m.Panel); !ok {
			return nil, issuance.CodePanelKeys.Refuse("panel", "not all members of panel %d have registered a key for class %d", m.Panel, class)
		}
		claims = append(claims, fmt.Sprintf("panel:%x/%d", id, class))
	}
	return claims, nil
}

// ExecuteOpenPanel opens the panel for the classes, for all voters at once.
func (k *Keeper) ExecuteOpenPanel(ctx ledger.Context, w ledger.Writer, m *issuancev1.OpenPanel) error {
	if _, err := k.PrecheckOpenPanel(ctx, w, m); err != nil {
		return err
	}
	id := [32]byte(m.ElectionId)
	def, _ := k.elections.Definition(w, id)
	for _, class := range classesOf(def, m) {
		record := k.class(w, def, id, class)
		record.OpenPanel = m.Panel
		w.Set(classKey(id, class), ledger.MustEncode(record))
	}
	w.Touch(id)
	return nil
}

func classesOf(def *electionv1.Definition, m *issuancev1.OpenPanel) []uint32 {
	if len(m.TokenClasses) > 0 {
		return m.TokenClasses
	}
	all := make([]uint32, len(def.Classes))
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}
