package transcript_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/urna-vote/urna/crypto/group"
	"github.com/urna-vote/urna/crypto/transcript"
)

var testLabel = transcript.Register("test/transcript")

func field(b []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(len(b))), b...)
}

func TestARestartedTranscriptIsANewOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		used := transcript.New(testLabel, "elsewhere", [32]byte{1})
		for range rapid.IntRange(0, 3).Draw(t, "fields before") {
			used.Append(rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "before"))
		}
		fresh := transcript.New(testLabel, "here", [32]byte{2})
		used.Restart(testLabel, "here", [32]byte{2})
		for range rapid.IntRange(0, 3).Draw(t, "fields") {
			f := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "field")
			used.Append(f)
			fresh.Append(f)
		}
		if used.Sum() != fresh.Sum() {
			t.Fatal("what was appended before shows")
		}
	})
}

func TestFormatIsTheDocumentedOne(t *testing.T) {
	election := [32]byte{9, 8, 7}
	tr := transcript.New(testLabel, "urna-test-0011223344556677", election)
	tr.Append([]byte("abc"))
	tr.AppendUint64(258)
	tr.AppendPoint(group.Basepoint())
	tr.AppendPoints([]group.Point{group.Basepoint(), group.Identity()})
	tr.AppendScalar(group.ScalarFromUint64(5))
	base := group.Basepoint().Encode()
	five := append([]byte{5}, make([]byte, 31)...)
	var in []byte
	for _, f := range [][]byte{
		[]byte("urna/v1/test/transcript"), []byte("urna-test-0011223344556677"), election[:],
		[]byte("abc"), {0, 0, 0, 0, 0, 0, 1, 2}, base[:],
		{0, 0, 0, 0, 0, 0, 0, 2}, base[:], make([]byte, 32), five,
	} {
		in = append(in, field(f)...)
	}
	want := sha512.Sum512(in)
	if tr.Sum() != want {
		t.Errorf("sum %x, want %x", tr.Sum(), want)
	}
	if h := tr.Hash32(); !bytes.Equal(h[:], want[:32]) {
		t.Errorf("hash32 %x", h)
	}
	if !tr.Challenge().Equal(group.ScalarFromUniform64(want)) {
		t.Error("challenge is not the sum modulo the order")
	}
	const fixed = "vector"
	got := transcript.HashForChain(testLabel, "c", []byte(fixed))
	sum := sha512.Sum512(slices.Concat(field([]byte("urna/v1/test/transcript")), field([]byte("c")), field(make([]byte, 32)), field([]byte(fixed))))
	if !bytes.Equal(got[:], sum[:32]) {
		t.Errorf("hash for chain %x, want %x", got, sum[:32])
	}
}

// A number computed outside this program, so that a change of format cannot
// pass by changing both sides.
func TestFormatMatchesPinnedHash(t *testing.T) {
	got := transcript.Hash(testLabel, "chain", [32]byte{1}, []byte("field"))
	const want = "17a59fb808bb6f46c7f0c005fa9917a82f6cf97859e5cf0409dec6f5b35cca00"
	if hex.EncodeToString(got[:]) != want {
		t.Errorf("hash %x, want %s", got, want)
	}
}

func TestMovingABoundaryChangesTheHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 5).Draw(t, "fields")
		other := rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 5).Draw(t, "other")
		same := slices.EqualFunc(fields, other, bytes.Equal)
		a := transcript.Hash(testLabel, "c", [32]byte{}, fields...)
		b := transcript.Hash(testLabel, "c", [32]byte{}, other...)
		if (a == b) != same {
			t.Fatalf("hash equal: %v, fields equal: %v", a == b, same)
		}
		if bytes.Equal(transcript.JoinFields(fields...), transcript.JoinFields(other...)) != same {
			t.Fatal("joined fields are ambiguous")
		}
	})
	ab := transcript.Hash(testLabel, "c", [32]byte{}, []byte("ab"), []byte("c"))
	if ab == transcript.Hash(testLabel, "c", [32]byte{}, []byte("a"), []byte("bc")) {
		t.Error("moving a boundary between fields kept the hash")
	}
}

func TestEachOfLabelChainAndElectionChangesTheHash(t *testing.T) {
	other := transcript.Register("test/transcript-other")
	seen := map[[32]byte]string{}
	for name, h := range map[string][32]byte{
		"reference": transcript.Hash(testLabel, "c", [32]byte{1}, []byte("x")),
		"label":     transcript.Hash(other, "c", [32]byte{1}, []byte("x")),
		"chain":     transcript.Hash(testLabel, "d", [32]byte{1}, []byte("x")),
		"election":  transcript.Hash(testLabel, "c", [32]byte{2}, []byte("x")),
	} {
		if before, dup := seen[h]; dup {
			t.Errorf("%s and %s hash alike", before, name)
		}
		seen[h] = name
	}
}

func TestRegisterRefusesDuplicatesAndStrangeCharacters(t *testing.T) {
	for _, purpose := range []string{"test/transcript", "", "Upper", "a b", "я", "a_b"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("purpose %q was registered", purpose)
				}
			}()
			transcript.Register(purpose)
		}()
	}
	if testLabel.String() != "urna/v1/test/transcript" {
		t.Errorf("label is %q", testLabel)
	}
}
