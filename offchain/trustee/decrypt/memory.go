package decrypt

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/urna-vote/urna/proto/api"
)

// The memory of a zone is the file decrypted-<election>-<zone>.json on the
// medium: one JSON object {"type","chain_id","election","zone","units"}, a unit
// being {"contest","groups","ballots","sum"} with sum = SHA-256(R ‖ C).
const memoryType = "urna/decrypted"

type memory struct {
	Type     string       `json:"type"`
	ChainID  string       `json:"chain_id"`
	Election api.Hex      `json:"election"`
	Zone     uint32       `json:"zone"`
	Units    []memoryUnit `json:"units"`
}

type memoryUnit struct {
	Contest uint32   `json:"contest"`
	Groups  []uint32 `json:"groups"`
	Ballots uint64   `json:"ballots"`
	Sum     api.Hex  `json:"sum"`
}

func memoryOf(p *Plan) []byte {
	m := memory{Type: memoryType, ChainID: p.ChainID, Election: p.Election[:], Zone: p.Zone}
	for _, u := range p.Units.Units {
		sum := sha256.Sum256(append(bytes.Clone(u.R), u.C...))
		m.Units = append(m.Units, memoryUnit{Contest: u.Contest, Groups: u.Groups, Ballots: u.Ballots, Sum: sum[:]})
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		panic("decrypt: encode own memory: " + err.Error()) // numbers and hex
	}
	return append(text, '\n')
}

func (p *Plan) memoryName() string {
	return fmt.Sprintf("decrypted-%x-%d.json", p.Election[:4], p.Zone)
}

// compareMemory refuses anything but what was decrypted before, if anything was.
func (p *Plan) compareMemory() error {
	kept, err := p.Home.Kept(p.memoryName())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return p.same(kept)
}

// remember writes what is about to be decrypted. From then on nothing else is.
func (p *Plan) remember() error {
	kept, err := p.Home.KeepFirst(p.memoryName(), p.memory)
	if err != nil {
		return fmt.Errorf("remember what is decrypted: %w", err)
	}
	return p.same(kept)
}

func (p *Plan) same(kept []byte) error {
	if bytes.Equal(kept, p.memory) {
		return nil
	}
	return fmt.Errorf("%w: %s on the medium is of other sums, of another election, or damaged", ErrOther, p.memoryName())
}
