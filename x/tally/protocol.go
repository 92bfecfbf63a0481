package tally

import (
	"github.com/urna-vote/urna/crypto/transcript"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ledger"
)

var protocolLabel = transcript.Register("protocol")

// ProtocolHash is the hash that the commission approves and that is printed
// with the protocol of results.
func ProtocolHash(p *tallyv1.Protocol) [32]byte {
	return transcript.Hash(protocolLabel, p.ChainId, [32]byte(p.ElectionId), ledger.MustEncode(p))
}

// ProtocolContests are the lines of a result.
func ProtocolContests(units *tallyv1.Units, result *tallyv1.Result) []*tallyv1.ProtocolContest {
	out := make([]*tallyv1.ProtocolContest, len(units.Units))
	for i, u := range units.Units {
		out[i] = &tallyv1.ProtocolContest{Contest: u.Contest, Groups: u.Groups, Ballots: u.Ballots, Counts: result.Units[i].Counts}
	}
	return out
}
