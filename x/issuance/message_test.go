package issuance_test

import (
	"encoding/hex"
	"testing"

	issuancev1 "github.com/urna-vote/urna/proto/urna/issuance/v1"
	"github.com/urna-vote/urna/x/issuance"
	"github.com/urna-vote/urna/x/ledger"
)

func vectorRecord() *issuancev1.IssueToken {
	fill := func(b byte) []byte {
		out := make([]byte, 32)
		for i := range out {
			out[i] = b
		}
		return out
	}
	return &issuancev1.IssueToken{
		ElectionId: fill(1), Style: 2, Panel: 3, Entry: fill(4),
		BlindedHashes: [][]byte{fill(5), fill(6)}, ClaimKeyHash: fill(7),
	}
}

// The vector was computed by another program from the description of EndorseBytes.
func TestEndorseBytesIsTheTranscriptOfTheRecord(t *testing.T) {
	got := hex.EncodeToString(issuance.EndorseBytes("urna-0123456789abcdef", vectorRecord()))
	if got != endorseVector {
		t.Fatalf("got %s", got)
	}
}

func TestDecodersRefuseSecondSpellings(t *testing.T) {
	b := ledger.MustEncode(vectorRecord())
	if _, err := issuance.DecodeIssueToken(b); err != nil {
		t.Fatal(err)
	}
	for name, tail := range map[string][]byte{
		"unknown field":    {0x7a, 0x00},
		"scalar twice":     {0x10, 0x02},
		"cut off":          {0x0a, 0x20, 0x01},
		"non-minimal tag":  {0x90, 0x00, 0x02},
		"explicit default": {0x18, 0x00},
	} {
		if _, err := issuance.DecodeIssueToken(append(b[:len(b):len(b)], tail...)); err == nil {
			t.Errorf("%s accepted", name)
		}
	}
	if _, err := issuance.DecodeClaimSignature(make([]byte, issuance.MaxClaimBytes+1)); err == nil {
		t.Error("over-long claim accepted")
	}
}

func FuzzDecodeIssueToken(f *testing.F) {
	f.Add(ledger.MustEncode(vectorRecord()))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := issuance.DecodeIssueToken(b)
		if err != nil || issuance.ValidateRecord(m) != nil {
			return
		}
		if len(issuance.EndorseBytes("chain", m)) != 64 {
			t.Fatal("no transcript of a valid record")
		}
	})
}

const endorseVector = "d9f0b521caa638e8091a11e009d71cd871ba9bef20f318277a35dd5876b78b01" +
	"f6e56dc0a7b74747c4d0e09083e2944c80a1cab0d13e1625231467b05d8fc604"
