package ceremony

import (
	"context"

	"github.com/urna-vote/urna/proto/api"
)

// Proven are objects of the election's summary, all of one height.
type Proven struct {
	Height int64
	// Objects by name; one that was asked for and is not here does not exist.
	Objects map[string][]byte
}

// Ledger is what the program needs of the network.
type Ledger interface {
	// Proven gives objects under a header that the validators signed.
	Proven(ctx context.Context, election [32]byte, names ...string) (*Proven, error)
	// Ceremony is what a node shows; nothing of it is believed.
	Ceremony(ctx context.Context, election [32]byte, zone uint32) (*api.Ceremony, error)
	// SubmitAndWait returns the height of the block the transaction is in.
	SubmitAndWait(ctx context.Context, raw []byte) (int64, error)
}
