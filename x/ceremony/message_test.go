package ceremony_test

import (
	"bytes"
	"testing"

	"github.com/urna-vote/urna/crypto/sealbox"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/ceremony"
	"github.com/urna-vote/urna/x/ledger"
)

var (
	where = &ceremonyv1.Where{ElectionId: make([]byte, 32), Attempt: 1}
	box   = make([]byte, sealbox.Overhead+32)
	hash  = make([]byte, 32)
)

func sealingKey(t testing.TB, seed byte) []byte {
	t.Helper()
	key, err := sealbox.DeriveKey(bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return key.Public().Encode()
}

// messages is a well-formed message of every kind.
func messages(t testing.TB) map[txv1.Kind]ceremony.Message {
	key := sealingKey(t, 1)
	return map[txv1.Kind]ceremony.Message{
		txv1.Kind_KIND_REGISTER_TRUSTEE: &ceremonyv1.RegisterTrustee{Where: where, HpkeKey: key},
		txv1.Kind_KIND_TEST_KEYS:        &ceremonyv1.TestKeys{Where: where, Tests: []*ceremonyv1.KeyTest{{Receiver: 1, Sealed: box, NonceHash: hash}, {Receiver: 3, Sealed: box, NonceHash: hash}}},
		txv1.Kind_KIND_OPEN_TEST:        &ceremonyv1.OpenTest{Where: where, Sender: 2, Nonce: hash},
		txv1.Kind_KIND_COMMIT_DEAL:      &ceremonyv1.CommitDeal{Where: where, DealHash: hash, TrusteeListHash: hash},
		txv1.Kind_KIND_DEAL:             &ceremonyv1.Deal{Where: where, Sealed: [][]byte{box}, TrusteeListHash: hash},
		txv1.Kind_KIND_CHECK_DEALS:      &ceremonyv1.CheckDeals{Where: where, Complaints: []*ceremonyv1.Complaint{{Dealer: 1, FreshKey: key}, {Dealer: 2, FreshKey: key}}},
		txv1.Kind_KIND_RESEAL:           &ceremonyv1.Reseal{Where: where, Answers: []*ceremonyv1.Resealed{{Receiver: 1, Sealed: box}, {Receiver: 2, Sealed: box}}},
		txv1.Kind_KIND_CHECK_RESEALED:   &ceremonyv1.CheckResealed{Where: where, Dealers: []uint32{1, 2}},
		txv1.Kind_KIND_PUBLISH_SHARES:   &ceremonyv1.PublishShares{Where: where, Answers: []*ceremonyv1.Published{{Receiver: 1, Shares: hash}, {Receiver: 2, Shares: hash}}},
		txv1.Kind_KIND_CONFIRM_KEY:      &ceremonyv1.ConfirmKey{Where: where, TranscriptHash: hash},
		txv1.Kind_KIND_DRILL:            &ceremonyv1.DrillShare{Where: where, Points: hash, Proof: make([]byte, 96)},
	}
}

func validate(t testing.TB, kind txv1.Kind, m ceremony.Message) error {
	t.Helper()
	k, ok := ceremony.FindKind(uint32(kind))
	if !ok {
		t.Fatalf("no kind %s", kind)
	}
	step, err := k.Decode(ledger.MustEncode(m))
	if err != nil {
		t.Fatal(err)
	}
	return ceremony.Validate(ledger.Context{}, &ledger.Tx{Message: step})
}

func TestWellFormedMessagesOfEachKindPass(t *testing.T) {
	all := messages(t)
	if len(all) != len(ceremony.Kinds) {
		t.Fatalf("%d messages for %d kinds", len(all), len(ceremony.Kinds))
	}
	for kind, m := range all {
		if err := validate(t, kind, m); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestMalformedMessagesAreRefused(t *testing.T) {
	key := sealingKey(t, 1)
	for name, tc := range map[string]struct {
		kind txv1.Kind
		m    ceremony.Message
		want ledger.Code
	}{
		"no place":              {txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{DealHash: hash}, ceremony.CodeMalformed},
		"short election":        {txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{Where: &ceremonyv1.Where{ElectionId: hash[1:], Attempt: 1}, DealHash: hash}, ceremony.CodeMalformed},
		"no attempt":            {txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{Where: &ceremonyv1.Where{ElectionId: hash}, DealHash: hash}, ceremony.CodeMalformed},
		"no hpke key":           {txv1.Kind_KIND_REGISTER_TRUSTEE, &ceremonyv1.RegisterTrustee{Where: where}, ceremony.CodeSealing},
		"hpke key of zeros":     {txv1.Kind_KIND_REGISTER_TRUSTEE, &ceremonyv1.RegisterTrustee{Where: where, HpkeKey: make([]byte, len(key))}, ceremony.CodeSealing},
		"no tests":              {txv1.Kind_KIND_TEST_KEYS, &ceremonyv1.TestKeys{Where: where}, ceremony.CodeMalformed},
		"receivers descend":     {txv1.Kind_KIND_TEST_KEYS, &ceremonyv1.TestKeys{Where: where, Tests: []*ceremonyv1.KeyTest{{Receiver: 2, Sealed: box, NonceHash: hash}, {Receiver: 2, Sealed: box, NonceHash: hash}}}, ceremony.CodeIndex},
		"receiver zero":         {txv1.Kind_KIND_TEST_KEYS, &ceremonyv1.TestKeys{Where: where, Tests: []*ceremonyv1.KeyTest{{Sealed: box, NonceHash: hash}}}, ceremony.CodeIndex},
		"short box":             {txv1.Kind_KIND_TEST_KEYS, &ceremonyv1.TestKeys{Where: where, Tests: []*ceremonyv1.KeyTest{{Receiver: 1, Sealed: box[1:], NonceHash: hash}}}, ceremony.CodeMalformed},
		"short nonce hash":      {txv1.Kind_KIND_TEST_KEYS, &ceremonyv1.TestKeys{Where: where, Tests: []*ceremonyv1.KeyTest{{Receiver: 1, Sealed: box, NonceHash: hash[1:]}}}, ceremony.CodeMalformed},
		"short nonce":           {txv1.Kind_KIND_OPEN_TEST, &ceremonyv1.OpenTest{Where: where, Sender: 1, Nonce: hash[1:]}, ceremony.CodeMalformed},
		"sender above 20":       {txv1.Kind_KIND_OPEN_TEST, &ceremonyv1.OpenTest{Where: where, Sender: 21, Nonce: hash}, ceremony.CodeIndex},
		"short deal hash":       {txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{Where: where, DealHash: hash[1:]}, ceremony.CodeMalformed},
		"commitment to no list": {txv1.Kind_KIND_COMMIT_DEAL, &ceremonyv1.CommitDeal{Where: where, DealHash: hash}, ceremony.CodeMalformed},
		"deal for no list":      {txv1.Kind_KIND_DEAL, &ceremonyv1.Deal{Where: where, Sealed: [][]byte{box}}, ceremony.CodeMalformed},
		"deal without boxes":    {txv1.Kind_KIND_DEAL, &ceremonyv1.Deal{Where: where}, ceremony.CodeMalformed},
		"complaints descend":    {txv1.Kind_KIND_CHECK_DEALS, &ceremonyv1.CheckDeals{Where: where, Complaints: []*ceremonyv1.Complaint{{Dealer: 2, FreshKey: key}, {Dealer: 1, FreshKey: key}}}, ceremony.CodeIndex},
		"complaint without key": {txv1.Kind_KIND_CHECK_DEALS, &ceremonyv1.CheckDeals{Where: where, Complaints: []*ceremonyv1.Complaint{{Dealer: 2}}}, ceremony.CodeSealing},
		"no answers":            {txv1.Kind_KIND_RESEAL, &ceremonyv1.Reseal{Where: where}, ceremony.CodeMalformed},
		"answer without shares": {txv1.Kind_KIND_RESEAL, &ceremonyv1.Reseal{Where: where, Answers: []*ceremonyv1.Resealed{{Receiver: 1, Sealed: box[:sealbox.Overhead]}}}, ceremony.CodeMalformed},
		"dealers descend":       {txv1.Kind_KIND_CHECK_RESEALED, &ceremonyv1.CheckResealed{Where: where, Dealers: []uint32{2, 1}}, ceremony.CodeIndex},
		"torn shares":           {txv1.Kind_KIND_PUBLISH_SHARES, &ceremonyv1.PublishShares{Where: where, Answers: []*ceremonyv1.Published{{Receiver: 1, Shares: hash[1:]}}}, ceremony.CodeMalformed},
		"short transcript":      {txv1.Kind_KIND_CONFIRM_KEY, &ceremonyv1.ConfirmKey{Where: where, TranscriptHash: hash[1:]}, ceremony.CodeMalformed},
		"drill without points":  {txv1.Kind_KIND_DRILL, &ceremonyv1.DrillShare{Where: where, Proof: make([]byte, 96)}, ceremony.CodePoint},
		"drill without proof":   {txv1.Kind_KIND_DRILL, &ceremonyv1.DrillShare{Where: where, Points: hash}, ceremony.CodePoint},
		"drill of high bytes":   {txv1.Kind_KIND_DRILL, &ceremonyv1.DrillShare{Where: where, Points: bytes.Repeat([]byte{0xff}, 32), Proof: make([]byte, 96)}, ceremony.CodePoint},
	} {
		t.Run(name, func(t *testing.T) {
			refusal, ok := validate(t, tc.kind, tc.m).(*ledger.Refusal)
			if !ok || refusal.Code != tc.want {
				t.Fatalf("answer is %v, want %s", refusal, tc.want.Name)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for kind, m := range messages(f) {
		f.Add(uint32(kind), ledger.MustEncode(m))
	}
	f.Add(uint32(txv1.Kind_KIND_EVIDENCE), ledger.MustEncode(&ceremonyv1.Evidence{Where: where, Tx: []byte{8, 1}}))
	f.Fuzz(func(t *testing.T, kind uint32, body []byte) {
		if kind == uint32(txv1.Kind_KIND_EVIDENCE) {
			if m, err := ceremony.DecodeEvidence(body); err == nil {
				if _, err := m.(*ceremony.Accusation).Open("x"); err == nil {
					t.Fatal("evidence of another chain is accepted")
				}
			}
			return
		}
		k, ok := ceremony.FindKind(kind)
		if !ok {
			return
		}
		m, err := k.Decode(body)
		if err != nil {
			return
		}
		if !bytes.Equal(ledger.MustEncode(m.(*ceremony.Step).Message), body) {
			t.Fatal("a second spelling is accepted")
		}
	})
}
