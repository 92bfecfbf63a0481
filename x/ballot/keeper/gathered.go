package keeper

import (
	"github.com/urna-vote/urna/crypto/elgamal"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/ledger"
)

// gathered are the ballots that a block has accepted so far. The end of the
// block writes what follows from them, once for all.
type gathered struct {
	ballots []accepted
	classes map[classRef]*classCount
	panels  map[panelRef]uint64
}

// accepted is a ballot of the block.
type accepted struct {
	election [32]byte
	def      *electionv1.Definition
	style    *electionv1.Style
	points   *elgamal.Ciphertext
	// replaced is the ballot that a recast takes out, nil for a first ballot.
	replaced *elgamal.Ciphertext
}

type classRef struct {
	election [32]byte
	class    uint32
}

type panelRef struct {
	classRef
	panel uint32
}

type classCount struct{ accepted, recasts uint64 }

func gather(w ledger.Writer) *gathered {
	return w.Gather(ballot.Codespace, func() any {
		return &gathered{classes: map[classRef]*classCount{}, panels: map[panelRef]uint64{}}
	}).(*gathered)
}

func (g *gathered) class(ref classRef) *classCount {
	c := g.classes[ref]
	if c == nil {
		c = new(classCount)
		g.classes[ref] = c
	}
	return c
}
