// Package version holds the rule versions this program knows, and reads from
// state which of them is active at a height. See docs/spec/state.md, "Rules".
//
// A change of rules is a new row here and a record in state that activates it
// at a height; a program that does not know the active version stops.
//
// The package must never know what a version changes: whoever decides by a
// rule asks for ledger.Context.Rules.
package version

import (
	"encoding/binary"
	"fmt"

	"github.com/urna-vote/urna/x/ledger"
)

// Row describes one version of the rules.
type Row struct {
	Version uint32
	Changes string
}

// Table lists the versions this program knows, ascending.
var Table = []Row{
	{Version: 1, Changes: "the first rules"},
}

var key = ledger.NewPrefix(0x01, "active rules").Key()

// Known reports whether this program knows a version.
func Known(v uint32) bool {
	for _, row := range Table {
		if row.Version == v {
			return true
		}
	}
	return false
}

// Init records, in the genesis, the version from which the chain begins.
func Init(w ledger.Writer, v uint32) error {
	if !Known(v) {
		return fmt.Errorf("begin with rules %d: this program knows %d to %d", v, Table[0].Version, Table[len(Table)-1].Version)
	}
	w.Set(key, encode([]activation{{version: v}}))
	return nil
}

// Active reads which version holds at a height.
func Active(r ledger.Reader, height int64) (uint32, error) {
	var active uint32
	for _, a := range decode(r.Get(key)) {
		if a.from <= height {
			active = a.version
		}
	}
	if !Known(active) {
		return 0, fmt.Errorf("height %d is decided by rules %d, which this program does not know: install a release that does", height, active)
	}
	return active, nil
}

// activation: a version holds from a height on. The record is a list of
// u32 version ‖ i64 height, ascending in height.
type activation struct {
	version uint32
	from    int64
}

const activationSize = 12

func encode(list []activation) []byte {
	var b []byte
	for _, a := range list {
		b = binary.BigEndian.AppendUint32(b, a.version)
		b = binary.BigEndian.AppendUint64(b, uint64(a.from))
	}
	return b
}

func decode(b []byte) []activation {
	if len(b)%activationSize != 0 {
		panic(fmt.Sprintf("version: stored record of rules has %d bytes", len(b)))
	}
	var list []activation
	for ; len(b) > 0; b = b[activationSize:] {
		list = append(list, activation{version: binary.BigEndian.Uint32(b), from: int64(binary.BigEndian.Uint64(b[4:activationSize]))})
	}
	return list
}
