package issue

import (
	"context"

	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
)

// Ledger is what the gateway's own node shows, checked against the chain's
// validators.
type Ledger interface {
	// Definition of an election; ErrUnknownElection if there is none.
	Definition(ctx context.Context, election [32]byte) (*electionv1.Definition, error)
	// Standing of an entry of a style at a recent height.
	Standing(ctx context.Context, election [32]byte, style uint32, entry [32]byte) (Standing, error)
	// Token returns the issuance that is in the ballot log under a header with
	// a successor's commit, by its transaction's hash; ErrNotOnRecord if it is
	// not, or not yet.
	Token(ctx context.Context, hash [32]byte) (*issuancev1.IssueToken, error)
}

// Standing says whether an entry may get a token now.
type Standing struct {
	// Open: the zone is in issuing or voting and not suspended.
	Open bool
	// Panel that is open for the style's class.
	Panel uint32
	// Modulus of each of the panel's members, empty while not registered.
	Moduli [][]byte
	// InRoll: the entry stands in the approved roll of the style.
	InRoll  bool
	Removed bool
	Issued  bool
}
