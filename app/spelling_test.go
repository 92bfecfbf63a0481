package app_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/urna-vote/urna/app"
	"github.com/urna-vote/urna/app/txn"
	ballotv1 "github.com/urna-vote/urna/proto/urna/ballot/v1"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	commissionv1 "github.com/urna-vote/urna/proto/urna/commission/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	rollv1 "github.com/urna-vote/urna/proto/urna/roll/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

// messages of all kinds of transactions and of all acts.
var (
	messages = map[txv1.Kind]ledger.Wire{
		txv1.Kind_KIND_PROPOSE: &commissionv1.Propose{}, txv1.Kind_KIND_APPROVE: &commissionv1.Approve{},
		txv1.Kind_KIND_STAGE_ROLL:          &rollv1.StageRoll{},
		txv1.Kind_KIND_REGISTER_ISSUER_KEY: &issuancev1.RegisterIssuerKey{}, txv1.Kind_KIND_ISSUE_TOKEN: &issuancev1.IssueToken{},
		txv1.Kind_KIND_CLAIM_SIGNATURE: &issuancev1.ClaimSignature{}, txv1.Kind_KIND_ANSWER_CLAIM: &issuancev1.AnswerClaim{},
		txv1.Kind_KIND_REGISTER_TRUSTEE: &ceremonyv1.RegisterTrustee{}, txv1.Kind_KIND_TEST_KEYS: &ceremonyv1.TestKeys{},
		txv1.Kind_KIND_OPEN_TEST: &ceremonyv1.OpenTest{}, txv1.Kind_KIND_COMMIT_DEAL: &ceremonyv1.CommitDeal{},
		txv1.Kind_KIND_DEAL: &ceremonyv1.Deal{}, txv1.Kind_KIND_CHECK_DEALS: &ceremonyv1.CheckDeals{},
		txv1.Kind_KIND_RESEAL: &ceremonyv1.Reseal{}, txv1.Kind_KIND_CHECK_RESEALED: &ceremonyv1.CheckResealed{},
		txv1.Kind_KIND_PUBLISH_SHARES: &ceremonyv1.PublishShares{}, txv1.Kind_KIND_CONFIRM_KEY: &ceremonyv1.ConfirmKey{},
		txv1.Kind_KIND_DRILL: &ceremonyv1.DrillShare{}, txv1.Kind_KIND_EVIDENCE: &ceremonyv1.Evidence{},
		txv1.Kind_KIND_CAST_BALLOT:      &ballotv1.CastBallot{},
		txv1.Kind_KIND_DECRYPTION_SHARE: &tallyv1.DecryptionShare{}, txv1.Kind_KIND_RESULT: &tallyv1.Result{},
	}
	acts = map[commissionv1.Action]ledger.Wire{
		commissionv1.Action_ACTION_CREATE_ELECTION: &electionv1.CreateElection{}, commissionv1.Action_ACTION_CANCEL_ELECTION: &electionv1.CancelElection{},
		commissionv1.Action_ACTION_EXTEND_CLOSE: &electionv1.ExtendClose{}, commissionv1.Action_ACTION_RESOLVE_SUSPENSION: &electionv1.ResolveSuspension{},
		commissionv1.Action_ACTION_APPROVE_ROLL: &rollv1.ApproveRoll{}, commissionv1.Action_ACTION_REMOVE_ENTRIES: &rollv1.RemoveEntries{},
		commissionv1.Action_ACTION_OPEN_PANEL: &issuancev1.OpenPanel{}, commissionv1.Action_ACTION_RESTART_CEREMONY: &ceremonyv1.RestartCeremony{},
		commissionv1.Action_ACTION_APPROVE_PROTOCOL: &tallyv1.ApproveProtocol{}, commissionv1.Action_ACTION_CONSENT_SMALL_COUNT: &tallyv1.ConsentSmallCount{},
	}
)

