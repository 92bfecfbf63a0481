package keyring

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"filippo.io/age"

	"github.com/urna-vote/urna/crypto/blindtoken"
)

const (
	blockType = "URNA TOKEN KEY"
	// maxFile limits a key file in bytes: some 30,000 keys.
	maxFile = 64 << 20
	// workFactor of scrypt, log2 of N: about a third of a second and 128 MiB.
	workFactor = 17
)

// ErrLock: the passphrase or identity does not open the file.
var ErrLock = errors.New("passphrase or identity does not open this key file")

// Lock seals and opens key files. It prints as a redaction.
type Lock struct {
	recipient  age.Recipient
	identities []age.Identity
}

// PassphraseLock locks with a passphrase.
func PassphraseLock(passphrase string) (*Lock, error) {
	if len(passphrase) < 12 {
		return nil, errors.New("passphrase has fewer than 12 characters: take a longer one")
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, fmt.Errorf("use passphrase: %w", err)
	}
	recipient.SetWorkFactor(workFactor)
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("use passphrase: %w", err)
	}
	identity.SetMaxWorkFactor(workFactor)
	return &Lock{recipient: recipient, identities: []age.Identity{identity}}, nil
}

// IdentityLock locks with the first identity of an age identity file and opens
// with any of them.
func IdentityLock(file []byte) (*Lock, error) {
	identities, err := age.ParseIdentities(bytes.NewReader(file))
	if err != nil {
		// The library's text may repeat a line of a secret file.
		return nil, errors.New("read identity file: not a list of age identities (AGE-SECRET-KEY-…)")
	}
	var recipient age.Recipient
	switch i := identities[0].(type) {
	case *age.HybridIdentity:
		recipient = i.Recipient()
	case *age.X25519Identity:
		recipient = i.Recipient()
	default:
		return nil, errors.New("read identity file: the first identity is of an unknown kind")
	}
	return &Lock{recipient: recipient, identities: identities}, nil
}

// NewIdentityFile draws an identity, as the file that holds it.
func NewIdentityFile() ([]byte, error) {
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, fmt.Errorf("draw identity: %w", err)
	}
	return []byte(identity.String() + "\n"), nil
}

// Format prints a redaction for every verb.
func (l *Lock) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[lock of token keys]") }

// Seal is the encrypted file of the ring.
func (r *Ring) Seal(lock *Lock) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, lock.recipient)
	if err != nil {
		return nil, fmt.Errorf("seal token keys: %w", err)
	}
	for _, slot := range r.Slots() {
		key, ok := r.keys[slot].(*blindtoken.PrivateKey)
		if !ok {
			return nil, errors.New("seal token keys: a key in a hardware module does not leave it")
		}
		der, err := key.RevealPKCS8()
		if err != nil {
			return nil, fmt.Errorf("seal token keys: %w", err)
		}
		block := &pem.Block{Type: blockType, Headers: slot.headers(), Bytes: der}
		if err := pem.Encode(w, block); err != nil {
			return nil, fmt.Errorf("seal token keys: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal token keys: %w", err)
	}
	return out.Bytes(), nil
}

// Open reads an encrypted file.
func Open(file []byte, lock *Lock) (*Ring, error) {
	if len(file) > maxFile {
		return nil, fmt.Errorf("open token keys: %d bytes are more than the limit of %d", len(file), maxFile)
	}
	plain, err := age.Decrypt(bytes.NewReader(file), lock.identities...)
	if err != nil {
		var none *age.NoIdentityMatchError
		if errors.As(err, &none) {
			return nil, fmt.Errorf("open token keys: %w", ErrLock)
		}
		return nil, fmt.Errorf("open token keys: %w", err)
	}
	rest, err := io.ReadAll(plain)
	if err != nil {
		return nil, fmt.Errorf("open token keys: %w", err)
	}
	r := newRing(0)
	for len(rest) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New("open token keys: something is in the file that is no key")
		}
		if err := r.addBlock(block); err != nil {
			return nil, fmt.Errorf("open token keys, key %d: %w", len(r.keys)+1, err)
		}
	}
	if len(r.keys) == 0 {
		return nil, errors.New("open token keys: no key in the file")
	}
	return r, nil
}

func (s Slot) headers() map[string]string {
	return map[string]string{
		"Election": hex.EncodeToString(s.Election[:]),
		"Class":    strconv.FormatUint(uint64(s.Class), 10),
		"Panel":    strconv.FormatUint(uint64(s.Panel), 10),
	}
}

func (r *Ring) addBlock(block *pem.Block) error {
	var slot Slot
	id, err := hex.DecodeString(block.Headers["Election"])
	if err != nil || len(id) != 32 || block.Type != blockType {
		return errors.New("type or election is malformed")
	}
	slot.Election = [32]byte(id)
	for name, into := range map[string]*uint32{"Class": &slot.Class, "Panel": &slot.Panel} {
		v, err := strconv.ParseUint(block.Headers[name], 10, 32)
		if err != nil {
			return fmt.Errorf("header %s is not a number", name)
		}
		*into = uint32(v)
	}
	if names := slices.Sorted(maps.Keys(block.Headers)); !slices.Equal(names, []string{"Class", "Election", "Panel"}) {
		return errors.New("headers are not Class, Election and Panel")
	}
	key, err := blindtoken.ParsePKCS8(block.Bytes)
	if err != nil {
		return err
	}
	return r.Add(slot, key)
}
