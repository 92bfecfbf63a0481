package decrypt

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/threshold"
	"github.com/urna-vote/urna/offchain/audit/verify"
	"github.com/urna-vote/urna/offchain/trustee/keystore"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	"github.com/urna-vote/urna/x/ballot"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

// Classes of refusal.
var (
	// ErrRecord: the record does not verify.
	ErrRecord = errors.New("the record does not verify: nothing is decrypted")
	// ErrForeign: the record is of another chain, or says nothing of the zone.
	ErrForeign = errors.New("the record is not of this election: nothing is decrypted")
	// ErrEarly: the zone is not being counted.
	ErrEarly = errors.New("the zone is not being counted: nothing is decrypted")
	// ErrKey: the medium holds no share of the zone's key.
	ErrKey = errors.New("the medium holds no share of this key")
	// ErrOther: this medium has decrypted something else for the zone.
	ErrOther = errors.New("this medium has decrypted other sums of the zone: nothing more is decrypted")
	// ErrSums: the ledger shows other sums than the record leads to.
	ErrSums = errors.New("the ledger's sums are not those of the verified ballots: nothing is decrypted")
)

// Request says what a trustee is asked to decrypt, and by what it judges.
type Request struct {
	Home *keystore.Home
	// ChainID and Genesis (its SHA-256) are of the genesis file that the
	// trustee trusts.
	ChainID string
	Genesis [32]byte
	// Election and Zone to decrypt.
	Election [32]byte
	Zone     uint32
	// Report of the verifier over the whole record.
	Report *verify.Report
	Random io.Reader
}

// Plan is what may be decrypted: units of the verifier's own report.
type Plan struct {
	Request
	Definition *electionv1.Definition
	Units      *tallyv1.Units
	// Trustee is the index in the ceremony, from 1.
	Trustee uint32
	// Given: the share is on the ledger already.
	Given bool
	zone  *verify.Zone
	share *threshold.KeyShare
	// memory is what is written to the medium before anything is computed.
	memory []byte
}

// Examine judges a request; it computes nothing secret.
func Examine(q Request) (*Plan, error) {
	if err := examineRecord(q); err != nil {
		return nil, err
	}
	p := &Plan{Request: q}
	if err := p.findZone(); err != nil {
		return nil, err
	}
	if err := p.findShare(); err != nil {
		return nil, err
	}
	_, p.Given = p.zone.Shares[p.Trustee]
	p.memory = memoryOf(p)
	if err := p.compareMemory(); err != nil {
		return nil, err
	}
	return p, nil
}

// mustHave are checks without which a report says nothing about ballots.
var mustHave = []string{"headers", "commits", "ballot log", "proven objects"}

func examineRecord(q Request) error {
	r := q.Report
	if !r.OK() {
		first := "no finding is kept"
		if len(r.Findings) > 0 {
			first = r.Findings[0].String()
		}
		return fmt.Errorf("%w: %d findings, the first: %s", ErrRecord, uint64(len(r.Findings))+r.More, first)
	}
	made := map[string]uint64{}
	for _, c := range r.Checks {
		made[c.Name] = c.Made
	}
	for _, name := range mustHave {
		if made[name] == 0 {
			return fmt.Errorf("%w: no check of %s was made", ErrRecord, name)
		}
	}
	if r.ChainID != q.ChainID || !bytes.Equal(r.Genesis, q.Genesis[:]) {
		return fmt.Errorf("%w: it begins with the genesis of chain %q, SHA-256 %s; trusted is that of %q, %x", ErrForeign, r.ChainID, r.Genesis, q.ChainID, q.Genesis)
	}
	return nil
}

// findZone finds a zone that is being counted.
func (p *Plan) findZone() error {
	for i := range p.Report.Elections {
		e := &p.Report.Elections[i]
		if !bytes.Equal(e.ID, p.Election[:]) {
			continue
		}
		if int64(p.Zone) >= int64(len(e.Zones)) {
			return fmt.Errorf("%w: election %s has %d zones, counted from 0: there is no zone %d", ErrForeign, e.ID, len(e.Zones), p.Zone)
		}
		p.Definition, p.zone = e.Definition, &e.Zones[p.Zone]
		if got := election.DefinitionID(p.ChainID, p.Definition); got != p.Election {
			return fmt.Errorf("%w: the definition is of election %x, not of %x", ErrForeign, got, p.Election)
		}
		return p.counting()
	}
	return fmt.Errorf("%w: up to block %d it has no election %x", ErrForeign, p.Report.Last, p.Election)
}

func (p *Plan) counting() error {
	z := p.zone
	switch {
	case z.State.Suspended:
		return fmt.Errorf("%w: up to block %d zone %d is suspended", ErrEarly, p.Report.Last, p.Zone)
	case z.Units != nil && z.Units.WaitingConsent:
		return fmt.Errorf("%w: a contest of zone %d has so few ballots that the commission must consent to counting them", ErrEarly, p.Zone)
	case z.State.Phase != electionv1.Phase_PHASE_COUNTING || z.Units == nil || z.State.ClosedMs == 0:
		return fmt.Errorf("%w: up to block %d zone %d is in phase %s", ErrEarly, p.Report.Last, p.Zone, election.PhaseName(z.State.Phase))
	}
	p.Units = z.Units
	return nil
}

// findShare loads the share and checks that it is of the key in the record.
func (p *Plan) findShare() error {
	s, err := p.Home.LoadShare(p.ChainID, p.Election, p.Zone)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	key := p.zone.Key
	if key == nil {
		return fmt.Errorf("%w: the record has no key of zone %d", ErrKey, p.Zone)
	}
	hash, err := ballot.KeyVectorHash(p.ChainID, p.Election, key)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	if hash != s.KeyHash || key.Attempt != s.Attempt {
		return fmt.Errorf("%w: the share is of attempt %d, key hash %x; the record's key is of attempt %d, key hash %x", ErrKey, s.Attempt, s.KeyHash, key.Attempt, hash)
	}
	public := p.Home.Public()
	if int64(s.Index) > int64(len(key.Participants)) || !bytes.Equal(key.Participants[s.Index-1], public[:]) {
		return fmt.Errorf("%w: trustee %d of the key is not the owner of this medium", ErrKey, s.Index)
	}
	verification, err := threshold.DecodeVerificationKeys(len(key.Slots)/group.Size, key.Verification[s.Index-1])
	if err != nil {
		return fmt.Errorf("%w: verification keys of trustee %d: %w", ErrKey, s.Index, err)
	}
	if p.share, err = s.Open(verification); err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	p.Trustee = s.Index
	return nil
}

// Compare refuses if the ledger, at a later height, shows other units than the
// record leads to.
func (p *Plan) Compare(proven []byte) error {
	if !bytes.Equal(proven, ledger.MustEncode(p.Units)) {
		return ErrSums
	}
	return nil
}

// Ballots counts those of all units to decrypt; a ballot with several contests
// is in several.
func (p *Plan) Ballots() (ballots uint64, units int) {
	for _, u := range p.Units.Units {
		if tally.Decrypted(u) {
			units++
			ballots += u.Ballots
		}
	}
	return ballots, units
}
