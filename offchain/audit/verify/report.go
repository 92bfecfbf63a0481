package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/urna-vote/urna/proto/api"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
)

// Report is what verification found.
type Report struct {
	ChainID   string  `json:"chain_id"`
	Rehearsal bool    `json:"rehearsal"`
	Genesis   api.Hex `json:"genesis_sha256"`
	First     int64   `json:"first"`
	Last      int64   `json:"last"`
	// Checks in a fixed order, each with how often it was made.
	Checks []Check `json:"checks"`
	// Findings in order of height; at most maxFindings are kept.
	Findings []Finding `json:"findings"`
	// More findings than were kept.
	More      uint64     `json:"more_findings,omitempty"`
	Elections []Election `json:"elections"`
}

// OK reports whether everything that must be checked was, and held.
func (r *Report) OK() bool { return len(r.Findings) == 0 && r.More == 0 }

// Check is one kind of check.
type Check struct {
	Name string `json:"name"`
	// Made counts the checks, Failed those that found something.
	Made   uint64 `json:"made"`
	Failed uint64 `json:"failed"`
}

// Finding is a rule that the record breaks.
type Finding struct {
	// Code is "module/rule", stable for machines.
	Code   string `json:"code"`
	Height int64  `json:"height,omitempty"`
	// Tx is the index in the block, -1 if it is not about a transaction.
	Tx   int    `json:"tx"`
	What string `json:"what"`
	Why  string `json:"why"`
}

func (f Finding) String() string {
	if f.Tx >= 0 {
		return fmt.Sprintf("%s at height %d, transaction %d: %s: %s", f.Code, f.Height, f.Tx, f.What, f.Why)
	}
	return fmt.Sprintf("%s at height %d: %s: %s", f.Code, f.Height, f.What, f.Why)
}

// Election is what the record says about an election, computed here.
type Election struct {
	ID         api.Hex                `json:"id"`
	Title      map[string]string      `json:"title"`
	Warnings   []string               `json:"warnings"`
	Definition *electionv1.Definition `json:"-"`
	Zones      []Zone                 `json:"zones"`
	Classes    []Class                `json:"classes"`
	// Asked are the issuers that voters had to ask on the ledger.
	Asked []Asked `json:"asked,omitempty"`
}

// Asked is an issuer that voters asked on the ledger for their signatures.
type Asked struct {
	Issuer   string `json:"issuer"`
	Claims   uint64 `json:"claims"`
	Answered uint64 `json:"answered"`
	// Silent counts those left unanswered in time: what there is against it.
	Silent uint64 `json:"silent"`
}

// Class of tokens: roll ≥ issued ≥ accepted.
type Class struct {
	Name     string `json:"name"`
	Roll     uint64 `json:"roll"`
	Removed  uint64 `json:"removed"`
	Issued   uint64 `json:"issued"`
	Accepted uint64 `json:"accepted"`
	Recasts  uint64 `json:"recasts"`
	// Silent counts claims of signatures that no issuer answered in time.
	Silent uint64 `json:"silent"`
}

// Zone of an election at the end of the record.
type Zone struct {
	Zone  uint32               `json:"zone"`
	Phase string               `json:"phase"`
	State electionv1.ZoneState `json:"-"`
	// Ceremony and Key as the record leads to them; Key is nil before its drill.
	Ceremony *ceremonyv1.State       `json:"-"`
	Key      *ceremonyv1.ElectionKey `json:"-"`
	// Units are the sums computed from the ballots of the record, once counting
	// began: what a trustee may decrypt.
	Units *tallyv1.Units `json:"-"`
	// Shares by participant index.
	Shares   map[uint32]*tallyv1.DecryptionShare `json:"-"`
	Result   *tallyv1.Result                     `json:"-"`
	Protocol *tallyv1.Protocol                   `json:"-"`
	// ProtocolHash of the protocol that the ledger computes.
	ProtocolHash api.Hex  `json:"protocol_hash,omitempty"`
	Final        bool     `json:"final"`
	Counts       []Counts `json:"counts"`
}

