package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/proto/api"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// sample is what attempts are made of: one voter's own token and key.
type sample struct {
	params *booth.Parameters
	key    sign.PrivateKey
	token  *ballotv1.Token
	late   []byte
}

func sha(b []byte) [32]byte { return sha256.Sum256(b) }

// expect hands something in that must be refused, by the given name.
func (d *demo) expect(ctx context.Context, c *everybody, attempt, name string, raw []byte) error {
	_, err := c.clients[0].Submit(ctx, raw)
	var refusal *client.Refusal
	if !errors.As(err, &refusal) {
		return fmt.Errorf("%s: was not refused: %w", attempt, errOr(err, "accepted"))
	}
	if refusal.Name != name {
		return fmt.Errorf("%s: refused as %s (%s: %s), not as %s", attempt, refusal.Name, refusal.Field, refusal.Reason, name)
	}
	d.summary.refused(attempt)
	return nil
}

func errOr(err error, text string) error {
	if err == nil {
		return errors.New(text)
	}
	return err
}

// open takes a voter's own device apart: its key and token.
func (d *demo) open(ctx context.Context, c *everybody, v *voter) (*sample, error) {
	params, err := c.watch.Parameters(ctx, d.electionID, uint32(v.Style), 0)
	if err != nil {
		return nil, err
	}
	text, err := v.state.Reveal()
	if err != nil {
		return nil, err
	}
	var device struct {
		Secret     api.Hex   `json:"token_secret"`
		Panel      uint32    `json:"panel"`
		Signatures []api.Hex `json:"signatures"`
	}
	if err := decodeJSON(text, &device); err != nil {
		return nil, err
	}
	secret, err := blindtoken.SecretFromBytes(device.Secret)
	if err != nil {
		return nil, err
	}
	token := &ballotv1.Token{Panel: device.Panel}
	for _, s := range device.Signatures {
		token.Signatures = append(token.Signatures, s)
	}
	return &sample{params: params, key: secret.BallotKey(params.Scope(device.Panel)), token: token}, nil
}

// signed signs a ballot message as the sample's key.
func (d *demo) signed(key sign.PrivateKey, message *ballotv1.CastBallot) ([]byte, error) {
	return envelope.Encode(d.chainID, uint32(txv1.Kind_KIND_CAST_BALLOT), ledger.MustEncode(message), key)
}

// sealed makes a first ballot of the sample's key with some choice.
func (d *demo) sealed(s *sample, v *voter, key sign.PrivateKey, token *ballotv1.Token) ([]byte, error) {
	sealed, err := booth.Seal(rand.Reader, s.params, key.Public(), 1, scores(d.electorate, v.Style, v.Choices))
	if err != nil {
		return nil, err
	}
	return sealed.Sign(key, token)
}

// attacker is the last voter, who casts once.
func (d *demo) attacker() *voter { return d.voters[len(d.voters)-1] }

// tryBefore makes attempts with the token of a voter who has not voted yet.
func (d *demo) tryBefore(ctx context.Context, c *everybody) error {
	v := d.attacker()
	s, err := d.open(ctx, c, v)
	if err != nil {
		return err
	}
	d.sample = *s
	good, err := d.sealed(s, v, s.key, s.token)
	if err != nil {
		return err
	}
	tx, err := envelope.Decode(good, d.chainID)
	if err != nil {
		return err
	}
	body := tx.Body
	with := func(change func(*ballotv1.CastBallot)) ([]byte, error) {
		m := ledger.MustDecode[ballotv1.CastBallot](body)
		change(m)
		return d.signed(s.key, m)
	}
	overVote, err := d.overVote(s, v)
	if err != nil {
		return err
	}
	stranger, err := sign.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	foreign, err := d.sealed(s, v, stranger, s.token)
	if err != nil {
		return err
	}
	otherChain, err := envelope.Encode("another-chain-0000000000000000", uint32(txv1.Kind_KIND_CAST_BALLOT), body, s.key)
	if err != nil {
		return err
	}
	attempts := []struct {
		attempt, name string
		make          func() ([]byte, error)
	}{
		{"over-vote with a hand-made proof", "bad-proof", func() ([]byte, error) { return overVote, nil }},
		{"forged token", "bad-token", func() ([]byte, error) {
			return with(func(m *ballotv1.CastBallot) { m.Token.Signatures[0][100] ^= 1 })
		}},
		{"token of another key", "bad-token", func() ([]byte, error) { return foreign, nil }},
		{"one member's signature missing", "token-shape", func() ([]byte, error) {
			return with(func(m *ballotv1.CastBallot) { m.Token.Signatures = m.Token.Signatures[:1] })
		}},
		{"token of another panel", "bad-token", func() ([]byte, error) {
			return with(func(m *ballotv1.CastBallot) { m.Token.Panel = 1 - m.Token.Panel })
		}},
		{"trailing byte", "malformed", func() ([]byte, error) { return append(append([]byte{}, good...), 0), nil }},
		{"ballot of another chain", "wrong-chain", func() ([]byte, error) { return otherChain, nil }},
	}
	for _, a := range attempts {
		raw, err := a.make()
		if err != nil {
			return fmt.Errorf("%s: %w", a.attempt, err)
		}
		if err := d.expect(ctx, c, a.attempt, a.name, raw); err != nil {
			return err
		}
	}
	d.sample.late = good
	return nil
}

