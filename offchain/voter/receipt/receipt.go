package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/proto/api"
)

const version = "urna receipt 1"

// MaxSize limits a receipt file in bytes: a commit of some hundred validators.
const MaxSize = 256 << 10

// Classes of refusal.
var (
	// ErrFormat: the file is no receipt, or written in a second spelling.
	ErrFormat = errors.New("not a receipt file")
	// ErrProof: the receipt does not follow from the genesis.
	ErrProof = errors.New("receipt does not prove its transaction")
	// ErrTransaction: the receipt is for another transaction.
	ErrTransaction = errors.New("receipt is for another transaction")
)

// Encode writes the file.
func Encode(r *api.Receipt) ([]byte, error) {
	for _, f := range []struct {
		name string
		hash api.Hex
	}{{"transaction", r.TxHash}, {"log-root", r.Leaves.LogRoot}, {"state", r.Leaves.StateDigest}, {"elections", r.Leaves.ElectionsRoot}} {
		if len(f.hash) != 32 {
			return nil, fmt.Errorf("write receipt: %s has %d bytes where 32 are expected", f.name, len(f.hash))
		}
	}
	path := "-"
	if len(r.Inclusion) > 0 {
		var joined []byte
		for i, h := range r.Inclusion {
			if len(h) != 32 {
				return nil, fmt.Errorf("write receipt: path[%d] has %d bytes where 32 are expected", i, len(h))
			}
			joined = append(joined, h...)
		}
		path = base64.StdEncoding.EncodeToString(joined)
	}
	if r.ChainID == "" || strings.ContainsAny(r.ChainID, " \r\n\t") {
		return nil, errors.New("write receipt: chain id is empty or has blanks")
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\nchain %s\ntransaction %s\nlog-index %d\npath %s\n", version, r.ChainID, r.TxHash, r.LogIndex, path)
	fmt.Fprintf(&out, "log-size %d\nlog-root %s\nstate %s\nelections %s\nrules %d\ntime %d\nheight %d\n",
		r.Leaves.LogSize, r.Leaves.LogRoot, r.Leaves.StateDigest, r.Leaves.ElectionsRoot, r.Leaves.Rules, r.Leaves.TimeMS, r.Head.Height)
	fmt.Fprintf(&out, "header %s\ncommit %s\n",
		base64.StdEncoding.EncodeToString(r.Head.Header), base64.StdEncoding.EncodeToString(r.Head.Commit))
	return out.Bytes(), nil
}

// Parse reads the file. Refusal: ErrFormat.
func Parse(file []byte) (*api.Receipt, error) {
	if len(file) > MaxSize {
		return nil, fmt.Errorf("read receipt of %d bytes: %w", len(file), ErrFormat)
	}
	p := &parser{lines: strings.Split(string(file), "\n")}
	if p.next() != version {
		return nil, fmt.Errorf("read receipt: first line is not %q: %w", version, ErrFormat)
	}
	r := &api.Receipt{ChainID: p.field("chain")}
	r.TxHash = p.hash("transaction")
	r.LogIndex = p.number("log-index", 64)
	if text := p.field("path"); text != "-" {
		joined := p.bytes("path", text)
		for len(joined) >= 32 {
			r.Inclusion = append(r.Inclusion, joined[:32])
			joined = joined[32:]
		}
		if len(joined) != 0 {
			p.fail("path", "no whole number of hashes")
		}
	}
	r.Leaves.LogSize = p.number("log-size", 64)
	r.Leaves.LogRoot = p.hash("log-root")
	r.Leaves.StateDigest = p.hash("state")
	r.Leaves.ElectionsRoot = p.hash("elections")
	r.Leaves.Rules = uint32(p.number("rules", 32))
	r.Leaves.TimeMS = int64(p.number("time", 63))
	r.Head.Height = int64(p.number("height", 63))
	r.Head.Header = p.bytes("header", p.field("header"))
	r.Head.Commit = p.bytes("commit", p.field("commit"))
	if p.err != nil {
		return nil, fmt.Errorf("read receipt: %w: %w", p.err, ErrFormat)
	}
	again, err := Encode(r)
	if err != nil || !bytes.Equal(again, file) {
		return nil, fmt.Errorf("read receipt: written in a second spelling, or something follows: %w", ErrFormat)
	}
	return r, nil
}

// Verify checks, offline, that the receipt's transaction is in the ballot log
// of the trusted chain, and with raw, unless it is nil, that the receipt is
// for these bytes. It returns the head that signs it. Refusals: ErrProof,
// ErrTransaction.
func Verify(trust *chain.Trust, r *api.Receipt, raw []byte) (*chain.Head, error) {
	head, err := trust.VerifyReceipt(r)
	if err != nil {
		return nil, fmt.Errorf("verify receipt: %w: %w", ErrProof, err)
	}
	if hash := sha256.Sum256(raw); raw != nil && !bytes.Equal(hash[:], r.TxHash) {
		return nil, fmt.Errorf("verify receipt: it names %s, the transaction is %x: %w", r.TxHash, hash, ErrTransaction)
	}
	return head, nil
}

// parser reads "name value" lines in order and keeps the first mistake.
type parser struct {
	lines []string
	err   error
}

func (p *parser) next() string {
	if len(p.lines) == 0 {
		return ""
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	return line
}

func (p *parser) fail(name, reason string) {
	if p.err == nil {
		p.err = fmt.Errorf("%s: %s", name, reason)
	}
}

func (p *parser) field(name string) string {
	value, ok := strings.CutPrefix(p.next(), name+" ")
	if !ok {
		p.fail(name, "line is missing")
	}
	return value
}

func (p *parser) number(name string, bits int) uint64 {
	v, err := strconv.ParseUint(p.field(name), 10, bits)
	if err != nil {
		p.fail(name, "not a number in its range")
	}
	return v
}

func (p *parser) hash(name string) api.Hex {
	b, err := hex.DecodeString(p.field(name))
	if err != nil || len(b) != 32 {
		p.fail(name, "not 64 hex digits")
	}
	return b
}

func (p *parser) bytes(name, text string) api.Hex {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		p.fail(name, "not base 64")
	}
	return b
}
