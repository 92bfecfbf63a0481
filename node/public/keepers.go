package public

import (
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/commission"
	commissionkeeper "github.com/urna-vote/urna/x/commission/keeper"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/roll"
	rollkeeper "github.com/urna-vote/urna/x/roll/keeper"
	tallykeeper "github.com/urna-vote/urna/x/tally/keeper"
)

// Keepers are the questions that the routes ask of the modules.
type Keepers struct {
	Commission Commission
	Election   Election
	Roll       Roll
	Issuance   Issuance
	Claims     Claims
	Ceremony   Ceremony
	Ballot     Ballot
	Tally      Tally
}

// Commission and its proposals.
type Commission interface {
	Quorum(r ledger.Reader) uint32
	Members(r ledger.Reader) []commission.Member
	Proposal(r ledger.Reader, id [32]byte) (*commissionv1.ProposalState, bool)
	Proposals(r ledger.Reader) []commissionkeeper.Stored
	ActName(action uint32) string
}

// Election and its zones.
type Election interface {
	Definition(r ledger.Reader, id [32]byte) (*electionv1.Definition, bool)
	Zone(r ledger.Reader, id [32]byte, zone uint32) (electionv1.ZoneState, bool)
}

// Roll of an election.
type Roll interface {
	Size(r ledger.Reader, id [32]byte, style uint32) uint64
	RemovedCount(r ledger.Reader, id [32]byte, style uint32) uint64
	Entries(r ledger.Reader, id [32]byte, style uint32, from uint64, limit int) [][]byte
	EntryProof(r ledger.Reader, id [32]byte, entry []byte) (rollkeeper.EntryProof, bool)
	RemovedChunk(r ledger.Reader, id [32]byte, style uint32, index uint64) (roll.ChunkProof, bool)
}

// Issuance of tokens.
type Issuance interface {
	OpenPanel(r ledger.Reader, id [32]byte, class uint32) uint32
	IssuedCount(r ledger.Reader, id [32]byte, class uint32) uint64
	Issued(r ledger.Reader, id [32]byte, entry []byte) (*issuancev1.Issued, bool)
	IssuedChunk(r ledger.Reader, id [32]byte, style uint32, index uint64) (roll.ChunkProof, bool)
}

// Ceremony of a zone's key.
type Ceremony interface {
	State(r ledger.Reader, id [32]byte, zone uint32) (*ceremonyv1.State, bool)
	Key(r ledger.Reader, id [32]byte, zone uint32) (*ceremonyv1.ElectionKey, bool)
	Transactions(r ledger.Reader, id [32]byte, zone uint32) [][]byte
}

// Ballot keys and counts.
type Ballot interface {
	Spent(r ledger.Reader, ballotKey []byte) (*ballot.Spent, bool)
	ElectionOf(r ledger.Reader, s *ballot.Spent) [32]byte
	Counts(r ledger.Reader, id [32]byte, class uint32) *ballotv1.ClassCounts
}

// Tally of a zone.
type Tally interface {
	Units(r ledger.Reader, id [32]byte, zone uint32) (units *tallyv1.Units, waiting bool)
	Shares(r ledger.Reader, id [32]byte, zone uint32) []tallykeeper.TrusteeShare
	Result(r ledger.Reader, id [32]byte, zone uint32) (*tallyv1.Result, bool)
	ProtocolOf(r ledger.Reader, id [32]byte, zone uint32) (*tallyv1.Protocol, bool)
}
