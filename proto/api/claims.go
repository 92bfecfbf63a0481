package api

// Claim of a signature on a member of a panel (docs/spec/tokens.md). It is one
// node's word: an answer is checked by s^e, and who answers proves the record.
type Claim struct {
	Entry Hex `json:"entry"`
	// Issuer is the index in the definition, Member the seat in the panel that
	// endorsed the entry's token.
	Issuer uint32 `json:"issuer"`
	Member uint32 `json:"member"`
	// Height of the block that has the claim.
	Height int64 `json:"height"`
	// Silent: not answered, and so many blocks old that it counts as silence.
	Silent  bool `json:"silent"`
	Blinded Hex  `json:"blinded"`
	// Answer is the blind signature, empty while there is none.
	Answer Hex `json:"answer,omitempty"`
	// Transaction is the hash of the entry's issuance.
	Transaction Hex `json:"transaction"`
}

// EntryClaims are the claims of one entry, by member.
// GET /v1/elections/{id}/entries/{entry}/claims
type EntryClaims struct {
	Height int64   `json:"height"`
	Claims []Claim `json:"claims"`
}

// OpenClaims are claims that an issuer has not answered, the oldest first.
// GET /v1/elections/{id}/issuers/{issuer}/claims?from=&limit=
type OpenClaims struct {
	Height int64 `json:"height"`
	// Silent is how many of all are so old that they count as silence.
	Silent uint64  `json:"silent"`
	Claims []Claim `json:"claims"`
}
