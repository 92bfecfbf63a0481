package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/ledger"
)

// Limits of one call, as of the public interface.
const (
	maxBatch      = 1000
	maxBatchBytes = 8 << 20
	maxBlocks     = 500
	maxRead       = 32 << 20
)

// routes of the node.
func (n *node) routes() http.Handler {
	mux := http.NewServeMux()
	health := func(w http.ResponseWriter, _ *http.Request) {
		answer(w, api.Health{OK: true, Height: n.app.state().Height})
	}
	mux.HandleFunc("GET /v1/health", health)
	mux.HandleFunc("GET /v1/ready", health)
	mux.HandleFunc("GET /v1/status", n.status)
	mux.HandleFunc("GET /v1/floor", n.counts)
	mux.HandleFunc("GET /v1/genesis", func(w http.ResponseWriter, _ *http.Request) { octets(w, n.genesis.Raw) })
	mux.HandleFunc("GET /v1/blocks", n.blocks)
	mux.HandleFunc("GET /v1/commits/{height}", n.commit)
	mux.HandleFunc("POST /v1/transactions", func(w http.ResponseWriter, r *http.Request) { n.submit(w, r, false) })
	mux.HandleFunc("POST /v1/transactions/batch", func(w http.ResponseWriter, r *http.Request) { n.submit(w, r, true) })
	return mux
}

func (n *node) status(w http.ResponseWriter, _ *http.Request) {
	t := n.app.state()
	answer(w, api.Status{
		ChainID: n.genesis.Doc.ChainID, Mode: n.cfg.Mode, Version: "floor", Rehearsal: true, Height: t.Height, TimeMS: t.TimeMS, AppHash: t.Hash[:],
		CatchingUp: n.engine.ConsensusReactor().WaitSync(), Peers: n.engine.Switch().Peers().Size(), Validators: len(n.genesis.Doc.Validators),
	})
}

func (n *node) counts(w http.ResponseWriter, _ *http.Request) {
	t := n.app.state()
	answer(w, struct {
		Height       int64  `json:"height"`
		TimeMS       int64  `json:"time_ms"`
		Transactions uint64 `json:"transactions"`
		Bytes        uint64 `json:"bytes"`
		Waiting      int    `json:"waiting"`
	}{t.Height, t.TimeMS, t.Transactions, t.Bytes, n.pool.size()})
}

// submit answers with JSON that is written by hand: a thousand answers by
// reflection would be a part of what is measured.
func (n *node) submit(w http.ResponseWriter, r *http.Request, batch bool) {
	body, err := readBody(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	raws := [][]byte{body}
	if batch {
		if raws, err = unpack(body); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	if batch {
		n.answerBatch(w, raws)
		return
	}
	hash := sha256.Sum256(body)
	out := hex.AppendEncode([]byte(`{"hash":"`), hash[:])
	w.Header().Set("Content-Type", "application/json")
	if n.pool.add(hash, body, true) {
		out = append(out, `","code":0}`...)
	} else {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		out = appendBusy(append(out, `",`...))
	}
	_, _ = w.Write(out) // the client went away
}

// answerBatch names, as a node does, only what was not admitted.
func (n *node) answerBatch(w http.ResponseWriter, raws [][]byte) {
	out := strconv.AppendInt([]byte(`{"count":`), int64(len(raws)), 10)
	out = append(out, `,"others":[`...)
	first := true
	for i, raw := range raws {
		hash := sha256.Sum256(raw)
		if n.pool.add(hash, raw, true) {
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = strconv.AppendInt(append(out, `{"position":`...), int64(i), 10)
		out = hex.AppendEncode(append(out, `,"answer":{"hash":"`...), hash[:])
		out = append(appendBusy(append(out, `",`...)), '}')
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(out, "]}"...)) // the client went away
}

// appendBusy ends an answer for want of room.
func appendBusy(out []byte) []byte {
	out = strconv.AppendUint(append(out, `"code":`...), uint64(ledger.RetryFrom+1), 10)
	return append(out, `,"codespace":"node","name":"busy","reason":"too many transactions wait; try again in a second","retry":true}`...)
}

func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBatchBytes {
		return nil, errors.New("the body is too large")
	}
	if r.ContentLength >= 0 {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBatchBytes+1))
	if err == nil && len(body) > maxBatchBytes {
		err = errors.New("the body is too large")
	}
	return body, err
}

func unpack(b []byte) (raws [][]byte, err error) {
	for len(b) > 0 {
		size, k := binary.Uvarint(b)
		if k <= 0 || size == 0 || size > uint64(len(b)-k) || len(raws) == maxBatch {
			return nil, errors.New("the batch is malformed, or longer than 1,000")
		}
		raws = append(raws, b[k:k+int(size):k+int(size)])
		b = b[k+int(size):]
	}
	if len(raws) == 0 {
		return nil, errors.New("the batch is empty")
	}
	return raws, nil
}

func (n *node) blocks(w http.ResponseWriter, r *http.Request) {
	from, errFrom := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	to, errTo := strconv.ParseInt(r.URL.Query().Get("to"), 10, 64)
	if errFrom != nil || errTo != nil || from < 1 || to < from || to-from >= maxBlocks {
		http.Error(w, "from and to: want a range of 1 to 500 heights", http.StatusUnprocessableEntity)
		return
	}
	if to = min(to, n.app.state().Height); from > to {
		http.Error(w, "there is no such block yet", http.StatusNotFound)
		return
	}
	var out []byte
	for h := from; h <= to; h++ {
		meta := n.engine.BlockStore().LoadBlockMeta(h)
		if meta == nil || len(out) > 0 && len(out)+meta.BlockSize > maxRead {
			break
		}
		out = binary.AppendUvarint(out, uint64(meta.BlockSize))
		for i := range int(meta.BlockID.PartSetHeader.Total) {
			out = append(out, n.engine.BlockStore().LoadBlockPart(h, i).Bytes...)
		}
	}
	octets(w, out)
}

func (n *node) commit(w http.ResponseWriter, r *http.Request) {
	height, err := strconv.ParseInt(r.PathValue("height"), 10, 64)
	if err != nil || height < 1 || height > n.app.state().Height {
		http.Error(w, "there is no such block yet", http.StatusNotFound)
		return
	}
	c := n.engine.BlockStore().LoadBlockCommit(height)
	if c == nil {
		c = n.engine.BlockStore().LoadSeenCommit(height)
	}
	if c == nil {
		http.Error(w, "the commit is not kept here", http.StatusNotFound)
		return
	}
	b, err := c.ToProto().Marshal()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	octets(w, b)
}

func octets(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(b) // the client went away
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client went away
}
