package keyrecord_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/offchain/gateway/keyrecord"
)

var operator = sign.NewPrivateKey([32]byte{7})

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func record(t *testing.T) *keyrecord.Record {
	t.Helper()
	r := &keyrecord.Record{
		Act: keyrecord.Made, ChainID: "test-1", Election: bytes.Repeat([]byte{1}, 32), Issuer: "issuer-1",
		Time: "2026-07-01T10:00:00Z", Account: "urna", Present: []string{"А. Иванова, секретарь", "B. Petrov"},
		Kept: "file", Where: "/var/urna/keys/01.age", FileSHA256: bytes.Repeat([]byte{2}, 32),
	}
	for i, name := range []string{"a", "b"} {
		r.Keys = append(r.Keys, keyrecord.Key{Class: uint32(i), Modulus: sample.TokenKey(name).Public().Encode()})
	}
	must(t, r.Sign(operator))
	return r
}

func destruction(t *testing.T, made *keyrecord.Record) *keyrecord.Record {
	t.Helper()
	sum, err := made.SHA256()
	must(t, err)
	r := *made
	r.Act, r.Before, r.Phases = keyrecord.Destroyed, sum[:], []string{"0 final"}
	must(t, r.Sign(operator))
	return &r
}

func TestRecordIsReadBackAsItWasSigned(t *testing.T) {
	dir := t.TempDir()
	made := record(t)
	path, err := keyrecord.Write(dir, made)
	must(t, err)
	again, err := keyrecord.Read(dir, [32]byte(made.Election), keyrecord.Made)
	must(t, err)
	a, err := made.SHA256()
	must(t, err)
	b, err := again.SHA256()
	if err != nil || a != b {
		t.Fatal("it changed", err)
	}
	must(t, destruction(t, made).Ends(again))
	if _, err := keyrecord.Write(dir, made); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("overwritten: %v", err)
	}
	if _, err := keyrecord.Read(dir, [32]byte(made.Election), keyrecord.Destroyed); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	text, err := os.ReadFile(keyrecord.TextPath(path))
	must(t, err)
	for _, want := range []string{"ПРОТОКОЛ создания", "RECORD of the making", "А. Иванова, секретарь", "класс 1, группа 0", "class 1, panel 0"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the text lacks %q", want)
		}
	}
}

func TestEveryAlterationOfARecordIsRefused(t *testing.T) {
	content, err := record(t).Encode()
	must(t, err)
	for name, change := range map[string][2]string{
		"person":        {"B. Petrov", "B. Sidorov"},
		"person gone":   {",\n  \"B. Petrov\"", ""},
		"time":          {"10:00:00Z", "11:00:00Z"},
		"class":         {`"class": 1`, `"class": 2`},
		"act":           {`"made"`, `"destroyed"`},
		"operator":      {`"operator": "`, `"operator": "00`},
		"unknown field": {`"act"`, `"extra": 1, "act"`},
		"spelling":      {`"act": "made"`, `"act":  "made"`},
	} {
		bad := strings.Replace(string(content), change[0], change[1], 1)
		if bad == string(content) {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := keyrecord.Parse([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := keyrecord.Parse(append(content, '{', '}')); err == nil {
		t.Error("something behind it is accepted")
	}
	other := record(t)
	other.Present = nil
	forged, err := other.Encode()
	must(t, err)
	if _, err := keyrecord.Parse(bytes.Replace(forged, []byte("null"), []byte("[]"), 1)); !errors.Is(err, keyrecord.ErrSignature) {
		t.Errorf("a record that its operator did not sign: %v", err)
	}
}

func TestRecordOfDestructionIsOfTheSameKeys(t *testing.T) {
	made := record(t)
	end := destruction(t, made)
	fewer := *end
	fewer.Keys = end.Keys[:1]
	other := *end
	other.Before = bytes.Repeat([]byte{9}, 32)
	for name, bad := range map[string]*keyrecord.Record{"fewer keys": &fewer, "of another making": &other, "no destruction": made} {
		if bad.Ends(made) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestBadRecordsAreNotSigned(t *testing.T) {
	for name, spoil := range map[string]func(*keyrecord.Record){
		"two lines": func(r *keyrecord.Record) { r.Present = []string{"a\nb"} },
		"no key":    func(r *keyrecord.Record) { r.Keys = nil },
		"order":     func(r *keyrecord.Record) { r.Keys[0], r.Keys[1] = r.Keys[1], r.Keys[0] },
		"modulus":   func(r *keyrecord.Record) { r.Keys[0].Modulus = make([]byte, blindtoken.DefaultBits/8) },
		"local time": func(r *keyrecord.Record) {
			r.Time = "2026-07-01T10:00:00+03:00"
		},
	} {
		r := record(t)
		spoil(r)
		if err := r.Sign(operator); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

func TestATextThatMayBeSignedIsNeverOverwritten(t *testing.T) {
	dir, made := t.TempDir(), record(t)
	path, err := keyrecord.Write(dir, made)
	must(t, err)
	signed, err := os.ReadFile(keyrecord.TextPath(path))
	must(t, err)
	other := record(t)
	other.Present = []string{"C. Smirnov"}
	must(t, other.Sign(operator))
	if _, err := keyrecord.Write(dir, other); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("overwritten: %v", err)
	}
	must(t, os.Remove(path)) // only the paper is left
	if _, there, err := keyrecord.Exists(dir, [32]byte(made.Election), keyrecord.Made); err != nil || !there {
		t.Error("a text alone is taken for nothing", err)
	}
	for range 2 {
		_, err = keyrecord.Write(dir, other)
		if err == nil {
			must(t, keyrecord.WriteText(path, other))
		}
	}
	if now, err := os.ReadFile(keyrecord.TextPath(path)); err != nil || !bytes.Equal(now, signed) {
		t.Error("the text is another", err)
	}
	text, err := other.Text()
	must(t, err)
	second, err := os.ReadFile(strings.TrimSuffix(path, ".json") + ".2.txt")
	if err != nil || string(second) != text {
		t.Error("the other record has no text", err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 3 {
		t.Error(names, err)
	}
}
