package genesis_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/urna-vote/urna/app/genesis"
)

const good = `{"rehearsal":true,"rules":1,"commission":{"quorum":2,"members":[` +
	`{"name":"A","role":"chair","key":"0101010101010101010101010101010101010101010101010101010101010101"},` +
	`{"name":"B","role":"member","key":"0202020202020202020202020202020202020202020202020202020202020202"}]}}`

func TestStateReadsWhatItWrites(t *testing.T) {
	s, err := genesis.Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Rehearsal || s.Rules != 1 || s.Commission.Quorum != 2 || len(s.Commission.Members) != 2 || s.Commission.Members[1].Key[0] != 2 {
		t.Fatalf("%+v", s)
	}
	b, err := s.Marshal()
	if err != nil || !bytes.Equal(b, []byte(good)) {
		t.Fatalf("%s, %v", b, err)
	}
}

func TestStateWithAnythingElseIsRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"unknown member":       {`"rules":1`, `"rules":1,"debug":true`},
		"unknown inner member": {`"quorum":2`, `"quorum":2,"seats":3`},
		"other spelling":       {`"rehearsal"`, `"Rehearsal"`},
		"member twice":         {`"rules":1`, `"rules":1,"rules":1`},
		"member missing":       {`"rules":1,`, ``},
		"inner missing":        {`"role":"chair",`, ``},
		"null":                 {`"rules":1`, `"rules":null`},
		"negative":             {`"quorum":2`, `"quorum":-2`},
		"fraction":             {`"quorum":2`, `"quorum":2.5`},
		"too large":            {`"quorum":2`, `"quorum":4294967296`},
		"key short":            {`0101"`, `01"`},
		"key in capitals":      {`0202"`, `02AB"`},
		"object for text":      {`"name":"A"`, `"name":{"x":1}`},
		"trailing":             {`]}}`, `]}} {}`},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s: nothing changed", name)
		}
		if s, err := genesis.Parse([]byte(bad)); err == nil {
			t.Errorf("%s: read as %+v", name, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := genesis.Parse(b)
		if err != nil {
			return
		}
		again, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := genesis.Parse(again); err != nil {
			t.Fatalf("what was read does not read again: %v", err)
		}
	})
}
