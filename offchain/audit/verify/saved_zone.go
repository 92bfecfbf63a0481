package verify

import (
	"cmp"
	"slices"

	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
)

// savedZone is a zone's state.
type savedZone struct {
	State                                           []byte
	Making                                          *savedMaking
	Key, Units, Counting, Result, Protocol, ListEnd optional
	ListSize, ListDue                               uint64
	Shares                                          map[uint32][]byte
	Consent, Approved                               bool
}

// savedMaking is a key ceremony's state.
type savedMaking struct {
	State       []byte
	Transcript  [][32]byte
	Commitments map[uint32][]byte
	Nonces      []savedNonce
	Candidate   optional
	Restart     bool
}

type savedNonce struct {
	Sender, Receiver uint32
	Hash             []byte
}

func (z *zone) save(s *saver) savedZone {
	out := savedZone{
		State: saveMessage(s, &z.state).Bytes, Key: saveMessage(s, z.key), Units: saveMessage(s, z.units),
		Counting: saveMessage(s, z.counting), Result: saveMessage(s, z.result), Protocol: saveMessage(s, z.protocol),
		ListEnd: saveMessage(s, z.list.done), ListSize: z.list.size, ListDue: z.list.due,
		Shares: map[uint32][]byte{}, Consent: z.consent, Approved: z.approved,
	}
	for i, share := range z.shares {
		out.Shares[i] = saveMessage(s, share).Bytes
	}
	if c := z.ceremony; c != nil {
		out.Making = &savedMaking{State: saveMessage(s, c.st).Bytes, Transcript: slices.Clone(c.transcript),
			Commitments: c.commitments, Candidate: saveMessage(s, c.candidate), Restart: c.restart}
		for at, hash := range c.nonces {
			out.Making.Nonces = append(out.Making.Nonces, savedNonce{at[0], at[1], hash})
		}
	}
	return out
}

func loadZone(s *saver, e *elect, index uint32, from *savedZone) *zone {
	z := &zone{
		election: e, index: index, key: loadMessage[ceremonyv1.ElectionKey](s, from.Key), units: loadMessage[tallyv1.Units](s, from.Units),
		counting: loadMessage[tallyv1.CountingTrustees](s, from.Counting), result: loadMessage[tallyv1.Result](s, from.Result),
		protocol: loadMessage[tallyv1.Protocol](s, from.Protocol), consent: from.Consent, approved: from.Approved,
	}
	s.err = cmp.Or(s.err, z.state.Unmarshal(from.State))
	z.list = counted{size: from.ListSize, due: from.ListDue, done: loadMessage[ballotv1.Counted](s, from.ListEnd)}
	for i, b := range from.Shares {
		if z.shares == nil {
			z.shares = map[uint32]*tallyv1.DecryptionShare{}
		}
		z.shares[i] = loadMessage[tallyv1.DecryptionShare](s, optional{true, b})
	}
	if m := from.Making; m != nil {
		c := &keyMaking{zone: z, st: loadMessage[ceremonyv1.State](s, optional{true, m.State}), transcript: m.Transcript,
			commitments: map[uint32][]byte{}, nonces: map[[2]uint32][]byte{},
			candidate: loadMessage[ceremonyv1.ElectionKey](s, m.Candidate), restart: m.Restart}
		for i, b := range m.Commitments {
			c.commitments[i] = b
		}
		for _, n := range m.Nonces {
			c.nonces[[2]uint32{n.Sender, n.Receiver}] = n.Hash
		}
		z.ceremony = c
	}
	return z
}
