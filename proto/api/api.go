// Package api holds the shapes of the public API's answers, shared by the node
// that gives them and the clients that read them. Bytes are lower-case hex.
// The routes are in docs/spec/api.md and in each node's /v1/openapi.json.
package api

import (
	"encoding/hex"
	"fmt"
)

// Hex is a byte string written in lower-case hex.
type Hex []byte

// MarshalText writes hex.
func (h Hex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText reads hex.
func (h *Hex) UnmarshalText(b []byte) error {
	out, err := hex.DecodeString(string(b))
	if err != nil {
		return fmt.Errorf("not hex: %w", err)
	}
	*h = out
	return nil
}

func (h Hex) String() string { return hex.EncodeToString(h) }

// Status of a node. GET /v1/status
type Status struct {
	ChainID   string `json:"chain_id"`
	Mode      string `json:"mode" enum:"validator,observer"`
	Version   string `json:"version"`
	Rehearsal bool   `json:"rehearsal"`
	Height    int64  `json:"height"`
	TimeMS    int64  `json:"time_ms"`
	// BlockHash of that height, empty if this node has no block.
	BlockHash  Hex  `json:"block_hash"`
	AppHash    Hex  `json:"app_hash"`
	CatchingUp bool `json:"catching_up"`
	Peers      int  `json:"peers"`
	Validators int  `json:"validators"`
	// AckKey is the Ed25519 key of this node's acknowledgements.
	AckKey Hex `json:"ack_key"`
}

// TxStatus: GET /v1/transactions/{hash}
type TxStatus struct {
	Hash Hex `json:"hash"`
	// State: "committed", "pending" (in this node's pool), "dropped" (it was in
	// this node's pool and no longer right, see Refusal) or "unknown".
	State   string   `json:"state" enum:"committed,pending,dropped,unknown"`
	Refusal *Refusal `json:"refusal,omitempty"`
	Height  int64    `json:"height,omitempty"`
	// Index in the block.
	Index    int     `json:"index,omitempty"`
	LogIndex *uint64 `json:"log_index,omitempty"`
	// Raw bytes of a committed transaction.
	Raw Hex `json:"raw,omitempty"`
}

// Refusal says why a transaction was dropped.
type Refusal struct {
	Code      uint32 `json:"code"`
	Codespace string `json:"codespace"`
	Name      string `json:"name"`
	Field     string `json:"field"`
	Reason    string `json:"reason"`
}

// Election is a line of GET /v1/elections and the answer of /v1/elections/{id}.
type Election struct {
	ID        Hex               `json:"id"`
	Title     map[string]string `json:"title"`
	Rehearsal bool              `json:"rehearsal"`
	Warnings  []string          `json:"warnings"`
	Zones     []Zone            `json:"zones"`
	Contests  []Contest         `json:"contests"`
	Styles    []Style           `json:"styles"`
	Issuers   []Issuer          `json:"issuers"`
	Trustees  []Trustee         `json:"trustees"`
	Threshold uint32            `json:"threshold"`
	Revote    bool              `json:"revote"`
	// Definition is the canonical encoding (urna.election.v1.Definition); only
	// in the answer for one election.
	Definition Hex `json:"definition,omitempty"`
}

// Zone with its timetable and phase.
type Zone struct {
	Title           map[string]string `json:"title"`
	Phase           string            `json:"phase"`
	Suspended       bool              `json:"suspended"`
	CeremonyWindow  string            `json:"ceremony_window,omitempty"`
	CeremonyAttempt uint32            `json:"ceremony_attempt,omitempty"`
	IssuingOpensMS  int64             `json:"issuing_opens_ms"`
	VotingOpensMS   int64             `json:"voting_opens_ms"`
	ClosesMS        int64             `json:"closes_ms"`
	TimeZone        string            `json:"time_zone"`
}

// Contest and its options, for people.
type Contest struct {
	Title   map[string]string   `json:"title"`
	Kind    string              `json:"kind"`
	Min     uint32              `json:"min"`
	Max     uint32              `json:"max"`
	Options []map[string]string `json:"options"`
}

// Style is a territory's ballot.
type Style struct {
	Name       string            `json:"name"`
	Title      map[string]string `json:"title"`
	Zone       uint32            `json:"zone"`
	Group      uint32            `json:"group"`
	TokenClass uint32            `json:"token_class"`
	Contests   []uint32          `json:"contests"`
}

// Issuer of tokens.
type Issuer struct {
	Name        string `json:"name"`
	OperatorKey Hex    `json:"operator_key"`
}

// Trustee of the election key.
type Trustee struct {
	Name string `json:"name"`
	Key  Hex    `json:"key"`
}

// Turnout per token class and in all. GET /v1/elections/{id}/turnout
type Turnout struct {
	Height   int64          `json:"height"`
	Roll     uint64         `json:"roll"`
	Removed  uint64         `json:"removed"`
	Issued   uint64         `json:"issued"`
	Accepted uint64         `json:"accepted"`
	Recasts  uint64         `json:"recasts"`
	Classes  []ClassTurnout `json:"classes"`
}

// ClassTurnout: roll ≥ issued ≥ accepted at every height.
type ClassTurnout struct {
	Name      string `json:"name"`
	Roll      uint64 `json:"roll"`
	Removed   uint64 `json:"removed"`
	Issued    uint64 `json:"issued"`
	Accepted  uint64 `json:"accepted"`
	Recasts   uint64 `json:"recasts"`
	OpenPanel uint32 `json:"open_panel"`
}

// Ballot is an accepted ballot. GET /v1/elections/{id}/ballots?from=&limit= (by
// log index), GET /v1/ballots/{hash}
type Ballot struct {
	Hash      Hex    `json:"hash"`
	Height    int64  `json:"height"`
	LogIndex  uint64 `json:"log_index"`
	Style     uint32 `json:"style"`
	BallotKey Hex    `json:"ballot_key"`
	Sequence  uint32 `json:"sequence"`
	Raw       Hex    `json:"raw,omitempty"`
}

// BallotKey says what the ledger has for a ballot key. GET /v1/elections/{id}/keys/{key}
type BallotKey struct {
	Key      Hex    `json:"key"`
	Spent    bool   `json:"spent"`
	Style    uint32 `json:"style,omitempty"`
	Sequence uint32 `json:"sequence,omitempty"`
	FirstMS  int64  `json:"first_ms,omitempty"`
	LastMS   int64  `json:"last_ms,omitempty"`
	LogIndex uint64 `json:"log_index,omitempty"`
}

// NamedProof is a path in a tree of named leaves (crypto/merkle).
type NamedProof struct {
	Index  uint64 `json:"index"`
	Size   uint64 `json:"size"`
	Hashes []Hex  `json:"hashes"`
}

// Head is a height's application hash with the header and commit that sign it.
// The application hash of height H stands in the header of H+1.
type Head struct {
	// Height H whose state is meant.
	Height int64 `json:"height"`
	// Header (tendermint.types.Header) of H+1 and the Commit (tendermint.types.Commit) for it.
	Header Hex `json:"header"`
	Commit Hex `json:"commit"`
}

// AppLeaves are all named leaves of the application hash: "log", "state",
// "elections", "rules"; see docs/spec/state.md.
type AppLeaves struct {
	LogSize       uint64 `json:"log_size"`
	LogRoot       Hex    `json:"log_root"`
	StateDigest   Hex    `json:"state_digest"`
	ElectionsRoot Hex    `json:"elections_root"`
	Rules         uint32 `json:"rules"`
	TimeMS        int64  `json:"time_ms"`
}

// Proven gives objects of an election's summary with their proof.
// GET /v1/elections/{id}/proven?names=a,b (default: all objects)
type Proven struct {
	Head   Head      `json:"head"`
	Leaves AppLeaves `json:"leaves"`
	// ElectionProof: this election's leaf under ElectionsRoot.
	ElectionProof NamedProof `json:"election_proof"`
	// Fields: name and SHA-256 of every object of the election, ascending by
	// name; together they are the election's leaf.
	Fields []Field `json:"fields"`
	// Objects asked for.
	Objects []Object `json:"objects"`
}

// Field of a summary.
type Field struct {
	Name   string `json:"name"`
	SHA256 Hex    `json:"sha256"`
}

// Object of a summary, its canonical bytes.
type Object struct {
	Name  string `json:"name"`
	Bytes Hex    `json:"bytes"`
}

// Receipt proves that a transaction is in the ballot log.
// GET /v1/receipts/{hash}; 404 until it is provable.
type Receipt struct {
	ChainID  string `json:"chain_id"`
	TxHash   Hex    `json:"tx_hash"`
	LogIndex uint64 `json:"log_index"`
	// Inclusion path of LogIndex in the log of Leaves.LogSize leaves.
	Inclusion []Hex     `json:"inclusion"`
	Leaves    AppLeaves `json:"leaves"`
	Head      Head      `json:"head"`
}

// Checkpoint of the ballot log. GET /v1/log/checkpoint: a C2SP checkpoint as text.
// GET /v1/log/inclusion?index=&size=, /v1/log/consistency?from=&to=
type LogProof struct {
	From   uint64 `json:"from"`
	Size   uint64 `json:"size"`
	Hashes []Hex  `json:"hashes"`
}

// RollEntry is an entry's place and state. GET /v1/elections/{id}/entries/{entry}
type RollEntry struct {
	Entry   Hex    `json:"entry"`
	Style   uint32 `json:"style"`
	Index   uint64 `json:"index"`
	Size    uint64 `json:"size"`
	Path    []Hex  `json:"path"`
	Removed bool   `json:"removed"`
	Issued  bool   `json:"issued"`
	// Record of the issued token (urna.issuance.v1.Issued), empty if none.
	Record Hex   `json:"record,omitempty"`
	Height int64 `json:"height"`
	// Chunk of the position in the bitmap "issued" and its path to the style's
	// issued root. Both bitmaps have as many chunks: index and count are of both.
	Chunk      Hex    `json:"chunk"`
	ChunkIndex uint64 `json:"chunk_index"`
	ChunkCount uint64 `json:"chunk_count"`
	ChunkPath  []Hex  `json:"chunk_path"`
	// Chunk in the bitmap "removed" and its path to the style's removed root.
	RemovedChunk     Hex   `json:"removed_chunk"`
	RemovedChunkPath []Hex `json:"removed_chunk_path"`
}

// Roll lists entry ids of a style. GET /v1/elections/{id}/roll/{style}?from=&limit=
type Roll struct {
	Style   uint32 `json:"style"`
	From    uint64 `json:"from"`
	Size    uint64 `json:"size"`
	Entries []Hex  `json:"entries"`
}

// Ceremony is a zone's key ceremony. GET /v1/elections/{id}/zones/{zone}/ceremony
type Ceremony struct {
	// State: urna.ceremony.v1.State.
	State Hex `json:"state"`
	// Transactions accepted in the current attempt, raw, in ledger order.
	Transactions []Hex `json:"transactions"`
	// Key: urna.ceremony.v1.ElectionKey once there is one.
	Key Hex `json:"key,omitempty"`
}

// Tally of a zone. GET /v1/elections/{id}/zones/{zone}/tally
type Tally struct {
	Phase string `json:"phase"`
	// Units: urna.tally.v1.Units once counting began.
	Units Hex `json:"units,omitempty"`
	// Shares: accepted urna.tally.v1.DecryptionShare by participant index.
	Shares []TallyShare `json:"shares"`
	// Result: urna.tally.v1.Result; Protocol: urna.tally.v1.Protocol as the ledger computes it.
	Result       Hex  `json:"result,omitempty"`
	Protocol     Hex  `json:"protocol,omitempty"`
	ProtocolHash Hex  `json:"protocol_hash,omitempty"`
	Final        bool `json:"final"`
}

// TallyShare of a trustee.
type TallyShare struct {
	Trustee uint32 `json:"trustee"`
	Share   Hex    `json:"share"`
}

// Results for people. GET /v1/elections/{id}/results
type Results struct {
	Height int64        `json:"height"`
	Zones  []ZoneResult `json:"zones"`
}

// ZoneResult of a zone; Units is empty before the result.
type ZoneResult struct {
	Phase string       `json:"phase"`
	Final bool         `json:"final"`
	Units []UnitResult `json:"units"`
}

// UnitResult is the count of one contest in a union of groups.
type UnitResult struct {
	Contest uint32   `json:"contest"`
	Groups  []uint32 `json:"groups"`
	Ballots uint64   `json:"ballots"`
	Counts  []uint64 `json:"counts"`
}

// Proposal of the commission. GET /v1/proposals, /v1/proposals/{id}
type Proposal struct {
	ID     Hex    `json:"id"`
	Action string `json:"action"`
	// State: urna.commission.v1.ProposalState.
	State          Hex    `json:"state"`
	Approvals      []Hex  `json:"approvals"`
	Quorum         uint32 `json:"quorum"`
	ExecutedHeight int64  `json:"executed_height"`
	ExpiresMS      int64  `json:"expires_ms"`
}

// Commission: GET /v1/commission
type Commission struct {
	Quorum  uint32   `json:"quorum"`
	Members []Member `json:"members"`
}

// Member of the commission.
type Member struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Key  Hex    `json:"key"`
}

// Health: GET /v1/health (the process lives), GET /v1/ready (in step with the chain; 503 otherwise).
type Health struct {
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"`
	Height int64  `json:"height"`
}
