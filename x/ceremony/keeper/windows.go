package keeper

import (
	"crypto/sha256"
	"fmt"

	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/ledger"
)

// BeginBlock begins the ceremonies of zones that entered the phase, and ends
// windows whose time is over — unless block time jumped before this block:
// then the trustees may not have been able to act, and the quorum decides.
func (k *Keeper) BeginBlock(ctx ledger.Context, w ledger.Writer) {
	k.elections.EachIn(w, electionv1.Phase_PHASE_CEREMONY, func(id [32]byte, zone uint32) {
		c := k.load(w, id, zone)
		switch {
		case c.st == nil:
			c.st = ceremony.Restart(&ceremonyv1.State{})
			c.opened(ctx)
		case !ceremony.Open(c.st.Window) || c.st.Suspended || !c.timeOver(ctx):
			return
		case ctx.Gap():
			c.st.Suspended = true
		default:
			k.closeWindow(ctx, w, c)
			k.settle(ctx, w, c)
		}
		c.store(w)
	})
}

// EndBlock begins the attempts decided in this block and ends windows in which
// nobody is left to act.
func (k *Keeper) EndBlock(ctx ledger.Context, w ledger.Writer) {
	k.restart(ctx, w)
	k.elections.EachIn(w, electionv1.Phase_PHASE_CEREMONY, func(id [32]byte, zone uint32) {
		c := k.load(w, id, zone)
		if c.st != nil && k.settle(ctx, w, c) {
			c.store(w)
		}
	})
}

// held is a zone's ceremony at hand.
type held struct {
	id    [32]byte
	zone  uint32
	def   *electionv1.Definition
	rules ceremony.Rules
	st    *ceremonyv1.State
}

func (k *Keeper) load(r ledger.Reader, id [32]byte, zone uint32) *held {
	def, ok := k.elections.Definition(r, id)
	if !ok {
		panic(fmt.Sprintf("ceremony: zone %d of unknown election %x", zone, id))
	}
	st, _ := k.State(r, id, zone)
	return &held{id: id, zone: zone, def: def, rules: ceremony.RulesOf(def), st: st}
}

func (c *held) store(w ledger.Writer) {
	w.Set(ceremony.StateKey(c.id, c.zone), ledger.MustEncode(c.st))
	w.Touch(c.id)
}

func (c *held) where() ceremony.Where {
	return ceremony.Where{Election: c.id, Zone: c.zone, Attempt: c.st.Attempt}
}

func (c *held) opened(ctx ledger.Context) {
	c.st.OpenedMs, c.st.OpenedHeight = ctx.TimeMS, ctx.Height
}

func (c *held) timeOver(ctx ledger.Context) bool {
	return ctx.TimeMS >= c.st.OpenedMs+c.rules.WindowMS && ctx.Height >= c.st.OpenedHeight+c.rules.WindowBlocks
}

// settle ends windows while nobody is left to act, and reports a change.
func (k *Keeper) settle(ctx ledger.Context, w ledger.Writer, c *held) bool {
	changed := false
	for ceremony.Open(c.st.Window) && !c.st.Suspended {
		if ceremony.Starved(c.st, c.rules) {
			return true
		}
		if len(ceremony.Waiting(c.st, c.rules)) > 0 {
			return changed
		}
		k.closeWindow(ctx, w, c)
		changed = true
	}
	return changed
}

// closeWindow ends a window and does what the next one begins with.
func (k *Keeper) closeWindow(ctx ledger.Context, w ledger.Writer, c *held) {
	was := c.st.Window
	ceremony.Close(c.st, c.rules)
	c.opened(ctx)
	if was == ceremonyv1.Window_WINDOW_REGISTER && c.st.Window != ceremonyv1.Window_WINDOW_FAILED {
		hash := ceremony.TrusteeListHash(ctx.ChainID, c.where(), c.st.Participants)
		c.st.TrusteeListHash = hash[:]
	}
	switch c.st.Window {
	case ceremonyv1.Window_WINDOW_CONFIRM:
		k.makeCandidate(ctx, w, c)
	case ceremonyv1.Window_WINDOW_DONE:
		k.publishKey(ctx, w, c)
	}
}

// makeCandidate computes the key of the qualified deals, which nothing changes
// any more, and the transcript that trustees confirm.
func (k *Keeper) makeCandidate(ctx ledger.Context, w ledger.Writer, c *held) {
	var commitments [][]byte
	c.st.Qualified = nil
	for i, p := range c.st.Participants {
		if p.Out == "" {
			dealer := uint32(i + 1)
			c.st.Qualified = append(c.st.Qualified, dealer)
			commitments = append(commitments, w.Get(ceremony.DealKey(c.where(), dealer)))
		}
	}
	params := ceremony.Params(ctx.ChainID, c.def, c.where(), c.st.Participants)
	key, err := ceremony.CombineKey(params, c.st.Participants, c.st.Qualified, commitments)
	if err != nil {
		c.st.Failure = "confirm: the qualified deals make no key"
		c.st.Window = ceremonyv1.Window_WINDOW_FAILED
		return
	}
	hash := ceremony.TranscriptHash(ctx.ChainID, c.where(), params.TrusteeListHash, k.transcriptTxs(w, c), c.st.Qualified, key)
	key.TranscriptHash, c.st.TranscriptHash = hash[:], hash[:]
	w.Set(ceremony.CandidateKey(c.where()), ledger.MustEncode(key))
}

func (k *Keeper) transcriptTxs(r ledger.Reader, c *held) [][32]byte {
	var hashes [][32]byte
	k.eachTx(r, c.where(), func(kind uint32, raw []byte) {
		if ceremony.InTranscript(kind) {
			hashes = append(hashes, sha256.Sum256(raw))
		}
	})
	return hashes
}

// publishKey makes the candidate the zone's key; who did not confirm it has no
// verification keys in it.
func (k *Keeper) publishKey(ctx ledger.Context, w ledger.Writer, c *held) {
	key := ledger.MustDecode[ceremonyv1.ElectionKey](w.Get(ceremony.CandidateKey(c.where())))
	for i, p := range c.st.Participants {
		if p.Out != "" {
			key.Verification[i] = []byte{}
		}
	}
	b := ledger.MustEncode(key)
	hash := sha256.Sum256(b)
	w.Set(ceremony.KeyKey(c.id, c.zone), b)
	w.Set(ceremony.KeyIDKey(c.id, c.zone), hash[:])
	k.elections.SetPhase(ctx, w, c.id, c.zone, electionv1.Phase_PHASE_ROLL)
}