// overVote seals a ballot under a laxer rule: one mark more than the first
// contest allows, with a proof that is right for that rule.
func (d *demo) overVote(s *sample, v *voter) ([]byte, error) {
	form := s.params.Form
	lax := *form.Shape
	lax.Constraints = append([]bitproof.Constraint{}, form.Shape.Constraints...)
	lax.Constraints[0].Target++
	bits := make([]bool, lax.Bits)
	for _, rule := range lax.Constraints {
		left := rule.Target
		for i := len(rule.Terms) - 1; i >= 0; i-- {
			if t := rule.Terms[i]; t.Weight <= left {
				bits[t.Bit], left = true, left-t.Weight
			}
		}
	}
	statement := form.Statement(s.key.Public(), 1)
	statement.Shape = &lax
	ct, proof, err := bitproof.Prove(rand.Reader, statement, bits)
	if err != nil {
		return nil, err
	}
	return d.signed(s.key, form.Message(1, s.token, ct, proof))
}

// tryRecast lets the first voter cast, alone, and at once again: with the wrong
// sequence number, and before the interval is over. Both are sealed before, so
// that a slow machine does not let the interval pass.
func (d *demo) tryRecast(ctx context.Context, c *everybody, v *voter) error {
	s, err := c.session(ctx, 0)
	if err != nil {
		return err
	}
	opened, err := d.open(ctx, c, v)
	if err != nil {
		return err
	}
	tries := []struct {
		attempt, name string
		sequence      uint32
		raw           []byte
	}{
		{attempt: "recast too early", name: "recast-too-early", sequence: 2},
		{attempt: "wrong sequence number", name: "wrong-sequence", sequence: 5},
	}
	for i := range tries {
		sealed, err := booth.Seal(rand.Reader, opened.params, opened.key.Public(), tries[i].sequence, scores(d.electorate, v.Style, v.Choices))
		if err != nil {
			return err
		}
		if tries[i].raw, err = sealed.Sign(opened.key, nil); err != nil {
			return err
		}
	}
	if err := d.castOther(ctx, s, 0); err != nil {
		return err
	}
	for _, try := range tries {
		if err := d.expect(ctx, c, try.attempt, try.name, try.raw); err != nil {
			return err
		}
	}
	return nil
}

// tryAfter makes attempts with the token of a voter who has voted.
func (d *demo) tryAfter(ctx context.Context, c *everybody) error {
	v := d.attacker()
	spent, err := d.sealed(&d.sample, v, d.sample.key, d.sample.token)
	if err != nil {
		return err
	}
	if err := d.expect(ctx, c, "spent token", "token-spent", spent); err != nil {
		return err
	}
	copied, err := d.copied(ctx, c)
	if err != nil || copied == nil {
		return err
	}
	// Let it be judged by its proof, not as a recast that comes too early.
	if err := d.recastLater(ctx); err != nil {
		return err
	}
	return d.expect(ctx, c, "copied ballot", "bad-proof", copied)
}

// copied casts the ciphertexts and proof of one voter as the recast of another
// voter of the same style; nil if no style has two voters.
func (d *demo) copied(ctx context.Context, c *everybody) ([]byte, error) {
	for i, v := range d.voters {
		for _, other := range d.voters[i+1:] {
			if other.Style != v.Style || len(other.casts) != 1 || len(v.casts) != 1 {
				continue
			}
			tx, err := envelope.Decode(v.casts[0], d.chainID)
			if err != nil {
				return nil, err
			}
			thief, err := d.open(ctx, c, other)
			if err != nil {
				return nil, err
			}
			m := ledger.MustDecode[ballotv1.CastBallot](tx.Body)
			m.Token, m.Sequence = nil, 2
			return d.signed(thief.key, m)
		}
	}
	return nil, nil
}

// tryAfterTheClose hands in a ballot that comes too late.
func (d *demo) tryAfterTheClose(ctx context.Context) error {
	return d.expect(ctx, d.everybody, "after the close", "not-voting", d.sample.late)
}
