package ceremony

import (
	"bytes"
	"fmt"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/sealbox"
	"github.com/urna-vote/urna/crypto/threshold"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/election"
	"github.com/urna-vote/urna/x/ledger"
)

// Limits of bodies.
const (
	MaxDealBytes = election.MaxMessageBytes
	MaxListBytes = 512 << 10
	MaxStepBytes = 192 << 10
)

// Message is any message of a trustee.
type Message interface {
	ledger.Wire
	GetWhere() *ceremonyv1.Where
}

// Step is a decoded message of a trustee and the attempt it belongs to.
type Step struct {
	Where   Where
	Message Message
	refusal error
}

// Kind describes a message of the ceremony: its name, its limit and how to
// read and check it. Check sees nothing but the message and is what evidence
// may be based on.
type Kind struct {
	Number   txv1.Kind
	Name     string
	MaxBytes int
	decode   func(body []byte, limit int) (Message, error)
	check    func(Message) error
}

// Kinds of messages that trustees sign, in the order of their numbers.
var Kinds = []Kind{
	{txv1.Kind_KIND_REGISTER_TRUSTEE, "register-trustee", 4096, decode[ceremonyv1.RegisterTrustee], checked(checkRegisterTrustee)},
	{txv1.Kind_KIND_TEST_KEYS, "test-keys", MaxStepBytes, decode[ceremonyv1.TestKeys], checked(checkTestKeys)},
	{txv1.Kind_KIND_OPEN_TEST, "open-test", 4096, decode[ceremonyv1.OpenTest], checked(checkOpenTest)},
	{txv1.Kind_KIND_COMMIT_DEAL, "commit-deal", 4096, decode[ceremonyv1.CommitDeal], checked(checkCommitDeal)},
	{txv1.Kind_KIND_DEAL, "deal", MaxDealBytes, decode[ceremonyv1.Deal], checked(checkDeal)},
	{txv1.Kind_KIND_CHECK_DEALS, "check-deals", MaxStepBytes, decode[ceremonyv1.CheckDeals], checked(checkCheckDeals)},
	{txv1.Kind_KIND_RESEAL, "reseal", MaxDealBytes, decode[ceremonyv1.Reseal], checked(checkReseal)},
	{txv1.Kind_KIND_CHECK_RESEALED, "check-resealed", 4096, decode[ceremonyv1.CheckResealed], checked(checkCheckResealed)},
	{txv1.Kind_KIND_PUBLISH_SHARES, "publish-shares", MaxDealBytes, decode[ceremonyv1.PublishShares], checked(checkPublishShares)},
	{txv1.Kind_KIND_CONFIRM_KEY, "confirm-key", 4096, decode[ceremonyv1.ConfirmKey], checked(checkConfirmKey)},
	{txv1.Kind_KIND_DRILL, "drill", MaxListBytes, decode[ceremonyv1.DrillShare], checked(checkDrillShare)},
}

// FindKind finds a kind that trustees sign.
func FindKind(number uint32) (Kind, bool) {
	for _, k := range Kinds {
		if uint32(k.Number) == number {
			return k, true
		}
	}
	return Kind{}, false
}

// Decode reads the body of a message of this kind. A message of wrong content
// decodes; Validate says what is wrong with it.
func (k Kind) Decode(body []byte) (any, error) {
	m, err := k.decode(body, k.MaxBytes)
	if err != nil {
		return nil, CodeMalformed.Refuse("body", "%v", err)
	}
	step := &Step{Message: m}
	if step.Where, step.refusal = ReadWhere(m.GetWhere()); step.refusal == nil {
		step.refusal = k.check(m)
	}
	return step, nil
}

// Validate checks what a message alone shows.
func Validate(_ ledger.Context, tx *ledger.Tx) error { return tx.Message.(*Step).refusal }

// Refusal is what Validate says of a step.
func (s *Step) Refusal() error { return s.refusal }

// Deal is the deal in its message.
func Deal(m *ceremonyv1.Deal) *threshold.Deal {
	return &threshold.Deal{Commitments: m.Commitments, Proofs: m.Proofs, Sealed: m.Sealed}
}

