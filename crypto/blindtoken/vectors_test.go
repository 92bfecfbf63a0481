package blindtoken_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
)

// The vectors were computed by an implementation in another language from the
// text of doc.go.
type tokenVector struct {
	Key         int    `json:"key"`
	Chain       string `json:"chain"`
	Election    string `json:"election"`
	Class       uint32 `json:"class"`
	Panel       uint32 `json:"panel"`
	Secret      string `json:"secret"`
	Issuer      string `json:"issuer"`
	BallotKey   string `json:"ballot_key"`
	Message     string `json:"message"`
	Blinded     string `json:"blinded"`
	BlindedHash string `json:"blinded_hash"`
	Answer      string `json:"answer"`
	Signature   string `json:"signature"`
	KeyProof    string `json:"key_proof"`
}

type vectorFile struct {
	Tokens   []tokenVector `json:"tokens"`
	MustFail []struct {
		Name   string          `json:"name"`
		Class  string          `json:"class"`
		Change json.RawMessage `json:"change"`
	} `json:"must_fail_tokens_from_second"`
	MustFailKeys []struct {
		Name    string `json:"name"`
		Class   string `json:"class"`
		Modulus string `json:"modulus"`
	} `json:"must_fail_keys"`
}

var classes = map[string]error{
	"signature": blindtoken.ErrSignature,
	"encoding":  blindtoken.ErrEncoding,
	"key":       blindtoken.ErrKey,
}

func (v tokenVector) scope(t *testing.T) blindtoken.Scope {
	return blindtoken.Scope{ChainID: v.Chain, Election: [32]byte(unhex(t, v.Election)), Class: v.Class, Panel: v.Panel}
}

func TestTokensAreThoseOfTheSpecification(t *testing.T) {
	var file vectorFile
	readJSON(t, "testdata/vectors.json", &file)
	if len(file.Tokens) == 0 {
		t.Fatal("no vectors")
	}
	for i, v := range file.Tokens {
		key := keys(t)[v.Key]
		s, err := blindtoken.SecretFromBytes(unhex(t, v.Secret))
		if err != nil {
			t.Fatal(err)
		}
		same := func(what string, got []byte, want string) {
			t.Helper()
			if hex.EncodeToString(got) != want {
				t.Errorf("token %d: %s is %x, want %s", i, what, got, want)
			}
		}
		ballotKey := s.BallotKey(v.scope(t)).Public()
		same("ballot key", ballotKey[:], v.BallotKey)
		same("message", v.scope(t).Message(ballotKey), v.Message)
		r, err := blindtoken.Blind(s, v.scope(t), key.Public())
		if err != nil {
			t.Fatal(err)
		}
		same("blinded message", r.Blinded(), v.Blinded)
		h := r.Hash()
		same("hash", h[:], v.BlindedHash)
		answer, err := key.Sign(r.Blinded())
		if err != nil {
			t.Fatal(err)
		}
		same("answer", answer, v.Answer)
		signature, err := r.Finalize(answer)
		if err != nil {
			t.Fatal(err)
		}
		same("signature", signature, v.Signature)
		context := blindtoken.KeyContext{Scope: v.scope(t), Issuer: [32]byte(unhex(t, v.Issuer))}
		proof, err := blindtoken.ProveKey(key, context)
		if err != nil {
			t.Fatal(err)
		}
		same("key proof", proof, v.KeyProof)
		if err := blindtoken.VerifyKey(key.Public(), context, proof); err != nil {
			t.Error(err)
		}
	}
}

func TestWrongTokensAreRefused(t *testing.T) {
	var file vectorFile
	readJSON(t, "testdata/vectors.json", &file)
	if len(file.MustFail) == 0 || len(file.MustFailKeys) == 0 {
		t.Fatal("no vectors")
	}
	for _, c := range file.MustFail {
		v := file.Tokens[1]
		if err := json.Unmarshal(c.Change, &v); err != nil {
			t.Fatal(err)
		}
		panel := []*blindtoken.PublicKey{keys(t)[v.Key].Public()}
		err := blindtoken.VerifyToken(panel, v.scope(t), [32]byte(unhex(t, v.BallotKey)), [][]byte{unhex(t, v.Signature)})
		if want := classes[c.Class]; want == nil || !errors.Is(err, want) {
			t.Errorf("%s: %v, want %s", c.Name, err, c.Class)
		}
	}
	for _, c := range file.MustFailKeys {
		_, err := blindtoken.DecodePublicKey(unhex(t, c.Modulus))
		if want := classes[c.Class]; want == nil || !errors.Is(err, want) {
			t.Errorf("%s: %v, want %s", c.Name, err, c.Class)
		}
	}
}

func TestVectorOfRFC9474(t *testing.T) {
	var v struct {
		P, Q, N, Salt, Inv, Sig      string
		Msg                          string
		BlindedMsg, BlindSig, Source string
	}
	var raw map[string]string
	readJSON(t, "testdata/rfc9474.json", &raw)
	get := func(name string) string { return strings.TrimPrefix(raw[name], "0x") }
	v.P, v.Q, v.N, v.Salt, v.Inv, v.Sig = get("p"), get("q"), get("n"), get("salt"), get("inv"), get("sig")
	v.Msg, v.BlindedMsg, v.BlindSig = get("msg"), get("blinded_msg"), get("blind_sig")

	key, err := blindtoken.VectorPrivateKey(fromPrimes(t, integer(t, v.P), integer(t, v.Q)))
	if err != nil {
		t.Fatal(err)
	}
	n := integer(t, v.N)
	public, err := blindtoken.VectorKey(n)
	if err != nil {
		t.Fatal(err)
	}
	r := new(big.Int).ModInverse(integer(t, v.Inv), n)
	stream := io.MultiReader(bytes.NewReader(unhex(t, v.Salt)), bytes.NewReader(r.FillBytes(make([]byte, public.Size()))))
	request, err := blindtoken.VectorBlind(stream, unhex(t, v.Msg), public)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(request.Blinded()); got != v.BlindedMsg {
		t.Errorf("blinded message %s, want %s", got, v.BlindedMsg)
	}
	answer, err := key.Sign(request.Blinded())
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(answer); got != v.BlindSig {
		t.Errorf("blind signature %s, want %s", got, v.BlindSig)
	}
	signature, err := request.Finalize(answer)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(signature); got != v.Sig {
		t.Errorf("signature %s, want %s", got, v.Sig)
	}
}
