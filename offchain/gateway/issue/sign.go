package issue

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
)

// SignRequest asks for a blind signature.
type SignRequest struct {
	Election [32]byte
	Entry    [32]byte
	// Transaction is the hash of the issuance on the ledger.
	Transaction [32]byte
	Blinded     []byte
}

// Sign signs the blinded message that the entry's record names for this member.
// Asked again, at any replica, it gives the same answer. Refusals: *Refusal.
func (g *Gateway) Sign(ctx context.Context, r SignRequest) (signature []byte, err error) {
	token, err := g.token(ctx, r.Transaction)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(token.ElectionId, r.Election[:]) || !slices.Equal(token.Entry, r.Entry[:]) {
		return nil, refuse(ErrNotOnRecord, "transaction", "it issues a token to another entry")
	}
	def, err := g.cfg.Ledger.Definition(ctx, r.Election)
	if err != nil {
		return nil, err
	}
	seat, err := g.seat(def, r.Election, token.Style, token.Panel)
	if err != nil {
		return nil, err
	}
	if err := g.endorsed(token, seat); err != nil {
		return nil, err
	}
	hash := blindtoken.BlindedHash(r.Blinded)
	if !slices.Equal(token.BlindedHashes[seat.member], hash[:]) {
		return nil, refuse(ErrNotOnRecord, "blinded", "the record names another message for this member")
	}
	key, ok := g.cfg.Keys.Key(seat.slot)
	if !ok {
		return nil, refuse(ErrUnknownElection, "election", "this gateway holds no key for class %d, panel %d", seat.slot.Class, seat.slot.Panel)
	}
	err = g.withSigner(ctx, func() (err error) {
		signature, err = key.Sign(r.Blinded)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sign blinded message on record: %w", err)
	}
	return signature, nil
}

// endorsed looks for this gateway's own endorsement in the record. The ledger
// has checked it; a gateway that was shown a forged ledger still signs nothing
// that it did not bind first.
func (g *Gateway) endorsed(token *issuancev1.IssueToken, seat seat) error {
	if len(token.Endorsements) != seat.size || len(token.BlindedHashes) != seat.size || len(token.Endorsements[seat.member]) != sign.SignatureSize {
		return refuse(ErrNotOnRecord, "transaction", "its record is not of %d members", seat.size)
	}
	item := sign.Item{
		Public:    g.operator,
		Message:   issuance.EndorseBytes(g.cfg.ChainID, token),
		Signature: [sign.SignatureSize]byte(token.Endorsements[seat.member]),
	}
	if err := sign.Verify(item); err != nil {
		return refuse(ErrNotOnRecord, "transaction", "its record does not carry this gateway's endorsement")
	}
	return nil
}

// token finds a proven issuance; what was proven once stays so.
func (g *Gateway) token(ctx context.Context, hash [32]byte) (*issuancev1.IssueToken, error) {
	if t, ok := g.tokens.get(hash); ok {
		return t, nil
	}
	t, err := g.cfg.Ledger.Token(ctx, hash)
	if err != nil {
		return nil, err
	}
	g.tokens.put(hash, t)
	return t, nil
}

// cachedTokens bounds the memory of proven issuances: a voter who asks twice
// does so within minutes.
const cachedTokens = 8192

type tokenCache struct {
	mu    *sync.Mutex
	byTx  map[[32]byte]*issuancev1.IssueToken
	older map[[32]byte]*issuancev1.IssueToken
}

func newTokenCache() tokenCache {
	return tokenCache{mu: new(sync.Mutex), byTx: map[[32]byte]*issuancev1.IssueToken{}}
}

func (c *tokenCache) get(hash [32]byte) (*issuancev1.IssueToken, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.byTx[hash]; ok {
		return t, true
	}
	t, ok := c.older[hash]
	return t, ok
}

// put drops the older half when the younger is full.
func (c *tokenCache) put(hash [32]byte, t *issuancev1.IssueToken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byTx) >= cachedTokens/2 {
		c.older, c.byTx = c.byTx, map[[32]byte]*issuancev1.IssueToken{}
	}
	c.byTx[hash] = t
}
