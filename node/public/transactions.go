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
	a := s.admit(ctx, [][]byte{bytes.Clone(in.RawBody)})
	answer := &submitted{Status: http.StatusOK, Body: a.answers[0]}
	switch {
	case answer.Body.Code == 0:
		if len(a.admitted) == 1 {
			ack := s.acknowledge(a)
			answer.Body.Ack = &api.Acknowledgement{
				ChainID: ack.ChainID, Hash: answer.Body.Hash, Height: ack.Height, Deadline: ack.Deadline,
				Count: 1, Path: []api.Hex{}, Key: ack.Key, Signature: ack.Signature,
			}
		}
	case answer.Body.RetryAfterMS > 0:
		answer.Status, answer.RetryAfter = http.StatusServiceUnavailable, seconds(answer.Body.RetryAfterMS)
	case is(answer.Body, envelope.CodeTooLarge):
		answer.Status = http.StatusRequestEntityTooLarge
	default:
		answer.Status = http.StatusUnprocessableEntity
	}
	return answer, nil
}

func (s *Server) submitBatch(ctx context.Context, in *octets) (*answer[api.SubmittedBatch], error) {
	raws, err := unpack(bytes.Clone(in.RawBody))
	if err != nil {
		return nil, refused(err.Error())
	}
	a := s.admit(ctx, raws)
	out := api.SubmittedBatch{Count: len(raws), Others: make([]api.SubmittedAt, 0, len(raws)-len(a.admitted))}
	next := 0
	for i := range a.answers {
		if next < len(a.admitted) && a.admitted[next] == i {
			next++
			continue
		}
		out.Others = append(out.Others, api.SubmittedAt{Position: i, Answer: a.answers[i]})
	}
	if len(a.admitted) > 0 {
		out.Ack = s.acknowledge(a)
	}
	return ok(out)
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

// admission is what became of transactions that were submitted together.
type admission struct {
	// answers without acknowledgements, in order.
	answers []api.Submitted
	hashes  [][32]byte
	// height of the state when they came.
	height int64
	// admitted are the places of those that wait for a block now, ascending.
	admitted []int
}

// admit answers for each transaction, in order. One that is in a block or
// waits already is admitted again: a lost answer costs nothing.
func (s *Server) admit(ctx context.Context, raws [][]byte) *admission {
	a := &admission{answers: make([]api.Submitted, len(raws)), hashes: make([][32]byte, len(raws))}
	waits := make([]bool, len(raws))
	fresh, at := make([][]byte, 0, len(raws)), make([]int, 0, len(raws))
	v := s.App.View()
	a.height = v.Height
	for i, raw := range raws {
		a.hashes[i] = sha256.Sum256(raw)
		a.answers[i].Hash = a.hashes[i][:]
		if waits[i] = s.Pool.Verified(a.hashes[i]); waits[i] {
			continue
		}
		if _, found := v.TxByHash(a.hashes[i]); found {
			continue
		}
		fresh, at = append(fresh, raw), append(at, i)
	}
	v.Close()
	if len(fresh) > 0 {
		s.submitFresh(ctx, a, fresh, at, waits)
	}
	for i := range waits {
		if waits[i] {
			a.admitted = append(a.admitted, i)
		}
	}
	return a
}

// submitFresh hands to the pool what neither waits nor is in a block.
func (s *Server) submitFresh(ctx context.Context, a *admission, fresh [][]byte, at []int, waits []bool) {
	if s.Network.CatchingUp() {
		for _, i := range at {
			refuse(&a.answers[i], &ledger.Refusal{Code: codeBehind, Field: "transaction", Reason: "this node fetches earlier blocks; ask another or later"})
			a.answers[i].RetryAfterMS = 1000
		}
		return
	}
	from, _ := ctx.Value(sourceKey{}).(mempool.Source)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for j, answer := range s.Pool.Submit(ctx, from, fresh) {
		i := at[j]
		if answer.Refusal == nil {
			waits[i] = true
			continue
		}
		refuse(&a.answers[i], answer.Refusal)
		a.answers[i].RetryAfterMS = int(answer.RetryAfter.Milliseconds())
	}
}

func refuse(out *api.Submitted, r *ledger.Refusal) {
	out.Code, out.Codespace, out.Name = r.Code.Number, r.Code.Module, r.Code.Name
	out.Field, out.Reason, out.Retry = r.Field, r.Reason, r.Code.Retry()
}

// acknowledge signs once for all that were admitted together.
func (s *Server) acknowledge(a *admission) *api.BatchAcknowledgement {
	hashes := make([][32]byte, len(a.admitted))
	for k, i := range a.admitted {
		hashes[k] = a.hashes[i]
	}
	chain, deadline, root, count := s.Genesis.Doc.ChainID, a.height+envelope.AckBlocks, envelope.AckTree(hashes).Root(), uint64(len(hashes))
	key, signature := s.Ack.Public(), s.Ack.Sign(envelope.AckBytes(chain, root, count, a.height, deadline))
	return &api.BatchAcknowledgement{
		ChainID: chain, Height: a.height, Deadline: deadline, Count: count, Root: root[:], Key: key[:], Signature: signature[:],
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
