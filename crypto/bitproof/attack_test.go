package bitproof_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/bitproof"
	"github.com/urna-vote/urna/crypto/elgamal"
	"github.com/urna-vote/urna/crypto/group"
)

// judge verifies a claim alone and in a batch among good ones, requires both to
// agree, and returns the verdict.
func judge(t rapid.TB, c bitproof.Claim) error {
	t.Helper()
	st, bits := oneOf(t, 3, 1)
	good := mustProve(t, st, bits)
	err := bitproof.Verify(c)
	var want []int
	if err != nil {
		want = []int{1}
	}
	if bad := bitproof.VerifyBatch(rand.Reader, []bitproof.Claim{good, c, good}); !slices.Equal(bad, want) {
		t.Errorf("alone: %v; the batch names %v", err, bad)
	}
	return err
}

func decodeSealed(t rapid.TB, st *bitproof.Statement, sealed refSealed) bitproof.Claim {
	t.Helper()
	ct, err := elgamal.DecodeParts(len(st.Shape.Forms), sealed.r, sealed.c)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := bitproof.DecodeProof(st.Shape.Bits, sealed.proof)
	if err != nil {
		t.Fatal(err)
	}
	return bitproof.Claim{Statement: st, Ciphertext: ct, Proof: proof}
}

func TestSecondImplementationAndThisOneAcceptEachOther(t *testing.T) {
	shape := bitproof.Concat(bitproof.Choice(4, 0, 3), bitproof.Points(2, 5, true, 3, 9), bitproof.Choice(2, 1, 1))
	marks, err := bitproof.ChoiceBits(4, 0, 3, []bool{true, false, true, false})
	if err != nil {
		t.Fatal(err)
	}
	points, err := bitproof.PointsBits(2, 5, true, 3, 9, []uint32{5, 2})
	if err != nil {
		t.Fatal(err)
	}
	bits := slices.Concat(marks, points, []bool{false, true})
	st := statementFor(t, shape)
	ints := make([]int64, len(bits))
	for i, b := range bits {
		if b {
			ints[i] = 1
		}
	}
	if err := judge(t, decodeSealed(t, st, refProve(st, ints, cheat{}))); err != nil {
		t.Errorf("the second implementation's proof: %v", err)
	}
	c := mustProve(t, st, bits)
	r, e := c.Ciphertext.R.Encode(), c.Ciphertext.Encode()
	if err := refVerify(st, refSealed{r: r[:], c: e[32:], proof: c.Proof.Encode()}); err != nil {
		t.Errorf("the second implementation refuses by equation %v", err)
	}
}