// Counts of one contest in a union of groups.
type Counts struct {
	Contest uint32   `json:"contest"`
	Title   string   `json:"title"`
	Groups  []uint32 `json:"groups"`
	Titles  []string `json:"group_titles"`
	Ballots uint64   `json:"ballots"`
	Options []Option `json:"options"`
}

// Option with its count.
type Option struct {
	Title string `json:"title"`
	Count uint64 `json:"count"`
}

// The kinds of checks, in the order of the report.
const (
	checkHeaders    = "headers"
	checkCommits    = "commits"
	checkOrder      = "order of transactions"
	checkEncoding   = "canonical transactions"
	checkSignatures = "signatures"
	checkCommission = "commission"
	checkDeadlines  = "phases"
	checkRoll       = "roll"
	checkIssuerKeys = "issuer keys"
	checkIssuance   = "issued tokens"
	checkCeremony   = "key ceremony"
	checkBallots    = "ballots"
	checkTokens     = "token signatures"
	checkProofs     = "ballot proofs"
	checkShares     = "decryption shares"
	checkResults    = "results"
	checkProtocols  = "protocols of results"
	checkLog        = "ballot log"
	checkObjects    = "proven objects"
)

var checkNames = []string{
	checkHeaders, checkCommits, checkOrder, checkEncoding, checkSignatures, checkCommission, checkDeadlines,
	checkRoll, checkIssuerKeys, checkIssuance, checkCeremony, checkBallots, checkTokens, checkProofs,
	checkShares, checkResults, checkProtocols, checkLog, checkObjects,
}

// required checks must have been made at least once.
var required = []string{checkHeaders, checkCommits, checkCommission, checkObjects, checkLog}

const maxFindings = 200

// findings collects checks and findings from all goroutines.
type findings struct {
	mu     sync.Mutex
	made   map[string]uint64
	failed map[string]uint64
	list   []Finding
	more   uint64
}

func newFindings() *findings {
	return &findings{made: map[string]uint64{}, failed: map[string]uint64{}}
}

// count notes that checks were made.
func (f *findings) count(check string, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made[check] += uint64(n)
}

// add notes a finding of a check. Of too many those that come first in the
// record are kept, whenever they are found.
func (f *findings) add(check string, x Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed[check]++
	i, _ := slices.BinarySearchFunc(f.list, x, inRecord)
	if len(f.list) < maxFindings {
		f.list = slices.Insert(f.list, i, x)
		return
	}
	f.more++
	if i < maxFindings {
		f.list = slices.Insert(f.list[:maxFindings-1], i, x)
	}
}

// inRecord orders findings as they lie in the record.
func inRecord(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Height, b.Height), cmp.Compare(a.Tx, b.Tx), cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why))
}

// clone is a copy that shares nothing with f.
func (f *findings) clone() *findings {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &findings{made: maps.Clone(f.made), failed: maps.Clone(f.failed), list: slices.Clone(f.list), more: f.more}
}

// settle writes the report's checks and findings, and what was not checked.
func (f *findings) settle(r *Report) {
	f = f.clone()
	for _, name := range required {
		if f.made[name] == 0 {
			f.add(name, Finding{Code: "record/nothing-to-check", Height: r.Last, Tx: -1, What: name, Why: "the record holds nothing of it to check"})
		}
	}
	for _, name := range checkNames {
		r.Checks = append(r.Checks, Check{Name: name, Made: f.made[name], Failed: f.failed[name]})
	}
	r.Findings, r.More = f.list, f.more
}

// broken is a rule that a transaction breaks.
type broken struct {
	code, what, why string
}

func (b *broken) Error() string { return b.code + ": " + b.what + ": " + b.why }

// breaks makes the finding of a transaction: code is "module/rule".
func breaks(code, what, format string, args ...any) error {
	return &broken{code: code, what: what, why: fmt.Sprintf(format, args...)}
}
