package public

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/mempool"
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
var codeBehind = ledger.NewCode("node", ledger.RetryFrom+2, "catching-up")

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
	answer := &submitted{Status: http.StatusOK, Body: s.admit(ctx, [][]byte{bytes.Clone(in.RawBody)})[0]}
	switch {
	case answer.Body.Code == 0:
	case answer.Body.RetryAfterMS > 0:
		answer.Status, answer.RetryAfter = http.StatusServiceUnavailable, seconds(answer.Body.RetryAfterMS)
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
	return ok(s.admit(ctx, raws))
}

// seconds rounds up, for the header.
func seconds(ms int) string { return strconv.Itoa((ms + 999) / 1000) }

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
func (s *Server) admit(ctx context.Context, raws [][]byte) []api.Submitted {
	out := make([]api.Submitted, len(raws))
	hashes := make([][32]byte, len(raws))
	fresh, at := make([][]byte, 0, len(raws)), make([]int, 0, len(raws))
	v := s.App.View()
	height := v.Height
	for i, raw := range raws {
		hashes[i] = sha256.Sum256(raw)
		out[i].Hash = hashes[i][:]
		if s.Pool.Verified(hashes[i]) {
			out[i].Ack = s.acknowledge(hashes[i], height)
			continue
		}
		if _, found := v.TxByHash(hashes[i]); found {
			continue
		}
		fresh, at = append(fresh, raw), append(at, i)
	}
	v.Close()
	if len(fresh) == 0 {
		return out
	}
	if s.Network.CatchingUp() {
		for _, i := range at {
			refuse(&out[i], &ledger.Refusal{Code: codeBehind, Field: "transaction", Reason: "this node fetches earlier blocks; ask another or later"})
			out[i].RetryAfterMS = 1000
		}
		return out
	}
	from, _ := ctx.Value(sourceKey{}).(mempool.Source)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for j, answer := range s.Pool.Submit(ctx, from, fresh) {
		i := at[j]
		if answer.Refusal == nil {
			out[i].Ack = s.acknowledge(hashes[i], height)
			continue
		}
		refuse(&out[i], answer.Refusal)
		out[i].RetryAfterMS = int(answer.RetryAfter.Milliseconds())
	}
	return out
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
			waits, dropped := s.Pool.Status(hash)
			switch {
			case waits:
				out.State = "pending"
			case dropped != nil:
				out.State, out.Refusal = "dropped", &api.Refusal{}
				out.Refusal.Code, out.Refusal.Codespace, out.Refusal.Name = dropped.Code.Number, dropped.Code.Module, dropped.Code.Name
				out.Refusal.Field, out.Refusal.Reason = dropped.Field, dropped.Reason
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
