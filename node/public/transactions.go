package public

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// Limits of one call.
const (
	maxBatch      = 1000
	maxBatchBytes = 8 << 20
	// bodyTimeout for the whole body.
	bodyTimeout = 20 * time.Second
)

const batchPath = "/v1/transactions/batch"

// What the node itself answers instead of a module.
var (
	codeBusy     = ledger.NewCode("node", ledger.RetryFrom+1, "busy")
	codeBehind   = ledger.NewCode("node", ledger.RetryFrom+2, "catching-up")
	codeStranger = ledger.NewCode("node", 1, "unknown-code")
)

func (s *Server) routeTransactions(a huma.API) {
	one := op("POST", "/transactions", "submit", "Submit a transaction: its raw bytes")
	// The library refuses a body of exactly its limit; one byte more than
	// allowed is to come through, to be refused with a code.
	one.MaxBodyBytes = envelope.MaxBytes + 2
	one.Errors = append(one.Errors, http.StatusRequestEntityTooLarge)
	batch := op("POST", strings.TrimPrefix(batchPath, "/v1"), "submit-batch", "Submit up to 1,000 transactions: uvarint length and bytes, repeated")
	batch.MaxBodyBytes = maxBatchBytes + 1
	batch.Errors = one.Errors
	huma.Register(a, one, s.submit)
	huma.Register(a, batch, s.submitBatch)
	huma.Register(a, op("GET", "/transactions/{hash}", "transaction", "Where a transaction stands"), s.transaction)
	huma.Register(a, op("GET", "/ballots/{hash}", "ballot", "An accepted ballot"), s.ballot)
}

type octets struct {
	RawBody []byte `contentType:"application/octet-stream"`
}

type submitted struct {
	Status     int
	RetryAfter string `header:"Retry-After"`
	Body       api.Submitted
}

func (s *Server) submit(ctx context.Context, in *octets) (*submitted, error) {
	// The pool keeps the bytes, the body's buffer is used again.
	out, err := s.admit(ctx, s.judging, [][]byte{bytes.Clone(in.RawBody)})
	if err != nil {
		return nil, err
	}
	answer := &submitted{Status: http.StatusOK, Body: out[0]}
	switch {
	case answer.Body.Code == 0:
	case is(answer.Body, codeBusy), is(answer.Body, codeBehind):
		answer.Status, answer.RetryAfter = http.StatusServiceUnavailable, "1"
	case is(answer.Body, envelope.CodeTooLarge):
		answer.Status = http.StatusRequestEntityTooLarge
	default:
		answer.Status = http.StatusUnprocessableEntity
	}
	return answer, nil
}

func (s *Server) submitBatch(ctx context.Context, in *octets) (*answer[[]api.Submitted], error) {
	raws, err := unpack(bytes.Clone(in.RawBody))
	if err != nil {
		return nil, refused(err.Error())
	}
	out, err := s.admit(ctx, s.batches, raws)
	if err != nil {
		return nil, err
	}
	return ok(out)
}

// unpack takes a batch apart; lengths must be spelled shortly and nothing may
// be left over.
func unpack(b []byte) ([][]byte, error) {
	var raws [][]byte
	for len(b) > 0 {
		n, k := binary.Uvarint(b)
		if k <= 0 || k > 1 && b[k-1] == 0 {
			return nil, fmt.Errorf("item %d: the length is malformed", len(raws))
		}
		if n == 0 || n > uint64(len(b)-k) {
			return nil, fmt.Errorf("item %d: a length of %d, %d bytes are left", len(raws), n, len(b)-k)
		}
		if len(raws) == maxBatch {
			return nil, fmt.Errorf("more than %d items: send them in several calls", maxBatch)
		}
		raws = append(raws, b[k:k+int(n):k+int(n)])
		b = b[k+int(n):]
	}
	if len(raws) == 0 {
		return nil, errors.New("the batch is empty")
	}
	return raws, nil
}

func is(s api.Submitted, c ledger.Code) bool { return s.Code == c.Number && s.Codespace == c.Module }

