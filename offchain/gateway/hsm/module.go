//go:build cgo

package hsm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/miekg/pkcs11"
	"golang.org/x/sync/errgroup"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/offchain/gateway/keyring"
)

// exponent is CKA_PUBLIC_EXPONENT of every key: 65,537.
var exponent = []byte{1, 0, 1}

// module implements keyring.Keeper.
type module struct{ *sessions }

// Open logs in to a token of a module.
func Open(cfg Config) (keyring.Keeper, error) {
	s, err := openSessions(cfg)
	if err != nil {
		return nil, fmt.Errorf("open hardware module: %w", err)
	}
	return module{s}, nil
}

// Make implements keyring.Keeper.
func (m module) Make(ctx context.Context, election [32]byte, slots []keyring.Slot, bits int, progress func(done int)) (*keyring.Ring, error) {
	if bits != blindtoken.DefaultBits && bits != blindtoken.LargeBits {
		return nil, fmt.Errorf("make token keys of %d bits: use %d or %d", bits, blindtoken.DefaultBits, blindtoken.LargeBits)
	}
	there, err := m.load(func(s keyring.Slot) bool { return s.Election == election })
	if err != nil {
		return nil, err
	}
	var missing []keyring.Slot
	for _, s := range slots {
		if _, ok := there.Key(s); !ok {
			missing = append(missing, s)
		}
	}
	if len(missing) == 0 {
		return nil, fmt.Errorf("token %q: %w", m.cfg.Token, keyring.ErrExists)
	}
	var done atomic.Int64
	done.Store(int64(len(slots) - len(missing)))
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range missing {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := m.with(func(at session) error { return m.generate(at, s, bits) }); err != nil {
				return fmt.Errorf("make token key of class %d, panel %d: %w", s.Class, s.Panel, err)
			}
			if n := done.Add(1); progress != nil {
				progress(int(n))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return m.Load(election)
}

// generate draws a key. Called again after a failure that came too late it finds
// the key there.
func (m module) generate(at session, s keyring.Slot, bits int) error {
	id := pkcs11.NewAttribute(pkcs11.CKA_ID, idOf(s))
	private := pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY)
	if found, err := m.find(at, private, id); err != nil || len(found) > 0 {
		return err
	}
	label := pkcs11.NewAttribute(pkcs11.CKA_LABEL, Label)
	public, _, err := m.lib.ctx.GenerateKeyPair(at.SessionHandle,
		[]*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, nil)},
		[]*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_TOKEN, false), label, id,
			pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true),
			pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, bits), pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, exponent),
		},
		[]*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), label, id,
			pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
			pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false), pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
			pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, false), pkcs11.NewAttribute(pkcs11.CKA_UNWRAP, false),
		})
	if err != nil {
		return err
	}
	// The modulus is read from the private object; the other is for nobody.
	if err := m.lib.ctx.DestroyObject(at.SessionHandle, public); err != nil {
		return fmt.Errorf("drop public object: %w", err)
	}
	return nil
}

// Load implements keyring.Keeper.
func (m module) Load(election [32]byte) (*keyring.Ring, error) {
	ring, err := m.load(func(s keyring.Slot) bool { return s.Election == election })
	if err == nil && len(ring.Slots()) == 0 {
		return nil, fmt.Errorf("token %q: %w", m.cfg.Token, keyring.ErrNone)
	}
	return ring, err
}

// All implements keyring.Keeper.
func (m module) All() (*keyring.Ring, error) {
	return m.load(func(keyring.Slot) bool { return true })
}

