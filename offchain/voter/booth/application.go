package booth

import (
	"errors"
	"fmt"
	"io"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// Classes of failure of a token request. Both name the member.
var (
	// ErrNoKeys: a member of the panel has not registered its key yet.
	ErrNoKeys = errors.New("issuers' keys are not all registered")
	// ErrEndorsement: an endorsement is not by its member over this record.
	ErrEndorsement = errors.New("endorsement does not verify")
)

// Application is the request for a token by one panel. It is a function of the
// token secret and of public values: a device that crashed makes it again.
// It prints as a redaction.
type Application struct {
	params   *Parameters
	panel    uint32
	requests []*blindtoken.Request
	record   *issuancev1.IssueToken
}

// Apply prepares the request to all members of a panel.
func Apply(p *Parameters, panel uint32, secret *blindtoken.Secret, entry, claimKeyHash [32]byte) (*Application, error) {
	if uint64(panel) >= uint64(len(p.Panels)) {
		return nil, fmt.Errorf("apply for a token: panel %d of %d", panel, len(p.Panels))
	}
	if p.Panels[panel] == nil {
		return nil, fmt.Errorf("apply for a token, panel %d: %w", panel, ErrNoKeys)
	}
	a := &Application{params: p, panel: panel, record: &issuancev1.IssueToken{
		ElectionId: p.Election[:], Style: p.Style, Panel: panel, Entry: entry[:], ClaimKeyHash: claimKeyHash[:],
	}}
	for i, key := range p.Panels[panel] {
		request, err := blindtoken.Blind(secret, p.Scope(panel), key)
		if err != nil {
			return nil, fmt.Errorf("apply for a token, %s: %w", p.Members(panel)[i].Name, err)
		}
		hash := request.Hash()
		a.requests = append(a.requests, request)
		a.record.BlindedHashes = append(a.record.BlindedHashes, hash[:])
	}
	return a, nil
}

// Blinded is what a member, by its place in the panel, is asked to sign.
func (a *Application) Blinded(member int) []byte { return a.requests[member].Blinded() }

// BlindedHashes of all members.
func (a *Application) BlindedHashes() [][]byte { return a.record.BlindedHashes }

// Request is the hash by which a log-in is bound to this request.
func (a *Application) Request() [32]byte {
	hashes := make([][32]byte, len(a.requests))
	for i, r := range a.requests {
		hashes[i] = r.Hash()
	}
	p := a.params
	return issuance.RequestHash(p.ChainID, p.Election, p.Class, a.panel, hashes)
}

// CheckEndorsement checks a member's endorsement of the record.
func (a *Application) CheckEndorsement(member int, endorsement []byte) error {
	issuer := a.params.Members(a.panel)[member]
	if len(endorsement) != sign.SignatureSize {
		return fmt.Errorf("check endorsement of %s: %d bytes: %w", issuer.Name, len(endorsement), ErrEndorsement)
	}
	item := sign.Item{
		Public:    [sign.PublicKeySize]byte(issuer.OperatorKey),
		Message:   issuance.EndorseBytes(a.params.ChainID, a.record),
		Signature: [sign.SignatureSize]byte(endorsement),
	}
	if err := sign.Verify(item); err != nil {
		return fmt.Errorf("check endorsement of %s (%v): %w", issuer.Name, err, ErrEndorsement)
	}
	return nil
}

// Assemble makes the issuance transaction of all members' endorsements, in
// panel order.
func (a *Application) Assemble(endorsements [][]byte) ([]byte, error) {
	if len(endorsements) != len(a.requests) {
		return nil, fmt.Errorf("assemble issuance: %d endorsements for %d members", len(endorsements), len(a.requests))
	}
	for i := range endorsements {
		if err := a.CheckEndorsement(i, endorsements[i]); err != nil {
			return nil, fmt.Errorf("assemble issuance: %w", err)
		}
	}
	full := *a.record
	full.Endorsements = endorsements
	raw, err := envelope.EncodeUnsigned(a.params.ChainID, uint32(txv1.Kind_KIND_ISSUE_TOKEN), ledger.MustEncode(&full))
	if err != nil {
		return nil, fmt.Errorf("assemble issuance: %w", err)
	}
	return raw, nil
}

// Unblind turns a member's answer into its signature of the token and checks it.
func (a *Application) Unblind(member int, answer []byte) ([]byte, error) {
	signature, err := a.requests[member].Finalize(answer)
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", a.params.Members(a.panel)[member].Name, err)
	}
	return signature, nil
}

// Token joins all members' signatures, in panel order, and checks the whole.
func (a *Application) Token(ballotKey [32]byte, signatures [][]byte) (*ballotv1.Token, error) {
	if err := blindtoken.VerifyToken(a.params.Panels[a.panel], a.params.Scope(a.panel), ballotKey, signatures); err != nil {
		return nil, fmt.Errorf("join token: %w", err)
	}
	return &ballotv1.Token{Panel: a.panel, Signatures: signatures}, nil
}

// Format prints a redaction for every verb: the application holds blinding factors.
func (a *Application) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[token application]") }