func TestDishonestProverIsRefused(t *testing.T) {
	two := bitproof.Concat(bitproof.Choice(2, 1, 1), bitproof.Choice(2, 1, 1))
	for name, c := range map[string]struct {
		shape bitproof.Shape
		bits  []int64
		cheat cheat
		want  error
		ref   error
	}{
		"over-vote: two marks where one is allowed":            {bitproof.Choice(3, 1, 1), []int64{1, 1, 0}, cheat{}, bitproof.ErrRule, errRefRule},
		"under-vote: no mark where one is asked for":           {bitproof.Choice(3, 1, 1), []int64{0, 0, 0}, cheat{}, bitproof.ErrRule, errRefRule},
		"over-vote with masks that do not solve the rule":      {bitproof.Choice(3, 1, 1), []int64{1, 1, 0}, cheat{maskFree: true}, bitproof.ErrRule, errRefRule},
		"a good ballot with masks that do not solve the rule":  {bitproof.Choice(3, 1, 1), []int64{0, 1, 0}, cheat{maskFree: true}, bitproof.ErrRule, errRefRule},
		"bit of two, balanced by a negative one":               {bitproof.Choice(3, 1, 1), []int64{2, -1, 0}, cheat{}, bitproof.ErrBits, errRef1},
		"bit of two in a padding, beyond the weights":          {bitproof.Choice(3, 0, 2), []int64{0, 0, 0, 2, 0}, cheat{}, bitproof.ErrBits, errRef1},
		"negative padding for a third mark":                    {bitproof.Choice(3, 0, 2), []int64{1, 1, 1, -1, 0}, cheat{}, bitproof.ErrBits, errRef1},
		"negative mark":                                        {bitproof.Choice(3, 0, 2), []int64{-1, 1, 1, 1, 0}, cheat{}, bitproof.ErrBits, errRef1},
		"score above the range, bit of two":                    {bitproof.Points(2, 5, false, 0, 0), []int64{0, 0, 3, 0, 0, 0}, cheat{}, bitproof.ErrBits, errRef1},
		"hundred votes in one bit":                             {bitproof.Points(1, 1, false, 0, 0), []int64{100}, cheat{}, bitproof.ErrBits, errRef1},
		"detached sum: five more votes in one ciphertext":      {bitproof.Choice(3, 1, 1), []int64{0, 1, 0}, cheat{shift: []int64{5, 0, 0}}, bitproof.ErrLink, errRef3},
		"detached sum: votes moved within the contest":         {bitproof.Choice(3, 1, 1), []int64{0, 1, 0}, cheat{shift: []int64{5, -5, 0}}, bitproof.ErrLink, errRef3},
		"five more in one contest, five fewer in another":      {two, []int64{1, 0, 1, 0}, cheat{shift: []int64{5, 0, -5, 0}}, bitproof.ErrLink, errRef3},
		"the same with the powers of y restarted at a contest": {two, []int64{1, 0, 1, 0}, cheat{shift: []int64{5, 0, -5, 0}, restart: []int{2}}, bitproof.ErrLink, errRef3},
		"honest ballot with the powers of y restarted":         {two, []int64{1, 0, 1, 0}, cheat{restart: []int{2}}, bitproof.ErrLink, errRef3},
		"errors of two equations that cancel in one ballot":    {bitproof.Choice(3, 1, 1), []int64{0, 1, 0}, cheat{offset: 4}, bitproof.ErrBits, errRef1},
		"rule kept only over both contests together":           {two, []int64{1, 1, 0, 0}, cheat{}, bitproof.ErrRule, errRefRule},
	} {
		st := statementFor(t, c.shape)
		sealed := refProve(st, c.bits, c.cheat)
		if err := judge(t, decodeSealed(t, st, sealed)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err := refVerify(st, sealed); !errors.Is(err, c.ref) {
			t.Errorf("%s: second implementation %v, want %v", name, err, c.ref)
		}
	}
}

func TestProofFailsWhenAnyFieldOfTheStatementChanges(t *testing.T) {
	st, bits := oneOf(t, 3, 1)
	claim := mustProve(t, st, bits)
	withShape := func(change func(*bitproof.Shape)) func(*bitproof.Statement) {
		return func(s *bitproof.Statement) {
			shape := bitproof.Choice(3, 1, 1)
			change(&shape)
			s.Shape = &shape
		}
	}
	for name, c := range map[string]struct {
		change func(*bitproof.Statement)
		want   error
	}{
		"chain":    {func(s *bitproof.Statement) { s.ChainID = "test-0011223344556678" }, bitproof.ErrRule},
		"election": {func(s *bitproof.Statement) { s.Election[0] ^= 1 }, bitproof.ErrRule},
		"zone":     {func(s *bitproof.Statement) { s.Context = contextOf("zone 2", "style 2", "key hash", "ballot key", "1") }, bitproof.ErrRule},
		"style":    {func(s *bitproof.Statement) { s.Context = contextOf("zone 1", "style 3", "key hash", "ballot key", "1") }, bitproof.ErrRule},
		"key vector": {func(s *bitproof.Statement) {
			s.Context = contextOf("zone 1", "style 2", "other hash", "ballot key", "1")
		}, bitproof.ErrRule},
		"ballot key":  {func(s *bitproof.Statement) { s.Context = contextOf("zone 1", "style 2", "key hash", "other key", "1") }, bitproof.ErrRule},
		"sequence":    {func(s *bitproof.Statement) { s.Context = contextOf("zone 1", "style 2", "key hash", "ballot key", "2") }, bitproof.ErrRule},
		"no context":  {func(s *bitproof.Statement) { s.Context = nil }, bitproof.ErrRule},
		"key of slot": {func(s *bitproof.Statement) { s.Keys = append(slices.Clone(s.Keys[:2]), keysFor(t, 4)[3]) }, bitproof.ErrLink},
		"keys swapped": {func(s *bitproof.Statement) {
			s.Keys = slices.Clone(s.Keys)
			s.Keys[0], s.Keys[1] = s.Keys[1], s.Keys[0]
		}, bitproof.ErrLink},
		"key missing":  {func(s *bitproof.Statement) { s.Keys = s.Keys[:2] }, bitproof.ErrLength},
		"key not set":  {func(s *bitproof.Statement) { s.Keys = append(slices.Clone(s.Keys[:2]), elgamal.Key{}) }, group.ErrIdentity},
		"rule missing": {withShape(func(s *bitproof.Shape) { s.Constraints = nil }), bitproof.ErrBits},
		"rule added": {withShape(func(s *bitproof.Shape) {
			s.Constraints[0].Terms = s.Constraints[0].Terms[:2]
			s.Constraints = append(s.Constraints, bitproof.Constraint{Terms: []bitproof.Term{{Bit: 2, Weight: 1}}})
		}), bitproof.ErrRule},
		"target":        {withShape(func(s *bitproof.Shape) { s.Constraints[0].Target = 2 }), bitproof.ErrRule},
		"form's bit":    {withShape(func(s *bitproof.Shape) { s.Forms[0], s.Forms[1] = s.Forms[1], s.Forms[0] }), bitproof.ErrRule},
		"form's weight": {withShape(func(s *bitproof.Shape) { s.Forms[2][0].Weight = 3 }), bitproof.ErrRule},
		"one bit more":  {func(s *bitproof.Statement) { shape := bitproof.Choice(3, 0, 1); s.Shape = &shape }, bitproof.ErrLength},
		"refused shape": {withShape(func(s *bitproof.Shape) { s.Constraints[0].Target = 4 }), bitproof.ErrShape},
		"shape not set": {func(s *bitproof.Statement) { s.Shape = nil }, bitproof.ErrShape},
		"another contest": {func(s *bitproof.Statement) {
			shape := bitproof.Choice(3, 2, 2)
			s.Shape = &shape
		}, bitproof.ErrRule},
	} {
		changed := *st
		c.change(&changed)
		other := claim
		other.Statement = &changed
		if err := judge(t, other); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := judge(t, claim); err != nil {
		t.Errorf("the claim itself: %v", err)
	}
}

func TestCopiedBallotIsRefused(t *testing.T) {
	st, bits := oneOf(t, 3, 1)
	claim := mustProve(t, st, bits)
	again := group.ScalarFromUint64(77)
	rerandomised := &elgamal.Ciphertext{R: claim.Ciphertext.R.Add(group.BaseMul(again)), C: slices.Clone(claim.Ciphertext.C)}
	permuted := &elgamal.Ciphertext{R: claim.Ciphertext.R, C: slices.Clone(claim.Ciphertext.C)}
	permuted.C[0], permuted.C[1] = permuted.C[1], permuted.C[0]
	for o, k := range st.Keys {
		rerandomised.C[o] = rerandomised.C[o].Add(k.Mul(again))
	}
	thief := *st
	thief.Context = contextOf("zone 1", "style 2", "key hash", "the thief's key", "1")
	for name, c := range map[string]bitproof.Claim{
		"as it is, by another ballot key":  {Statement: &thief, Ciphertext: claim.Ciphertext, Proof: claim.Proof},
		"re-randomised, same statement":    {Statement: st, Ciphertext: rerandomised, Proof: claim.Proof},
		"re-randomised, other ballot key":  {Statement: &thief, Ciphertext: rerandomised, Proof: claim.Proof},
		"options permuted, same statement": {Statement: st, Ciphertext: permuted, Proof: claim.Proof},
		"with another ballot's proof":      {Statement: st, Ciphertext: claim.Ciphertext, Proof: mustProve(t, st, bits).Proof},
	} {
		if err := judge(t, c); !errors.Is(err, bitproof.ErrRule) {
			t.Errorf("%s: %v, want ErrRule", name, err)
		}
	}
}

// Errors that cancel within a batch under equal or guessable weights.
func TestErrorsThatCancelInABatchAreNamed(t *testing.T) {
	st, bits := oneOf(t, 3, 1)
	a, b := mustProve(t, st, bits), mustProve(t, st, bits)
	shift := func(c bitproof.Claim, field int, by group.Scalar) bitproof.Claim {
		raw := c.Proof.Encode()
		at := len(raw) - 32*(2-field)
		s, err := group.DecodeScalar(raw[at : at+32])
		if err != nil {
			t.Fatal(err)
		}
		e := s.Add(by).Encode()
		copy(raw[at:], e[:])
		proof, err := bitproof.DecodeProof(st.Shape.Bits, raw)
		if err != nil {
			t.Fatal(err)
		}
		c.Proof = proof
		return c
	}
	by := group.ScalarFromUint64(12345)
	good := mustProve(t, st, bits)
	for field, want := range []error{bitproof.ErrBits, bitproof.ErrRandomness} { // z, then u
		up, down := shift(a, field, by), shift(b, field, by.Neg())
		if err := bitproof.Verify(up); !errors.Is(err, want) {
			t.Errorf("field %d: %v, want %v", field, err, want)
		}
		if bad := bitproof.VerifyBatch(rand.Reader, []bitproof.Claim{good, up, good, down}); !slices.Equal(bad, []int{1, 3}) {
			t.Errorf("field %d: batch names %v, want [1 3]", field, bad)
		}
		if bad := bitproof.VerifyBatch(rand.Reader, []bitproof.Claim{up, up, up, up, up}); len(bad) != 5 {
			t.Errorf("field %d: batch of one bad claim five times names %v", field, bad)
		}
	}
}

func TestEveryByteOfASealedBallotCounts(t *testing.T) {
	st, bits := oneOf(t, 2, 0)
	claim := mustProve(t, st, bits)
	ct, proof := claim.Ciphertext.Encode(), claim.Proof.Encode()
	for i := range len(ct) + len(proof) {
		spoiledCT, spoiledProof := slices.Clone(ct), slices.Clone(proof)
		bit := byte(1) << (i % 8)
		if i < len(ct) {
			spoiledCT[i] ^= bit
		} else {
			spoiledProof[i-len(ct)] ^= bit
		}
		c, err := elgamal.DecodeCiphertext(2, spoiledCT)
		if err != nil {
			continue
		}
		p, err := bitproof.DecodeProof(st.Shape.Bits, spoiledProof)
		if err != nil {
			continue
		}
		if bitproof.Verify(bitproof.Claim{Statement: st, Ciphertext: c, Proof: p}) == nil {
			t.Errorf("byte %d may change", i)
		}
	}
}

func TestIdentityIsRefusedInEveryCiphertextSlot(t *testing.T) {
	st, bits := oneOf(t, 3, 0)
	claim := mustProve(t, st, bits)
	for i := range 4 {
		raw := claim.Ciphertext.Encode()
		copy(raw[32*i:32*i+32], make([]byte, 32))
		if _, err := elgamal.DecodeCiphertext(3, raw); !errors.Is(err, group.ErrIdentity) {
			t.Errorf("element %d, decoded: %v", i, err)
		}
		ct := &elgamal.Ciphertext{R: claim.Ciphertext.R, C: slices.Clone(claim.Ciphertext.C)}
		if i == 0 {
			ct.R = group.Identity()
		} else {
			ct.C[i-1] = group.Identity()
		}
		if err := judge(t, bitproof.Claim{Statement: st, Ciphertext: ct, Proof: claim.Proof}); !errors.Is(err, group.ErrIdentity) {
			t.Errorf("element %d, in memory: %v", i, err)
		}
	}
	// V, A, F1, F2 may be the identity on the wire, and prove nothing.
	for i := range 4 {
		raw := claim.Proof.Encode()
		copy(raw[32*i:32*i+32], make([]byte, 32))
		proof, err := bitproof.DecodeProof(st.Shape.Bits, raw)
		if err != nil {
			t.Errorf("commitment %d: %v", i, err)
			continue
		}
		if judge(t, bitproof.Claim{Statement: st, Ciphertext: claim.Ciphertext, Proof: proof}) == nil {
			t.Errorf("commitment %d replaced by the identity is accepted", i)
		}
	}
}

func TestNonCanonicalElementIsRefusedInEveryPosition(t *testing.T) {
	st, bits := oneOf(t, 2, 0)
	claim := mustProve(t, st, bits)
	notCanonical := slices.Repeat([]byte{0xff}, 32)
	negative := append([]byte{1}, make([]byte, 31)...) // canonical as a scalar, odd as a field element
	for i := range 3 {
		for _, bad := range [][]byte{notCanonical, negative} {
			raw := claim.Ciphertext.Encode()
			copy(raw[32*i:], bad)
			if _, err := elgamal.DecodeCiphertext(2, raw); !errors.Is(err, group.ErrNotCanonical) {
				t.Errorf("ciphertext element %d: %v", i, err)
			}
		}
	}
	for i := range st.Shape.Bits + 6 {
		raw := claim.Proof.Encode()
		copy(raw[32*i:], notCanonical)
		if _, err := bitproof.DecodeProof(st.Shape.Bits, raw); !errors.Is(err, group.ErrNotCanonical) {
			t.Errorf("proof element %d: %v", i, err)
		}
	}
}

func TestWrongLengthIsRefused(t *testing.T) {
	st, bits := oneOf(t, 2, 0)
	claim := mustProve(t, st, bits)
	ct, proof := claim.Ciphertext.Encode(), claim.Proof.Encode()
	for name, c := range map[string]struct {
		bits int
		b    []byte
	}{
		"empty": {2, nil}, "truncated": {2, proof[:len(proof)-1]}, "trailing byte": {2, append(slices.Clone(proof), 0)},
		"one response fewer": {2, proof[32:]}, "other shape": {3, proof}, "no bits": {0, proof[:192]}, "negative": {-1, nil},
		"above the limit": {bitproof.MaxBits + 1, make([]byte, bitproof.ProofSize(bitproof.MaxBits+1))},
	} {
		if _, err := bitproof.DecodeProof(c.bits, c.b); !errors.Is(err, bitproof.ErrLength) {
			t.Errorf("proof, %s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{"truncated": ct[:95], "trailing byte": append(slices.Clone(ct), 0), "one slot fewer": ct[:64], "empty": nil} {
		if _, err := elgamal.DecodeCiphertext(2, b); !errors.Is(err, elgamal.ErrLength) {
			t.Errorf("ciphertext, %s: %v", name, err)
		}
	}
	short := claim
	short.Ciphertext = &elgamal.Ciphertext{R: claim.Ciphertext.R, C: claim.Ciphertext.C[:1]}
	for name, c := range map[string]bitproof.Claim{
		"one ciphertext fewer": short, "no proof": {Statement: st, Ciphertext: claim.Ciphertext}, "no statement": {Ciphertext: claim.Ciphertext, Proof: claim.Proof},
		"empty proof": {Statement: st, Ciphertext: claim.Ciphertext, Proof: &bitproof.Proof{}},
	} {
		if err := judge(t, c); !errors.Is(err, bitproof.ErrLength) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBatchNamesEveryBadPosition(t *testing.T) {
	st, bits := oneOf(t, 2, 0)
	good := mustProve(t, st, bits)
	bad := decodeSealed(t, st, refProve(st, []int64{1, 0}, cheat{shift: []int64{1, 0}}))
	for n := range 9 {
		for mask := range 1 << min(n, 4) {
			claims, want := make([]bitproof.Claim, n), []int(nil)
			for i := range claims {
				claims[i] = good
				if mask>>i&1 == 1 {
					claims[i], want = bad, append(want, i)
				}
			}
			if got := bitproof.VerifyBatch(rand.Reader, claims); !slices.Equal(got, want) {
				t.Fatalf("batch of %d with bad %v: names %v", n, want, fmt.Sprint(got))
			}
		}
	}
}