func (m module) load(want func(keyring.Slot) bool) (ring *keyring.Ring, err error) {
	err = m.with(func(at session) error {
		if ring, err = keyring.Join(); err != nil {
			return err
		}
		found, err := m.find(at, pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY))
		if err != nil {
			return err
		}
		for _, h := range found {
			k, slot, err := m.read(at, h)
			if err != nil {
				return err
			}
			if !want(slot) {
				continue
			}
			if err := ring.Add(slot, k); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load token keys from the module: %w", err)
	}
	return ring, nil
}

// read makes a key of what the module says of it.
func (m module) read(at session, h pkcs11.ObjectHandle) (*key, keyring.Slot, error) {
	got, err := m.lib.ctx.GetAttributeValue(at.SessionHandle, h, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_ID, nil), pkcs11.NewAttribute(pkcs11.CKA_MODULUS, nil),
		pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, nil), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, nil),
	})
	if err != nil {
		return nil, keyring.Slot{}, fmt.Errorf("read token key: %w", err)
	}
	slot, err := slotOf(got[0].Value)
	if err != nil {
		return nil, slot, err
	}
	where := fmt.Sprintf("key of class %d, panel %d of election %x", slot.Class, slot.Panel, slot.Election[:4])
	if !bytes.Equal(bytes.TrimLeft(got[2].Value, "\x00"), exponent) {
		return nil, slot, fmt.Errorf("%s: its exponent is not %d", where, blindtoken.Exponent)
	}
	if bytes.Contains(got[3].Value, []byte{1}) {
		return nil, slot, fmt.Errorf("%s: it can leave the module (CKA_EXTRACTABLE), so this program did not make it", where)
	}
	public, err := blindtoken.DecodePublicKey(bytes.TrimLeft(got[1].Value, "\x00"))
	if err != nil {
		return nil, slot, fmt.Errorf("%s: %w", where, err)
	}
	return &key{module: m, id: idOf(slot), public: public}, slot, nil
}

// Destroy implements keyring.Keeper.
func (m module) Destroy(election [32]byte) error {
	destroyed := 0
	err := m.with(func(at session) error {
		for range 2 {
			mine, err := m.objects(at, election)
			if err != nil || len(mine) == 0 {
				return err
			}
			for _, h := range mine {
				if err := m.lib.ctx.DestroyObject(at.SessionHandle, h); err != nil {
					return fmt.Errorf("destroy token key: %w", err)
				}
				destroyed++
			}
		}
		return errors.New("destroy token keys: the module still shows some of them")
	})
	m.mu.Lock()
	clear(m.handles)
	m.mu.Unlock()
	if err == nil && destroyed == 0 {
		return fmt.Errorf("token %q: %w", m.cfg.Token, keyring.ErrNone)
	}
	return err
}

// objects of an election, of every class.
func (m module) objects(at session, election [32]byte) (mine []pkcs11.ObjectHandle, err error) {
	found, err := m.find(at)
	if err != nil {
		return nil, err
	}
	for _, h := range found {
		got, err := m.lib.ctx.GetAttributeValue(at.SessionHandle, h, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, nil)})
		if err != nil {
			return nil, fmt.Errorf("read token key: %w", err)
		}
		if bytes.HasPrefix(got[0].Value, election[:]) {
			mine = append(mine, h)
		}
	}
	return mine, nil
}

// Place implements keyring.Keeper.
func (m module) Place([32]byte) (place keyring.Place, err error) {
	_, info, err := m.lib.token(m.cfg.Token)
	if err != nil {
		return place, fmt.Errorf("describe hardware module: %w", err)
	}
	where := fmt.Sprintf("token %q, serial number %s, %s %s", info.Label, info.SerialNumber, info.ManufacturerID, info.Model)
	return keyring.Place{Kind: "module", Where: where}, nil
}

// Close implements keyring.Keeper.
func (m module) Close() error { return m.close() }

// key is one in the module. It prints as a redaction.
type key struct {
	module module
	id     []byte
	public *blindtoken.PublicKey
}

var _ blindtoken.Signer = (*key)(nil)

// Public implements blindtoken.Signer.
func (k *key) Public() *blindtoken.PublicKey { return k.public }

// Sign implements blindtoken.Signer.
func (k *key) Sign(blinded []byte) ([]byte, error) {
	size := k.public.Size()
	// A module answers to other numbers with errors that look like a lost device.
	if len(blinded) != size || bytes.Compare(blinded, k.public.Encode()) >= 0 {
		return nil, fmt.Errorf("sign blinded message of %d bytes: not a number below the modulus of %d: %w", len(blinded), size, blindtoken.ErrEncoding)
	}
	var answer []byte
	err := k.module.with(func(at session) error {
		h, err := k.module.handle(at, k.id)
		if err != nil {
			return err
		}
		raw := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_X_509, nil)}
		if err := k.module.lib.ctx.SignInit(at.SessionHandle, raw, h); err != nil {
			return err
		}
		answer, err = k.module.lib.ctx.Sign(at.SessionHandle, blinded)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sign blinded message in the module: %w", err)
	}
	if len(answer) < size { // some modules drop leading zeros
		answer = append(make([]byte, size-len(answer)), answer...)
	}
	if err := k.public.CheckAnswer(blinded, answer); err != nil {
		return nil, fmt.Errorf("the module's answer does not check: %w", err)
	}
	return answer, nil
}

// Format prints a redaction for every verb.
func (k *key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[token key in a module]") }
