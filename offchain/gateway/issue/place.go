package issue

import "context"

// Place is which of the open panel's members this gateway is: a person is told
// so with each code, since each member asks for one of its own.
type Place struct {
	// Number counts from 1.
	Number, Of int
	// Name of the issuer in the definition.
	Name string
}

// Place in the open panel of an entry's class, where the entry may have a token
// here and now; else a *Refusal. Whether it has one already is not asked: who
// resumes may need a code.
func (g *Gateway) Place(ctx context.Context, election [32]byte, style uint32, entry [32]byte) (Place, error) {
	def, err := g.cfg.Ledger.Definition(ctx, election)
	if err != nil {
		return Place{}, err
	}
	if int64(style) >= int64(len(def.Styles)) {
		return Place{}, refuse(ErrRequest, "style", "%d, the election has %d", style, len(def.Styles))
	}
	standing, err := g.cfg.Ledger.Standing(ctx, election, style, entry)
	if err != nil {
		return Place{}, err
	}
	seat, err := g.seat(def, election, style, standing.Panel)
	if err != nil {
		return Place{}, err
	}
	key, ok := g.cfg.Keys.Key(seat.slot)
	if !ok {
		return Place{}, refuse(ErrUnknownElection, "election", "this gateway holds no key for class %d, panel %d", seat.slot.Class, seat.slot.Panel)
	}
	if err := admit(standing, seat, standing.Panel, key.Public().Encode()); err != nil {
		return Place{}, err
	}
	issuer := def.Issuers[def.Panels[standing.Panel].Issuers[seat.member]]
	return Place{Number: seat.member + 1, Of: seat.size, Name: issuer.Name}, nil
}
