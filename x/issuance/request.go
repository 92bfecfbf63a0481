package issuance

import "github.com/urna-vote/urna/crypto/transcript"

var requestLabel = transcript.Register("request")

// RequestHash names what a device asks a panel for: class, panel and all
// blinded messages, by their hashes in panel order. Each member has the voter log
// in for it (it is the nonce of the log-in), and the session that comes of it
// endorses this request and no other. The ledger never sees it.
func RequestHash(chainID string, election [32]byte, class, panel uint32, blindedHashes [][32]byte) [32]byte {
	t := transcript.New(requestLabel, chainID, election)
	t.AppendUint64(uint64(class))
	t.AppendUint64(uint64(panel))
	t.AppendUint64(uint64(len(blindedHashes)))
	for i := range blindedHashes {
		t.Append(blindedHashes[i][:])
	}
	return t.Hash32()
}