func decode[T any, M interface {
	*T
	Message
}](body []byte, limit int) (Message, error) {
	m, err := ledger.DecodeStrict[T, M](body, limit)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func checked[M Message](check func(M) error) func(Message) error {
	return func(m Message) error { return check(m.(M)) }
}

func checkRegisterTrustee(m *ceremonyv1.RegisterTrustee) error {
	return checkSealingKey("hpke_key", m.HpkeKey)
}

func checkTestKeys(m *ceremonyv1.TestKeys) error {
	if len(m.Tests) == 0 || len(m.Tests) >= threshold.MaxTrustees {
		return CodeMalformed.Refuse("tests", "%d tests, there is one for each other trustee", len(m.Tests))
	}
	for i, t := range m.Tests {
		if err := checkIndex(fmt.Sprintf("tests[%d].receiver", i), t.Receiver, i > 0, func() uint32 { return m.Tests[i-1].Receiver }); err != nil {
			return err
		}
		if len(t.Sealed) != sealbox.Overhead+threshold.NonceSize {
			return CodeMalformed.Refuse(fmt.Sprintf("tests[%d].sealed", i), "%d bytes, a sealed nonce has %d", len(t.Sealed), sealbox.Overhead+threshold.NonceSize)
		}
		if len(t.NonceHash) != 32 {
			return CodeMalformed.Refuse(fmt.Sprintf("tests[%d].nonce_hash", i), "%d bytes, a hash has 32", len(t.NonceHash))
		}
	}
	return nil
}

func checkOpenTest(m *ceremonyv1.OpenTest) error {
	if err := checkIndex("sender", m.Sender, false, nil); err != nil {
		return err
	}
	if len(m.Nonce) != threshold.NonceSize {
		return CodeMalformed.Refuse("nonce", "%d bytes, a nonce has %d", len(m.Nonce), threshold.NonceSize)
	}
	return nil
}

func checkCommitDeal(m *ceremonyv1.CommitDeal) error {
	if len(m.DealHash) != 32 {
		return CodeMalformed.Refuse("deal_hash", "%d bytes, a hash has 32", len(m.DealHash))
	}
	return checkList(m)
}

// checkDeal leaves the content to VerifyDeal, which needs the parameters.
func checkDeal(m *ceremonyv1.Deal) error {
	if len(m.Sealed) == 0 || len(m.Sealed) > threshold.MaxTrustees {
		return CodeMalformed.Refuse("sealed", "%d boxes, there is one for each trustee", len(m.Sealed))
	}
	return checkList(m)
}

// listed is a message whose content depends on the list of trustees.
type listed interface{ GetTrusteeListHash() []byte }

func checkList(m listed) error {
	if n := len(m.GetTrusteeListHash()); n != 32 {
		return CodeMalformed.Refuse("trustee_list_hash", "%d bytes, a hash has 32", n)
	}
	return nil
}

// OtherList reports whether a message was made for another list of trustees
// than the one with this hash. By this list it must not be judged: its signer
// may have seen another state of the ledger.
func (s *Step) OtherList(hash []byte) bool {
	m, ok := s.Message.(listed)
	return ok && len(m.GetTrusteeListHash()) == 32 && !bytes.Equal(m.GetTrusteeListHash(), hash)
}

func checkCheckDeals(m *ceremonyv1.CheckDeals) error {
	if len(m.Complaints) >= threshold.MaxTrustees {
		return CodeMalformed.Refuse("complaints", "%d, more than there are other trustees", len(m.Complaints))
	}
	for i, c := range m.Complaints {
		if err := checkIndex(fmt.Sprintf("complaints[%d].dealer", i), c.Dealer, i > 0, func() uint32 { return m.Complaints[i-1].Dealer }); err != nil {
			return err
		}
		if err := checkSealingKey(fmt.Sprintf("complaints[%d].fresh_key", i), c.FreshKey); err != nil {
			return err
		}
	}
	return nil
}

func checkReseal(m *ceremonyv1.Reseal) error {
	if len(m.Answers) == 0 || len(m.Answers) >= threshold.MaxTrustees {
		return CodeMalformed.Refuse("answers", "%d answers, there is one for each complaint", len(m.Answers))
	}
	for i, a := range m.Answers {
		if err := checkIndex(fmt.Sprintf("answers[%d].receiver", i), a.Receiver, i > 0, func() uint32 { return m.Answers[i-1].Receiver }); err != nil {
			return err
		}
		if n := len(a.Sealed) - sealbox.Overhead; n <= 0 || n%group.Size != 0 {
			return CodeMalformed.Refuse(fmt.Sprintf("answers[%d].sealed", i), "%d bytes are no sealed shares", len(a.Sealed))
		}
	}
	return nil
}

func checkCheckResealed(m *ceremonyv1.CheckResealed) error {
	if len(m.Dealers) >= threshold.MaxTrustees {
		return CodeMalformed.Refuse("dealers", "%d, more than there are other trustees", len(m.Dealers))
	}
	for i, d := range m.Dealers {
		if err := checkIndex(fmt.Sprintf("dealers[%d]", i), d, i > 0, func() uint32 { return m.Dealers[i-1] }); err != nil {
			return err
		}
	}
	return nil
}

func checkPublishShares(m *ceremonyv1.PublishShares) error {
	if len(m.Answers) == 0 || len(m.Answers) >= threshold.MaxTrustees {
		return CodeMalformed.Refuse("answers", "%d answers, there is one for each complaint", len(m.Answers))
	}
	for i, a := range m.Answers {
		if err := checkIndex(fmt.Sprintf("answers[%d].receiver", i), a.Receiver, i > 0, func() uint32 { return m.Answers[i-1].Receiver }); err != nil {
			return err
		}
		if len(a.Shares) == 0 || len(a.Shares)%group.Size != 0 {
			return CodeMalformed.Refuse(fmt.Sprintf("answers[%d].shares", i), "%d bytes are no shares", len(a.Shares))
		}
	}
	return nil
}

func checkConfirmKey(m *ceremonyv1.ConfirmKey) error {
	if len(m.TranscriptHash) != 32 {
		return CodeMalformed.Refuse("transcript_hash", "%d bytes, a hash has 32", len(m.TranscriptHash))
	}
	return nil
}

func checkDrillShare(m *ceremonyv1.DrillShare) error {
	if _, err := DecodeDrill(m); err != nil {
		return CodePoint.Refuse("points, proof", "%v", err)
	}
	return nil
}

func checkSealingKey(field string, b []byte) error {
	if _, err := sealbox.DecodePublicKey(b); err != nil {
		return CodeSealing.Refuse(field, "%v", err)
	}
	return nil
}

// checkIndex checks a participant's index and that it is above the one before.
func checkIndex(field string, index uint32, follows bool, before func() uint32) error {
	if index < 1 || index > threshold.MaxTrustees {
		return CodeIndex.Refuse(field, "%d is not in 1..%d", index, threshold.MaxTrustees)
	}
	if follows && index <= before() {
		return CodeIndex.Refuse(field, "%d after %d: indices ascend", index, before())
	}
	return nil
}
