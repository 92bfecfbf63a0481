package snapshot_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/urna-vote/urna/app/snapshot"
	"github.com/urna-vote/urna/app/store"
	"github.com/urna-vote/urna/crypto/lthash"
	"github.com/urna-vote/urna/crypto/merkle"
)

// clone of a snapshot that may be altered.
func (p packed) clone() packed {
	m, err := snapshot.Decode(p.manifest.Encode())
	if err != nil {
		panic(err)
	}
	c := packed{head: p.head, manifest: m}
	for _, chunk := range p.chunks {
		c.chunks = append(c.chunks, bytes.Clone(chunk))
	}
	return c
}

// rename makes the manifest name the chunk as it is now, as a liar would.
func (p packed) rename(i int) { p.manifest.State[i].Sum = snapshot.Hash(p.chunks[i]) }

// parse takes a right chunk apart.
func parse(chunk []byte) (pairs []store.Pair) {
	for len(chunk) > 0 {
		k, n := binary.Uvarint(chunk)
		v, o := binary.Uvarint(chunk[n:])
		chunk = chunk[n+o:]
		pairs = append(pairs, store.Pair{Key: chunk[:k], Value: chunk[k : k+v]})
		chunk = chunk[k+v:]
	}
	return pairs
}

// put replaces a chunk by one of these pairs, with its right digest and name.
func (p packed) put(i int, pairs []store.Pair) {
	var chunk []byte
	var digest lthash.Hash
	for _, pair := range pairs {
		chunk = binary.AppendUvarint(chunk, uint64(len(pair.Key)))
		chunk = binary.AppendUvarint(chunk, uint64(len(pair.Value)))
		chunk = append(append(chunk, pair.Key...), pair.Value...)
		digest.Add(pair.Key, pair.Value)
	}
	p.chunks[i], p.manifest.State[i].Digest = chunk, digest
	p.rename(i)
}

