package public

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
	checkpoint "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/proto/api"
)

func (s *Server) routeLog(a huma.API) {
	huma.Register(a, op("GET", "/receipts/{hash}", "receipt", "Proof that a transaction is in the ballot log"), s.receipt)
	huma.Register(a, op("GET", "/log/checkpoint", "checkpoint", "Checkpoint of the ballot log (C2SP), signed by this node"), s.checkpoint)
	huma.Register(a, op("GET", "/log/inclusion", "inclusion", "Path of an entry of the ballot log"), s.inclusion)
	huma.Register(a, op("GET", "/log/consistency", "consistency", "Proof that the ballot log only grew"), s.consistency)
}

func leaves(l store.Leaves) api.AppLeaves {
	return api.AppLeaves{
		LogSize: l.LogSize, LogRoot: l.LogRoot[:], StateDigest: l.State[:],
		ElectionsRoot: l.Elections[:], Rules: l.Rules, TimeMS: l.TimeMS,
	}
}

// receipt is of the block that has the transaction, whenever and wherever it is
// asked for. Only its commit can differ: it is the one that the next block
// carries, and before there is a next block the one that this node saw.
func (s *Server) receipt(_ context.Context, in *ByHash) (*answer[api.Receipt], error) {
	hash := hash32(in.Hash)
	return view(s, func(v *app.View) (api.Receipt, error) {
		tx, found := v.TxByHash(hash)
		if !found {
			return api.Receipt{}, notFound("no block has this transaction")
		}
		if !tx.Logged {
			return api.Receipt{}, notFound("it is no ballot and no issuance: such transactions are not in the ballot log")
		}
		if tx.Height >= v.Height {
			return api.Receipt{}, notFound("not provable yet: it needs the next block")
		}
		if tx.Height < s.Blocks.Base() {
			return api.Receipt{}, absent(s.Blocks, tx.Height)
		}
		at, found := v.At(tx.Height)
		if !found {
			return api.Receipt{}, fmt.Errorf("the record of height %d is missing", tx.Height)
		}
		head, err := s.head(tx.Height, at.AppHash[:])
		if err != nil {
			return api.Receipt{}, err
		}
		proof, err := v.LogInclusion(tx.LogIndex, at.LogSize)
		if err != nil {
			return api.Receipt{}, fmt.Errorf("prove entry %d: %w", tx.LogIndex, err)
		}
		return api.Receipt{
			ChainID: s.Genesis.Doc.ChainID, TxHash: hash[:], LogIndex: tx.LogIndex,
			Inclusion: hexes(proof.Path), Leaves: leaves(at.Leaves), Head: head,
		}, nil
	})
}

type inclusionInput struct {
	Index uint64 `query:"index" required:"true" doc:"the entry"`
	Size  uint64 `query:"size" required:"true" doc:"entries of the log"`
}

func (s *Server) inclusion(_ context.Context, in *inclusionInput) (*answer[api.LogProof], error) {
	return view(s, func(v *app.View) (api.LogProof, error) {
		p, err := v.LogInclusion(in.Index, in.Size)
		if errors.Is(err, merkle.ErrRange) {
			return api.LogProof{}, refused(err.Error())
		}
		return api.LogProof{From: in.Index, Size: in.Size, Hashes: hexes(p.Path)}, err
	})
}

type consistencyInput struct {
	From uint64 `query:"from" required:"true" doc:"entries of the older log"`
	To   uint64 `query:"to" required:"true" doc:"entries of the newer log"`
}

func (s *Server) consistency(_ context.Context, in *consistencyInput) (*answer[api.LogProof], error) {
	return view(s, func(v *app.View) (api.LogProof, error) {
		p, err := v.LogConsistency(in.From, in.To)
		if errors.Is(err, merkle.ErrRange) {
			return api.LogProof{}, refused(err.Error())
		}
		return api.LogProof{From: in.From, Size: in.To, Hashes: hexes(p)}, err
	})
}

// originPrefix begins the first line of a checkpoint; the chain id follows.
const originPrefix = "urna/v1/log/"

func (s *Server) checkpoint(context.Context, *none) (*raw, error) {
	v := s.App.View()
	defer v.Close()
	l := v.Leaves()
	origin := originPrefix + s.Genesis.Doc.ChainID
	text := checkpoint.Checkpoint{Origin: origin, Size: l.LogSize, Hash: l.LogRoot[:]}.Marshal()
	signed, err := note.Sign(&note.Note{Text: string(text)}, logSigner{s, origin})
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return &raw{ContentType: "text/plain; charset=utf-8", Body: signed}, nil
}

// logSigner signs checkpoints with the node's key of acknowledgements, in the
// form of C2SP's signed notes. The text begins with its own label, the origin.
type logSigner struct {
	s      *Server
	origin string
}

// Name is the origin.
func (l logSigner) Name() string { return l.origin }

// KeyHash is the first four bytes of SHA-256 over name, newline, type and key.
func (l logSigner) KeyHash() uint32 {
	public := l.s.Ack.Public()
	return binary.BigEndian.Uint32(keyHash(l.origin, public))
}

// Sign signs the text of the note.
func (l logSigner) Sign(msg []byte) ([]byte, error) {
	signature := l.s.Ack.Sign(msg)
	return signature[:], nil
}

func keyHash(name string, public [32]byte) []byte {
	const ed25519 = 1
	sum := sha256.Sum256(append([]byte(name+"\n"), append([]byte{ed25519}, public[:]...)...))
	return sum[:4]
}
