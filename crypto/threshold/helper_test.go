package threshold_test

import (
	"testing"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/threshold"
)

// ceremony is a whole ceremony in memory, from one byte of seed per trustee.
type ceremony struct {
	t        testing.TB
	params   threshold.Params
	seeds    []*threshold.Seed
	keys     []*sealbox.PrivateKey
	public   []*sealbox.PublicKey
	dealings []*threshold.Dealing
	deals    []*threshold.Deal
}

func seed(t testing.TB, first byte) *threshold.Seed {
	t.Helper()
	s, err := threshold.SeedFromBytes(append([]byte{first}, make([]byte, threshold.SeedSize-1)...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func params(n, t, slots int) threshold.Params {
	return threshold.Params{ChainID: "test-0011223344556677", Election: [32]byte{7}, Zone: 2, Attempt: 1, N: n, T: t, Slots: slots}
}

// register makes seeds and HPKE keys and the list hash.
func register(t testing.TB, p threshold.Params) *ceremony {
	t.Helper()
	c := &ceremony{t: t, params: p}
	var list []threshold.Trustee
	for j := range p.N {
		s := seed(t, byte(j+1))
		key, err := s.SealingKey(p.ChainID, p.Election, p.Zone, p.Attempt)
		if err != nil {
			t.Fatal(err)
		}
		c.seeds, c.keys, c.public = append(c.seeds, s), append(c.keys, key), append(c.public, key.Public())
		list = append(list, threshold.Trustee{Key: [32]byte{byte(j + 1)}, HPKEKey: key.Public().Encode()})
	}
	c.params.TrusteeListHash = threshold.TrusteeListHash(p.ChainID, p.Election, p.Zone, p.Attempt, list)
	return c
}

// deal lets every trustee deal.
func deal(t testing.TB, p threshold.Params) *ceremony {
	t.Helper()
	c := register(t, p)
	for j := range p.N {
		d, err := threshold.NewDealing(c.params, j+1, c.seeds[j])
		if err != nil {
			t.Fatal(err)
		}
		public, err := d.Deal(c.public)
		if err != nil {
			t.Fatal(err)
		}
		if err := threshold.VerifyDeal(c.params, j+1, public); err != nil {
			t.Fatal(err)
		}
		c.dealings, c.deals = append(c.dealings, d), append(c.deals, public)
	}
	return c
}

func (c *ceremony) commitments(dealer int) *threshold.Commitments {
	c.t.Helper()
	k, err := threshold.DecodeCommitments(c.params, c.deals[dealer-1].Commitments)
	if err != nil {
		c.t.Fatal(err)
	}
	return k
}

// combine makes the joint key of the given dealers; all if there are none.
func (c *ceremony) combine(dealers ...int) *threshold.JointKey {
	c.t.Helper()
	var dealt []threshold.Dealt
	for _, d := range c.orAll(dealers) {
		dealt = append(dealt, threshold.Dealt{Dealer: d, Commitments: c.commitments(d)})
	}
	key, err := threshold.Combine(c.params, dealt)
	if err != nil {
		c.t.Fatal(err)
	}
	return key
}

func (c *ceremony) share(receiver int, key *threshold.JointKey, dealers ...int) *threshold.KeyShare {
	c.t.Helper()
	var shares []*threshold.Shares
	for _, d := range c.orAll(dealers) {
		s, err := threshold.OpenShares(c.params, d, receiver, c.deals[d-1], c.keys[receiver-1])
		if err != nil {
			c.t.Fatal(err)
		}
		shares = append(shares, s)
	}
	k, err := threshold.NewKeyShare(c.params, receiver, shares, key)
	if err != nil {
		c.t.Fatal(err)
	}
	return k
}

func (c *ceremony) orAll(dealers []int) []int {
	if len(dealers) > 0 {
		return dealers
	}
	return upTo(c.params.N)
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// encrypted is (r·B, r·K_i + m_i·B) with m_i = i.
func encrypted(keys []group.Point) (r group.Point, c []group.Point) {
	secret := group.ScalarFromUint64(123456789)
	for i, k := range keys {
		c = append(c, k.Mul(secret).Add(group.BaseMul(group.ScalarFromUint64(uint64(i)))))
	}
	return group.BaseMul(secret), c
}

// decrypts reports whether joined partial decryptions open what encrypted made.
func decrypts(c, joined []group.Point) bool {
	for i := range c {
		if !c[i].Sub(joined[i]).Equal(group.BaseMul(group.ScalarFromUint64(uint64(i)))) {
			return false
		}
	}
	return len(c) == len(joined)
}
