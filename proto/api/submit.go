package api

// Submitted is the answer to a submitted transaction.
// POST /v1/transactions (body: the transaction's raw bytes)
type Submitted struct {
	Hash Hex `json:"hash"`
	// Code 0 is admitted; otherwise Codespace, Name, Field and Reason say why not.
	Code      uint32 `json:"code"`
	Codespace string `json:"codespace,omitempty"`
	Name      string `json:"name,omitempty"`
	Field     string `json:"field,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Retry     bool   `json:"retry,omitempty"`
	// RetryAfterMS: the node had no room or no time; send the same bytes again
	// after so many milliseconds.
	RetryAfterMS int              `json:"retry_after_ms,omitempty"`
	Ack          *Acknowledgement `json:"ack,omitempty"`
}

// Acknowledgement: this node admitted the transaction at this height and it is
// to be in a block by Deadline. Transactions that come together are signed for
// together: Path leads from the hash, as leaf Index of Count, to the root under
// the signature. Signature by Key over the transcript "urna/v1/ack" of chain id,
// root, count, height and deadline.
type Acknowledgement struct {
	ChainID   string `json:"chain_id"`
	Hash      Hex    `json:"hash"`
	Height    int64  `json:"height"`
	Deadline  int64  `json:"deadline"`
	Index     uint64 `json:"index"`
	Count     uint64 `json:"count"`
	Path      []Hex  `json:"path"`
	Key       Hex    `json:"key"`
	Signature Hex    `json:"signature"`
}

// SubmittedBatch is the answer to transactions that were submitted together. What
// is not among Others was admitted and is acknowledged by Ack.
// POST /v1/transactions/batch (body: uvarint length and bytes, repeated)
type SubmittedBatch struct {
	// Count of the transactions of the request.
	Count int `json:"count"`
	// Ack is there if any is acknowledged.
	Ack *BatchAcknowledgement `json:"ack,omitempty"`
	// Others by position: those that were not admitted, and, with code 0, those
	// that were in a block already.
	Others []SubmittedAt `json:"others"`
}

// SubmittedAt is the answer to one transaction of a batch, the first has position 0.
type SubmittedAt struct {
	Position int       `json:"position"`
	Answer   Submitted `json:"answer"`
}

// BatchAcknowledgement acknowledges those of a batch that were admitted, in
// order: Root is that of the tree of their hashes, of which the sender makes the
// Acknowledgement of each.
type BatchAcknowledgement struct {
	ChainID   string `json:"chain_id"`
	Height    int64  `json:"height"`
	Deadline  int64  `json:"deadline"`
	Count     uint64 `json:"count"`
	Root      Hex    `json:"root"`
	Key       Hex    `json:"key"`
	Signature Hex    `json:"signature"`
}
