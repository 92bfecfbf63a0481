package keeper

import (
	"encoding/binary"
	"sync"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/merkle"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

// Elections answers what elections there are.
type Elections interface {
	Definition(r ledger.Reader, id [32]byte) (*electionv1.Definition, bool)
	Zone(r ledger.Reader, id [32]byte, zone uint32) (electionv1.ZoneState, bool)
}

// Roll answers which entries may take a token.
type Roll interface {
	Position(r ledger.Reader, id [32]byte, entry []byte) (style uint32, index uint64, ok bool)
	Removed(r ledger.Reader, id [32]byte, style uint32, index uint64) bool
	Size(r ledger.Reader, id [32]byte, style uint32) uint64
	RemovedHead(r ledger.Reader, id [32]byte, style uint32) (uint64, merkle.Hash)
}

// Keeper is the module's state.
type Keeper struct {
	elections Elections
	roll      Roll

	mu sync.Mutex
	// keys decoded, by modulus: a key is a function of its modulus.
	keys map[string]*blindtoken.PublicKey
}

// cachedKeys limits the memory of decoded keys.
const cachedKeys = 4096

// New makes the keeper.
func New(elections Elections, roll Roll) *Keeper {
	return &Keeper{elections: elections, roll: roll, keys: map[string]*blindtoken.PublicKey{}}
}

// Module is what the application runs.
func (k *Keeper) Module() ledger.Module {
	return ledger.Module{
		Name:     issuance.Module,
		Handlers: []ledger.Handler{k.registerIssuerKey(), k.issueToken(), k.claimSignature(), k.answerClaim()},
		Acts:     []ledger.Act{k.openPanel()},
		EndBlock: k.EndBlock,
		Summary:  k.Summary,
	}
}

func (k *Keeper) registerIssuerKey() ledger.Handler {
	return ledger.Handler{
		Kind: uint32(txv1.Kind_KIND_REGISTER_ISSUER_KEY), Name: "register-issuer-key", Signed: true, MaxBytes: issuance.MaxRegisterBytes,
		Decode: func(body []byte) (any, error) { return issuance.DecodeRegisterIssuerKey(body) },
		Validate: func(_ ledger.Context, tx *ledger.Tx) error {
			return issuance.ValidateRegisterIssuerKey(tx.Message.(*issuancev1.RegisterIssuerKey))
		},
		Precheck: k.PrecheckRegisterIssuerKey,
		Execute:  k.ExecuteRegisterIssuerKey,
	}
}

func (k *Keeper) issueToken() ledger.Handler {
	return ledger.Handler{
		Kind: uint32(txv1.Kind_KIND_ISSUE_TOKEN), Name: "issue-token", MaxBytes: issuance.MaxIssueBytes,
		Decode: func(body []byte) (any, error) { return issuance.DecodeIssueToken(body) },
		Validate: func(_ ledger.Context, tx *ledger.Tx) error {
			return issuance.ValidateIssueToken(tx.Message.(*issuancev1.IssueToken))
		},
		Precheck: k.PrecheckIssueToken,
		Execute:  k.ExecuteIssueToken,
	}
}

func (k *Keeper) claimSignature() ledger.Handler {
	return ledger.Handler{
		Kind: uint32(txv1.Kind_KIND_CLAIM_SIGNATURE), Name: "claim-signature", Signed: true, MaxBytes: issuance.MaxClaimBytes,
		Decode: func(body []byte) (any, error) { return issuance.DecodeClaimSignature(body) },
		Validate: func(_ ledger.Context, tx *ledger.Tx) error {
			return issuance.ValidateClaimSignature(tx.Message.(*issuancev1.ClaimSignature))
		},
		Precheck: k.PrecheckClaimSignature,
		Execute:  k.ExecuteClaimSignature,
	}
}

func (k *Keeper) answerClaim() ledger.Handler {
	return ledger.Handler{
		Kind: uint32(txv1.Kind_KIND_ANSWER_CLAIM), Name: "answer-claim", MaxBytes: issuance.MaxClaimBytes,
		Decode: func(body []byte) (any, error) { return issuance.DecodeAnswerClaim(body) },
		Validate: func(_ ledger.Context, tx *ledger.Tx) error {
			return issuance.ValidateAnswerClaim(tx.Message.(*issuancev1.AnswerClaim))
		},
		Precheck: k.PrecheckAnswerClaim,
		Execute:  k.ExecuteAnswerClaim,
	}
}

func (k *Keeper) openPanel() ledger.Act {
	return ledger.Act{
		Number: uint32(commissionv1.Action_ACTION_OPEN_PANEL),
		Name:   "open-panel",
		Decode: func(body []byte) (any, error) { return issuance.DecodeOpenPanel(body) },
		Validate: func(_ ledger.Context, act any) error {
			return issuance.ValidateOpenPanel(act.(*issuancev1.OpenPanel))
		},
		Precheck: func(ctx ledger.Context, r ledger.Reader, act any) ([]string, error) {
			return k.PrecheckOpenPanel(ctx, r, act.(*issuancev1.OpenPanel))
		},
		Execute: func(ctx ledger.Context, w ledger.Writer, act any) error {
			return k.ExecuteOpenPanel(ctx, w, act.(*issuancev1.OpenPanel))
		},
	}
}

// key decodes a stored modulus.
func (k *Keeper) key(modulus []byte) *blindtoken.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, ok := k.keys[string(modulus)]; ok {
		return key
	}
	key, err := blindtoken.DecodePublicKey(modulus)
	if err != nil {
		panic("issuance: stored modulus: " + err.Error())
	}
	if len(k.keys) >= cachedKeys {
		clear(k.keys)
	}
	k.keys[string(modulus)] = key
	return key
}

func classKey(id [32]byte, class uint32) []byte {
	return issuance.KeyClass.Key(id[:], ledger.U32(class))
}

func classCountKey(id [32]byte, class uint32) []byte {
	return issuance.KeyClassCount.Key(id[:], ledger.U32(class))
}

func panelCountKey(id [32]byte, class, panel uint32) []byte {
	return issuance.KeyPanelCount.Key(id[:], ledger.U32(class), ledger.U32(panel))
}

func issuedKey(id [32]byte, entry []byte) []byte { return issuance.KeyIssued.Key(id[:], entry) }

func styleKey(id [32]byte, style uint32) []byte {
	return issuance.KeyStyle.Key(id[:], ledger.U32(style))
}

func chunkKey(id [32]byte, style uint32, chunk uint64) []byte {
	return issuance.KeyChunk.Key(id[:], ledger.U32(style), ledger.U64(chunk))
}

func chunkHashKey(id [32]byte, style uint32, chunk uint64) []byte {
	return issuance.KeyChunkHash.Key(id[:], ledger.U32(style), ledger.U64(chunk))
}

func claimKey(id [32]byte, entry []byte, member uint32) []byte {
	return issuance.KeyClaim.Key(id[:], entry, ledger.U32(member))
}

func openClaimKey(id [32]byte, issuer uint32, height int64, entry []byte) []byte {
	return issuance.KeyOpenClaim.Key(id[:], ledger.U32(issuer), ledger.U64(uint64(height)), entry)
}

func getU64(b []byte) uint64 {
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
