package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/proto/api"
)

// Issuer is what the routes of issuance serve.
type Issuer interface {
	Endorse(context.Context, issue.EndorseRequest) ([sign.SignatureSize]byte, error)
	Sign(context.Context, issue.SignRequest) ([]byte, error)
}

// Issuance is the part that endorses and signs.
type Issuance struct {
	Issuer Issuer
}

// maxMembers limits a panel as a request may claim it.
const maxMembers = 64

// Register adds the routes.
func (p Issuance) Register(f *Frame) {
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/token", ID: "token", Serves: true, Summary: "Endorse a record for an entry",
		Refusals: []*texts.Kind{texts.UnknownElection, texts.NotOpen, texts.Entry, texts.OtherRecord, texts.Credential, texts.WaitCode,
			texts.Session, texts.OtherRequest, texts.CodeWrong, texts.CodeUnreadable, texts.CodeExpired, texts.CodeExhausted, texts.CodeNone}}, p.token)
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/sign", ID: "sign", Summary: "Sign a blinded message that is on record",
		Refusals: []*texts.Kind{texts.UnknownElection, texts.NotOpen, texts.NotOnRecord}}, p.sign)
}

type tokenInput struct {
	Bearer
	Body api.TokenRequest
}

func (p Issuance) token(ctx context.Context, in *tokenInput) (*Answer[api.TokenAnswer], error) {
	request, err := endorseRequest(&in.Body)
	if err != nil {
		return nil, err
	}
	request.Claim.Bearer = in.Token()
	endorsement, err := p.Issuer.Endorse(ctx, request)
	if err != nil {
		return nil, issuanceRefusal(err)
	}
	return &Answer[api.TokenAnswer]{api.TokenAnswer{Endorsement: endorsement[:]}}, nil
}

func endorseRequest(in *api.TokenRequest) (out issue.EndorseRequest, err error) {
	out.Claim.Style, out.Claim.Code = in.Style, in.Code
	out.Panel, out.Blinded = in.Panel, in.Blinded
	if len(in.BlindedHashes) > maxMembers {
		return out, Refuse(texts.Malformed, "blinded_hashes", "too many")
	}
	out.BlindedHashes = make([][32]byte, len(in.BlindedHashes))
	err = errors.Join(
		Fixed("election", in.Election, &out.Claim.Election),
		Fixed("entry", in.Entry, &out.Claim.Entry),
		Fixed("claim_key_hash", in.ClaimKeyHash, &out.ClaimKeyHash),
	)
	if len(in.Pass) != 0 {
		err = errors.Join(err, Fixed("pass", in.Pass, &out.Claim.Pass))
	}
	for i := range in.BlindedHashes {
		err = errors.Join(err, Fixed(fmt.Sprintf("blinded_hashes[%d]", i), in.BlindedHashes[i], &out.BlindedHashes[i]))
	}
	return out, err
}

type signInput struct {
	Body api.SignRequest
}

func (p Issuance) sign(ctx context.Context, in *signInput) (*Answer[api.SignAnswer], error) {
	request := issue.SignRequest{Blinded: in.Body.Blinded}
	err := errors.Join(
		Fixed("election", in.Body.Election, &request.Election),
		Fixed("entry", in.Body.Entry, &request.Entry),
		Fixed("transaction", in.Body.Transaction, &request.Transaction),
	)
	if err != nil {
		return nil, err
	}
	signature, err := p.Issuer.Sign(ctx, request)
	if err != nil {
		return nil, issuanceRefusal(err)
	}
	return &Answer[api.SignAnswer]{api.SignAnswer{Signature: signature}}, nil
}

// issuanceRefusal words what issuing refuses; other errors stay as they are.
func issuanceRefusal(err error) error {
	var refusal *issue.Refusal
	var wait *auth.WaitError
	switch {
	case errors.As(err, &refusal):
		return Refuse(refusalKind(refusal.Class), refusal.Field, "%s", refusal.Error())
	case errors.Is(err, issue.ErrUnknownElection), errors.Is(err, issue.ErrNotOnRecord):
		return Refuse(refusalKind(err), "", "%s", err.Error())
	case errors.As(err, &wait):
		return Refuse(texts.WaitCode, "code", "%s", wait.Error()).After(wait.Wait)
	case errors.Is(err, auth.ErrCredential):
		return Refuse(texts.Credential, "code", "%s", auth.ErrCredential.Error())
	case errors.Is(err, keyring.ErrAway):
		return Refuse(texts.Unavailable, "", "what holds the gateway's keys does not answer; try again").After(2 * time.Second).Because(err)
	case errors.Is(err, issue.ErrNode):
		return Refuse(texts.Unavailable, "", "the gateway's node does not answer; try again").After(2 * time.Second).Because(err)
	}
	return LoginRefusal(err)
}

func refusalKind(class error) *texts.Kind {
	switch {
	case errors.Is(class, issue.ErrUnknownElection):
		return texts.UnknownElection
	case errors.Is(class, issue.ErrNotOpen):
		return texts.NotOpen
	case errors.Is(class, issue.ErrEntry):
		return texts.Entry
	case errors.Is(class, issue.ErrOtherRecord):
		return texts.OtherRecord
	case errors.Is(class, issue.ErrNotOnRecord):
		return texts.NotOnRecord
	}
	return texts.Malformed
}