// admit answers for each transaction, in order. One that is in a block or
// waits already is admitted again: a lost answer costs nothing.
func (s *Server) admit(ctx context.Context, judging turns, raws [][]byte) ([]api.Submitted, error) {
	out := make([]api.Submitted, len(raws))
	hashes := make([][32]byte, len(raws))
	var fresh [][]byte
	var at []int
	v := s.App.View()
	height := v.Height
	for i, raw := range raws {
		hashes[i] = sha256.Sum256(raw)
		out[i].Hash = hashes[i][:]
		if _, found := v.TxByHash(hashes[i]); found {
			continue
		}
		if s.Pool.Waits(hashes[i]) {
			out[i].Ack = s.acknowledge(hashes[i], height)
			continue
		}
		fresh, at = append(fresh, raw), append(at, i)
	}
	v.Close()
	if len(fresh) == 0 {
		return out, nil
	}
	if s.Network.CatchingUp() {
		for _, i := range at {
			refuse(&out[i], &ledger.Refusal{Code: codeBehind, Field: "transaction", Reason: "this node fetches earlier blocks; ask another or later"})
		}
		return out, nil
	}
	if !judging.take(ctx) {
		for _, i := range at {
			refuse(&out[i], &ledger.Refusal{Code: codeBusy, Field: "transaction", Reason: "too many transactions are being checked; try again in a second"})
		}
		return out, nil
	}
	refusals, err := s.App.CheckRaws(fresh)
	judging.give()
	if err != nil {
		return nil, huma.Error500InternalServerError("the node stopped; its log says why")
	}
	for j, i := range at {
		if refusals[j] != nil {
			refuse(&out[i], refusals[j])
			continue
		}
		if err := s.offer(&out[i], fresh[j], hashes[i], height); err != nil {
			s.Logger.Error("offer a transaction to the engine", "reason", err)
			return nil, huma.Error500InternalServerError("the node failed to answer; its log says why")
		}
	}
	return out, nil
}

// offer hands a checked transaction to the engine's pool.
func (s *Server) offer(out *api.Submitted, raw []byte, hash [32]byte, height int64) error {
	code, codespace, err := s.Pool.Offer(raw)
	switch {
	case errors.Is(err, ErrSeen):
		// Another call offered it meanwhile, or a block has just taken it.
		if !s.Pool.Waits(hash) && !s.committed(hash) {
			refuse(out, &ledger.Refusal{Code: codeBusy, Field: "transaction", Reason: "it is being checked for another call; ask again"})
			return nil
		}
	case errors.Is(err, ErrBusy):
		refuse(out, &ledger.Refusal{Code: codeBusy, Field: "transaction", Reason: "too many transactions wait; try again in a second"})
		return nil
	case err != nil:
		return err
	case code != 0:
		// The state changed between the two checks.
		c, known := ledger.LookupCode(codespace, code)
		if !known {
			c = codeStranger
		}
		refuse(out, &ledger.Refusal{Code: c, Field: "transaction", Reason: "the state changed while it was checked"})
		return nil
	}
	out.Ack = s.acknowledge(hash, height)
	return nil
}

func (s *Server) committed(hash [32]byte) bool {
	v := s.App.View()
	defer v.Close()
	_, found := v.TxByHash(hash)
	return found
}

func refuse(out *api.Submitted, r *ledger.Refusal) {
	out.Code, out.Codespace, out.Name = r.Code.Number, r.Code.Module, r.Code.Name
	out.Field, out.Reason, out.Retry = r.Field, r.Reason, r.Code.Retry()
}

func (s *Server) acknowledge(hash [32]byte, height int64) *api.Acknowledgement {
	chain, deadline := s.Genesis.Doc.ChainID, height+envelope.AckBlocks
	key, signature := s.Ack.Public(), s.Ack.Sign(envelope.AckBytes(chain, hash, height, deadline))
	return &api.Acknowledgement{
		ChainID: chain, Hash: hash[:], Height: height, Deadline: deadline, Key: key[:], Signature: signature[:],
	}
}

func (s *Server) transaction(_ context.Context, in *ByHash) (*answer[api.TxStatus], error) {
	hash := hash32(in.Hash)
	return view(s, func(v *app.View) (api.TxStatus, error) {
		out := api.TxStatus{Hash: hash[:], State: "unknown"}
		tx, found := v.TxByHash(hash)
		if !found {
			if s.Pool.Waits(hash) {
				out.State = "pending"
			}
			return out, nil
		}
		out.State, out.Height, out.Index = "committed", tx.Height, int(tx.Position)
		if tx.Logged {
			out.LogIndex = &tx.LogIndex
		}
		var err error
		out.Raw, err = s.blocks.tx(s.Blocks, tx.Height, tx.Position)
		return out, err
	})
}