func TestWhatALiarMakesOfASnapshotIsRefused(t *testing.T) {
	_, p := pack(t, 10, 150)
	last := len(p.chunks) - 1 // the log
	for name, c := range map[string]struct {
		alter func(p packed)
		want  error
	}{
		"bit of a chunk":            {func(p packed) { p.chunks[1][100] ^= 1 }, snapshot.ErrTransfer},
		"bit of a named chunk":      {func(p packed) { p.chunks[1][len(p.chunks[1])-1] ^= 1; p.rename(1) }, snapshot.ErrContent},
		"length in a named chunk":   {func(p packed) { p.chunks[1][1] ^= 1; p.rename(1) }, snapshot.ErrContent},
		"empty chunk":               {func(p packed) { p.chunks[1] = nil; p.rename(1) }, snapshot.ErrContent},
		"chunk cut off":             {func(p packed) { p.chunks[1] = p.chunks[1][:len(p.chunks[1])-1]; p.rename(1) }, snapshot.ErrContent},
		"trailing byte":             {func(p packed) { p.chunks[1] = append(p.chunks[1], 0); p.rename(1) }, snapshot.ErrContent},
		"chunk of 16 MiB":           {func(p packed) { p.chunks[1] = make([]byte, 16<<20); p.rename(1) }, snapshot.ErrTransfer},
		"chunks swapped":            {func(p packed) { p.chunks[0], p.chunks[1] = p.chunks[1], p.chunks[0] }, snapshot.ErrTransfer},
		"chunks swapped with names": {func(p packed) { swap(p.chunks, 0, 1); swap(p.manifest.State, 0, 1) }, snapshot.ErrContent},
		"pair dropped":              {func(p packed) { p.put(1, parse(p.chunks[1])[1:]) }, snapshot.ErrManifest},
		"pair dropped, digest kept": {func(p packed) {
			d := p.manifest.State[1].Digest
			p.put(1, parse(p.chunks[1])[1:])
			p.manifest.State[1].Digest = d
		}, snapshot.ErrContent},
		"pair twice":        {func(p packed) { ps := parse(p.chunks[1]); p.put(1, append(ps[:1:1], ps...)) }, snapshot.ErrManifest},
		"pair 65,537 times": {func(p packed) { ps := parse(p.chunks[1]); p.put(1, append(slices.Repeat(ps[:1], 1<<16), ps...)) }, snapshot.ErrContent},
		"pair added 65,536 times": {func(p packed) {
			ps := parse(p.chunks[1])
			p.put(1, append(ps, slices.Repeat([]store.Pair{{Key: []byte("\xff"), Value: []byte{1}}}, 1<<16)...))
		}, snapshot.ErrContent},
		"pairs out of order": {func(p packed) { ps := parse(p.chunks[1]); swap(ps, 3, 4); p.put(1, ps) }, snapshot.ErrContent},
		"pair moved back": {func(p packed) {
			a, b := parse(p.chunks[0]), parse(p.chunks[1])
			p.put(0, append(b[:1:1], a...))
			p.put(1, b[1:])
		}, snapshot.ErrContent},
		"values exchanged": {func(p packed) {
			ps := parse(p.chunks[1])
			ps[0].Value, ps[1].Value = ps[1].Value, ps[0].Value
			p.put(1, ps)
		}, snapshot.ErrManifest},
		"byte between key and value":  {func(p packed) { ps := parse(p.chunks[1]); shift(&ps[2]); p.put(1, ps) }, snapshot.ErrManifest},
		"length not in shortest form": {func(p packed) { c := p.chunks[1]; p.chunks[1] = append([]byte{c[0] | 0x80, 0}, c[1:]...); p.rename(1) }, snapshot.ErrContent},
		"digests of chunks exchanged": {func(p packed) { s := p.manifest.State; s[0].Digest, s[1].Digest = s[1].Digest, s[0].Digest }, snapshot.ErrContent},
		"digest moved between chunks": {func(p packed) {
			s, x := p.manifest.State, digestOf("x")
			s[0].Digest.Combine(&x)
			s[1].Digest.Subtract(&x)
		}, snapshot.ErrContent},
		"digest altered":               {func(p packed) { x := digestOf("x"); p.manifest.State[0].Digest.Combine(&x) }, snapshot.ErrManifest},
		"chunk of state dropped":       {func(p packed) { p.manifest.State = p.manifest.State[1:] }, snapshot.ErrManifest},
		"no state":                     {func(p packed) { p.manifest.State = nil }, snapshot.ErrManifest},
		"bit of the log":               {func(p packed) { p.chunks[last][40] ^= 1 }, snapshot.ErrTransfer},
		"entries of the log exchanged": {func(p packed) { c := p.chunks[last]; copy(c, slices.Concat(c[32:64], c[:32])) }, snapshot.ErrTransfer},
		"log cut off":                  {func(p packed) { p.chunks[last] = p.chunks[last][:len(p.chunks[last])-32] }, snapshot.ErrTransfer},
		"entry more in the log":        {func(p packed) { p.chunks[last] = append(p.chunks[last], make([]byte, 32)...) }, snapshot.ErrTransfer},
		"root of the log altered":      {func(p packed) { p.manifest.Log[0][3] ^= 1 }, snapshot.ErrManifest},
		"chunk of the log dropped":     {func(p packed) { p.manifest.Log = nil }, snapshot.ErrManifest},
		"chunk of the log added":       {func(p packed) { p.manifest.Log = append(p.manifest.Log, merkle.EmptyRoot()) }, snapshot.ErrManifest},
		"size of the log":              {func(p packed) { p.manifest.Leaves.LogSize-- }, snapshot.ErrManifest},
		"time":                         {func(p packed) { p.manifest.Leaves.TimeMS++ }, snapshot.ErrManifest},
		"rules":                        {func(p packed) { p.manifest.Leaves.Rules++ }, snapshot.ErrManifest},
		"height":                       {func(p packed) { p.manifest.Height++ }, snapshot.ErrManifest},
		"root of an election":          {func(p packed) { p.manifest.Elections[0].Root[0] ^= 1 }, snapshot.ErrManifest},
		"election twice":               {func(p packed) { p.manifest.Elections = append(p.manifest.Elections[:1:1], p.manifest.Elections...) }, snapshot.ErrManifest},
		"elections out of order":       {func(p packed) { swap(p.manifest.Elections, 0, 1) }, snapshot.ErrManifest},
		"no elections":                 {func(p packed) { p.manifest.Elections = nil }, snapshot.ErrManifest},
	} {
		forged := p.clone()
		c.alter(packed{head: p.head, manifest: forged.manifest, chunks: forged.chunks})
		fs := vfs.NewMem()
		to := open(t, fs)
		if err := forged.restore(to); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		// Nothing of it is left, and the right one can be taken.
		if head, began := to.Head(); began {
			t.Errorf("%s: the store stands at %d", name, head.Height)
		}
		snap := to.Snapshot()
		snap.Pairs(func(key, _ []byte) bool { t.Errorf("%s: %q is left", name, key); return false })
		snap.Close()
		if err := p.restore(to); err != nil {
			t.Errorf("%s: the right one afterwards: %v", name, err)
		}
		if err := to.Close(); err != nil {
			t.Error(err)
		}
	}
}

func swap[T any](list []T, i, j int) { list[i], list[j] = list[j], list[i] }

// shift moves the first byte of the value to the end of the key.
func shift(p *store.Pair) {
	p.Key, p.Value = append(bytes.Clone(p.Key), p.Value[0]), p.Value[1:]
}

func digestOf(key string) (h lthash.Hash) {
	h.Add([]byte(key), []byte{1})
	return h
}

// Every byte of a manifest matters: altered, it is refused, or a chunk is.
func TestEveryByteOfTheManifestIsBound(t *testing.T) {
	_, p := pack(t, 6, 60)
	raw := p.manifest.Encode()
	step := 1
	if testing.Short() {
		step = 97
	}
	for at := 0; at < len(raw); at += step {
		bad := bytes.Clone(raw)
		bad[at] ^= 0x40
		m, err := snapshot.Decode(bad)
		if err == nil {
			err = m.Check(p.head.Height, p.head.AppHash[:])
		}
		if err == nil && !renames(p.manifest, m) {
			t.Fatalf("byte %d of %d altered: accepted", at, len(raw))
		}
		if err != nil && !errors.Is(err, snapshot.ErrManifest) {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
	for _, bad := range [][]byte{nil, raw[:len(raw)-1], append(bytes.Clone(raw), 0), make([]byte, snapshot.MaxManifest+1)} {
		if _, err := snapshot.Decode(bad); !errors.Is(err, snapshot.ErrManifest) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}

// renames reports whether manifests differ in names of chunks: such a chunk is
// refused when it comes, because it has another hash.
func renames(a, b *snapshot.Manifest) bool {
	for i := range a.State {
		if a.State[i].Sum != b.State[i].Sum {
			return true
		}
	}
	return false
}