// T3: each of the seven second spellings, of each message, at each nesting.
func TestOnlyCanonicalBytesAreAccepted(t *testing.T) {
	seen := map[string]int{}
	decoded := map[uint32]bool{}
	for _, m := range app.NewKeepers().Rules().Modules {
		for _, h := range m.Handlers {
			message, ok := messages[txv1.Kind(h.Kind)]
			if !ok {
				t.Fatalf("kind %d (%s) has no sample here", h.Kind, h.Name)
			}
			decoded[h.Kind] = true
			refuseSpellings(t, h.Name, message, h.Decode, seen)
		}
		for _, a := range m.Acts {
			message, ok := acts[commissionv1.Action(a.Number)]
			if !ok {
				t.Fatalf("act %d (%s) has no sample here", a.Number, a.Name)
			}
			decoded[1<<16+a.Number] = true
			refuseSpellings(t, a.Name, message, a.Decode, seen)
		}
	}
	for kind, name := range txv1.Kind_name {
		if kind != 0 && !decoded[uint32(kind)] {
			t.Errorf("no module handles %s", name)
		}
	}
	for act, name := range commissionv1.Action_name {
		if act != 0 && !decoded[1<<16+uint32(act)] {
			t.Errorf("no module handles %s", name)
		}
	}
	refuseSpellings(t, "envelope", &txv1.Tx{}, func(b []byte) (any, error) {
		return ledger.DecodeStrict[txv1.Tx](b, envelope.MaxBytes)
	}, seen)
	for _, s := range []string{"long varint", "long tag", "unknown field", "twice", "reordered", "explicit default", "wide integer"} {
		if seen[s] < 20 {
			t.Errorf("spelling %q was tried %d times only", s, seen[s])
		}
	}
}

func refuseSpellings(t *testing.T, name string, message ledger.Wire, decode func([]byte) (any, error), seen map[string]int) {
	t.Helper()
	sample := reflect.New(reflect.TypeOf(message).Elem())
	fillSample(sample.Elem())
	canonical := ledger.MustEncode(sample.Interface().(ledger.Wire))
	tree := parse(t, canonical, sample.Elem().Type())
	if again := tree.encode(nil); !bytes.Equal(again, canonical) {
		t.Fatalf("%s: the test's own encoder gives other bytes", name)
	}
	if _, err := decode(canonical); err != nil {
		t.Fatalf("%s: the canonical sample is refused: %v", name, err)
	}
	for _, s := range tree.spellings(name) {
		seen[s.kind]++
		if b := tree.encode(&s); bytes.Equal(b, canonical) {
			t.Fatalf("%s: %s changes nothing", s.at, s.kind)
		} else if _, err := decode(b); err == nil {
			t.Errorf("%s: accepted with %s", s.at, s.kind)
		}
	}
}

