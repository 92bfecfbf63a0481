package sample

import (
	"fmt"
	"sync"

	"github.com/urna-vote/urna/crypto/blindtoken"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger/ledgertest"
)

var (
	rsaMu   sync.Mutex
	rsaKeys = map[string]*blindtoken.PrivateKey{}
)

// TokenKey is the token key of a holder, made once for each run of the tests.
func TokenKey(holder string) *blindtoken.PrivateKey {
	rsaMu.Lock()
	defer rsaMu.Unlock()
	if key, ok := rsaKeys[holder]; ok {
		return key
	}
	key, err := blindtoken.GenerateKey(blindtoken.DefaultBits)
	if err != nil {
		panic("sample: " + err.Error())
	}
	rsaKeys[holder] = key
	return key
}

// MemberKey is the token key of a panel's member for a class.
func (t *Town) MemberKey(class, panel uint32, member int) *blindtoken.PrivateKey {
	return TokenKey(fmt.Sprintf("%d/%d/%d", class, panel, member))
}

// RegisterTx makes the transaction that registers a member's token key.
func (t *Town) RegisterTx(class, panel uint32, member int) ledgertest.Tx {
	issuer := t.Def.Panels[panel].Issuers[member]
	operator := t.Def.Issuers[issuer].OperatorKey
	context := issuance.KeyContext(ChainID, t.ID, class, panel, [32]byte(operator))
	m, err := issuance.NewRegisterIssuerKey(t.MemberKey(class, panel, member), context, issuer)
	t.must(err)
	return ledgertest.Message(uint32(txv1.Kind_KIND_REGISTER_ISSUER_KEY), operator, m)
}

// RegisterPanel registers all keys of a panel for all classes.
func (t *Town) RegisterPanel(panel uint32) {
	for class := range uint32(len(t.Def.Classes)) {
		for member := range t.Def.Panels[panel].Issuers {
			t.must(t.Deliver(t.RegisterTx(class, panel, member)))
		}
	}
}

// Record makes the record of a token without endorsements; what is blinded is
// "<member>" of the entry, the claim key that of the holder "claim".
func (t *Town) Record(style, panel uint32, entry []byte) *issuancev1.IssueToken {
	m := &issuancev1.IssueToken{
		ElectionId: t.ID[:], Style: style, Panel: panel, Entry: entry, ClaimKeyHash: Hash(Public("claim")),
	}
	for member := range t.Def.Panels[panel].Issuers {
		m.BlindedHashes = append(m.BlindedHashes, Hash(t.Blinded(entry, member)))
	}
	return m
}

// Blinded is a number that stands for a member's blinded message of an entry.
func (t *Town) Blinded(entry []byte, member int) []byte {
	b := make([]byte, blindtoken.DefaultBits/8)
	copy(b[1:], Hash(append([]byte{byte(member)}, entry...)))
	return b
}

// IssueTx makes the transaction that issues a token, endorsed by all members.
func (t *Town) IssueTx(style, panel uint32, entry []byte) ledgertest.Tx {
	m := t.Record(style, panel, entry)
	t.Endorse(m)
	return IssueMessage(m)
}

// Endorse has all members of the record's panel endorse it.
func (t *Town) Endorse(m *issuancev1.IssueToken) {
	m.Endorsements = nil
	for _, issuer := range t.Def.Panels[m.Panel].Issuers {
		m.Endorsements = append(m.Endorsements, issuance.Endorse(ChainID, m, Key(t.Def.Issuers[issuer].Name)))
	}
}

// IssueMessage makes the transaction of a record.
func IssueMessage(m *issuancev1.IssueToken) ledgertest.Tx {
	return ledgertest.Message(uint32(txv1.Kind_KIND_ISSUE_TOKEN), nil, m)
}

// OpenIssuing brings a new town to the phase issuing: election, key, roll of so
// many entries in each style, keys of panel 0.
func OpenIssuing(perStyle int, more ...func(*Town)) *Town {
	t := NewTown()
	t.Create(Definition())
	t.Enrol(perStyle)
	t.RegisterPanel(0)
	for _, f := range more {
		f(t)
	}
	t.Until(CeremonyOpens)
	t.EndCeremony(0)
	t.Until(IssuingOpens)
	return t
}