// fillSample gives every field a value that is not its default.
func fillSample(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("protobuf") != "" {
				fillSample(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillSample(v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes(bytes.Repeat([]byte{7}, 32))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fillSample(v.Index(0))
		fillSample(v.Index(1))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("a")
	default:
		panic("no sample for " + v.Type().String())
	}
}

// A message as it stands on the wire.
type wireMessage struct{ fields []*wireField }

type wireField struct {
	number   uint64
	varint   uint64 // if it is one
	bytes    []byte // if it is not
	message  *wireMessage
	isVarint bool
	repeated bool
	bits     int // of an integer
}

func parse(t *testing.T, b []byte, typ reflect.Type) *wireMessage {
	t.Helper()
	goFields := map[uint64]reflect.StructField{}
	for i := range typ.NumField() {
		if tag := typ.Field(i).Tag.Get("protobuf"); tag != "" {
			n, err := strconv.ParseUint(strings.Split(tag, ",")[1], 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			goFields[n] = typ.Field(i)
		}
	}
	m := new(wireMessage)
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		b = b[n:]
		f := &wireField{number: tag >> 3}
		gf := goFields[f.number].Type
		f.repeated = gf.Kind() == reflect.Slice && gf.Elem().Kind() != reflect.Uint8
		value, n := binary.Uvarint(b)
		b = b[n:]
		if f.isVarint = tag&7 == 0; f.isVarint {
			f.varint, f.bits = value, integerBits(gf)
		} else {
			f.bytes, b = b[:value], b[value:]
			if e := elem(gf); e.Kind() == reflect.Struct {
				f.message = parse(t, f.bytes, e)
			}
		}
		m.fields = append(m.fields, f)
	}
	return m
}

// elem is the struct behind pointers and slices, if there is one.
func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

func integerBits(t reflect.Type) int {
	if t.Kind() == reflect.Bool {
		return 1
	}
	return t.Bits()
}

// spelling is one way to write a message that decoders take for the same.
type spelling struct {
	kind    string
	at      string
	field   *wireField
	message *wireMessage
}

func (m *wireMessage) spellings(path string) []spelling {
	out := []spelling{{kind: "unknown field", at: path, message: m}}
	if n := len(m.fields); n > 1 && m.fields[0].number != m.fields[n-1].number {
		out = append(out, spelling{kind: "reordered", at: path, message: m})
	}
	for _, f := range m.fields {
		at := fmt.Sprintf("%s.%d", path, f.number)
		kinds := []string{"long varint", "long tag"}
		if !f.repeated {
			kinds = append(kinds, "twice")
			if f.message == nil {
				kinds = append(kinds, "explicit default")
			}
		}
		if f.isVarint {
			kinds = append(kinds, "wide integer")
		}
		for _, k := range kinds {
			out = append(out, spelling{kind: k, at: at, field: f})
		}
		if f.message != nil {
			out = append(out, f.message.spellings(at)...)
		}
	}
	return out
}

// encode writes the message, with one place spelt otherwise.
func (m *wireMessage) encode(s *spelling) []byte {
	fields := m.fields
	here := s != nil && s.message == m
	if here && s.kind == "reordered" {
		last := len(fields) - 1
		fields = append([]*wireField{fields[last]}, fields[:last]...)
	}
	var b []byte
	for _, f := range fields {
		b = append(b, f.encode(s)...)
		if s != nil && s.field == f && s.kind == "twice" {
			b = append(b, f.encode(s)...)
		}
	}
	if here && s.kind == "unknown field" {
		b = append(b, 0xf8, 0xff, 0x07, 1)
	}
	return b
}

func (f *wireField) encode(s *spelling) []byte {
	kind := ""
	if s != nil && s.field == f {
		kind = s.kind
	}
	wire := uint64(2)
	if f.isVarint {
		wire = 0
	}
	b := binary.AppendUvarint(nil, f.number<<3|wire)
	if kind == "long tag" {
		b = lengthen(b)
	}
	content := f.bytes
	if f.message != nil {
		content = f.message.encode(s)
	}
	if kind == "explicit default" {
		return append(b, 0)
	}
	number := binary.AppendUvarint(nil, uint64(len(content)))
	if f.isVarint {
		number, content = binary.AppendUvarint(nil, f.varint), nil
	}
	switch {
	case kind == "long varint":
		number = lengthen(number)
	case kind == "wide integer" && f.bits == 1:
		number = []byte{2}
	case kind == "wide integer" && f.bits == 32:
		number = binary.AppendUvarint(nil, f.varint+1<<32)
	case kind == "wide integer": // bits above the 64th
		number = []byte{byte(f.varint) | 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e}
	}
	return append(append(b, number...), content...)
}

// lengthen writes a varint with one byte more than it needs.
func lengthen(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-1] |= 0x80
	return append(b, 0)
}

// A transaction that decodes has one spelling: whatever the bytes, opening it
// and encoding what it says gives them again.
func FuzzEnvelope(f *testing.F) {
	raw, err := envelope.EncodeUnsigned(chainID, kindProof, body(id(1, 1)))
	if err != nil {
		f.Fatal(err)
	}
	signed, err := envelope.Encode(chainID, kindNote, body(id(1, 2)), key(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(signed)
	router, err := txn.NewRouter(chainID, trialRules(false).Modules)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := router.Open(b)
		if err != nil {
			return
		}
		again, err := (&txv1.Tx{
			Version: envelope.Version, ChainId: chainID, Kind: o.Tx.Kind, Body: ledger.MustEncode(o.Tx.Message.(ledger.Wire)),
			Signer: o.Tx.Signer, Signature: signatureOf(t, b),
		}).Marshal()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("a second spelling is accepted: %x", b)
		}
	})
}

func signatureOf(t *testing.T, raw []byte) []byte {
	tx, err := envelope.Decode(raw, chainID)
	if err != nil {
		t.Fatal(err)
	}
	return tx.Signature
}

// Checking answers anything without harm, with the real modules.
func FuzzCheck(f *testing.F) {
	n := startNode(f, vfs.NewMem(), app.NewKeepers().Rules())
	for kind, m := range messages {
		sample := reflect.New(reflect.TypeOf(m).Elem())
		fillSample(sample.Elem())
		b := ledger.MustEncode(sample.Interface().(ledger.Wire))
		if raw, err := envelope.EncodeUnsigned(chainID, uint32(kind), b); err == nil {
			f.Add(raw)
		}
		if raw, err := envelope.Encode(chainID, uint32(kind), b, key(1)); err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := checked(n.app, b)
		if err != nil {
			t.Fatal(err)
		}
		if r.Code == abci.CodeTypeOK || r.Log == "" || r.Codespace == "" {
			t.Fatalf("%x: code %d, %q", b, r.Code, r.Log)
		}
		if strings.Contains(r.Log, "the program fails") {
			t.Fatalf("%x: %s", b, r.Log)
		}
	})
}
