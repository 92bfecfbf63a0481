//go:build cgo

package hsm

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/miekg/pkcs11"

	"github.com/urna-vote/urna/offchain/gateway/keyring"
)

// sessions are the open sessions of one token.
type sessions struct {
	cfg Config
	lib *library
	// places limits the sessions at work.
	places chan struct{}

	mu sync.Mutex
	// era counts log-ins: what was opened in an earlier one is lost.
	era  int
	slot uint
	// anchor is open as long as the log-in holds, and at work for nobody.
	anchor pkcs11.SessionHandle
	idle   []pkcs11.SessionHandle
	// handles of keys by CKA_ID, of this era.
	handles map[string]pkcs11.ObjectHandle
	// in: the log-in of this era succeeded.
	in bool
	// refused: the PIN was wrong; it is not tried again.
	refused error
	closed  bool
}

// session is one at work.
type session struct {
	pkcs11.SessionHandle
	era int
}

func openSessions(cfg Config) (*sessions, error) {
	lib, err := load(cfg.Library)
	if err != nil {
		return nil, err
	}
	n := cfg.Sessions
	if n <= 0 {
		n = defaultSessions
	}
	s := &sessions{cfg: cfg, lib: lib, places: make(chan struct{}, n)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.login(); err != nil {
		return nil, errors.Join(err, lib.release())
	}
	return s, nil
}

// login begins a new era. The caller holds mu.
func (s *sessions) login() error {
	if s.refused != nil {
		return s.refused
	}
	s.era++
	s.in, s.idle, s.handles = false, nil, map[string]pkcs11.ObjectHandle{}
	slot, _, err := s.lib.token(s.cfg.Token)
	if err != nil {
		return err
	}
	anchor, err := s.lib.ctx.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	err = s.lib.ctx.Login(anchor, pkcs11.CKU_USER, string(s.cfg.PIN))
	if err != nil && !is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN) {
		_ = s.lib.ctx.CloseSession(anchor) // nothing was done in it
		if is(err, pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_EXPIRED, pkcs11.CKR_PIN_LOCKED) {
			s.refused = fmt.Errorf("log in to token %q: %w; the PIN is not tried again: mend the PIN file and start again", s.cfg.Token, err)
			return s.refused
		}
		return fmt.Errorf("log in to token %q: %w", s.cfg.Token, err)
	}
	s.slot, s.anchor, s.in = slot, anchor, true
	return nil
}

// with gives a session to run. If the session turns out to be lost, run is
// called once more with a new one: it must be such that this does no harm.
func (s *sessions) with(run func(session) error) error {
	s.places <- struct{}{}
	defer func() { <-s.places }()
	at, err := s.take()
	if err == nil {
		err = run(at)
		s.give(at, err)
	}
	if err == nil || !lost(err) {
		return err
	}
	if err := s.renew(at.era); err != nil {
		return fmt.Errorf("%w: %w", keyring.ErrAway, err)
	}
	at, err = s.take()
	if err == nil {
		err = run(at)
		s.give(at, err)
	}
	if err != nil && lost(err) {
		return fmt.Errorf("%w: %w", keyring.ErrAway, err)
	}
	return err
}

func (s *sessions) take() (session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return session{era: s.era}, errors.New("hardware module is closed")
	case s.refused != nil:
		return session{era: s.era}, fmt.Errorf("%w: %w", keyring.ErrAway, s.refused)
	case !s.in:
		return session{era: s.era}, errLoggedOut
	}
	if n := len(s.idle); n > 0 {
		h := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return session{h, s.era}, nil
	}
	h, err := s.lib.ctx.OpenSession(s.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return session{era: s.era}, fmt.Errorf("open session: %w", err)
	}
	return session{h, s.era}, nil
}

// give takes a session back. One that failed may be in the middle of something.
func (s *sessions) give(at session, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.era != s.era || s.closed {
		return
	}
	if err != nil {
		_ = s.lib.ctx.CloseSession(at.SessionHandle) // it may be lost
		return
	}
	s.idle = append(s.idle, at.SessionHandle)
}

// renew logs in again, unless somebody did since that era.
func (s *sessions) renew(era int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.era != era {
		return nil
	}
	for _, h := range append(s.idle, s.anchor) {
		_ = s.lib.ctx.CloseSession(h) // they are lost, most of them
	}
	err := s.login()
	if err == nil || s.refused != nil {
		return err
	}
	if again := s.lib.again(); again != nil {
		return errors.Join(err, again)
	}
	return s.login()
}

// handle finds a key's object.
func (s *sessions) handle(at session, id []byte) (pkcs11.ObjectHandle, error) {
	s.mu.Lock()
	h, ok := s.handles[string(id)]
	s.mu.Unlock()
	if ok {
		return h, nil
	}
	found, err := s.find(at, pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), pkcs11.NewAttribute(pkcs11.CKA_ID, id))
	if err != nil {
		return 0, err
	}
	if len(found) == 0 {
		return 0, errNoKey
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("find token key: the module has %d of it", len(found))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.era == at.era {
		s.handles[string(id)] = found[0]
	}
	return found[0], nil
}

// find lists the objects of token keys that have further attributes.
func (s *sessions) find(at session, further ...*pkcs11.Attribute) (all []pkcs11.ObjectHandle, err error) {
	template := append([]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_LABEL, Label)}, further...)
	if err := s.lib.ctx.FindObjectsInit(at.SessionHandle, template); err != nil {
		return nil, fmt.Errorf("find token keys: %w", err)
	}
	for {
		some, _, err := s.lib.ctx.FindObjects(at.SessionHandle, 512)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("find token keys: %w", err), s.lib.ctx.FindObjectsFinal(at.SessionHandle))
		}
		if len(some) == 0 {
			break
		}
		all = append(all, some...)
	}
	if err := s.lib.ctx.FindObjectsFinal(at.SessionHandle); err != nil {
		return nil, fmt.Errorf("find token keys: %w", err)
	}
	return all, nil
}

func (s *sessions) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	for _, h := range append(s.idle, s.anchor) {
		_ = s.lib.ctx.CloseSession(h) // the library ends them anyway
	}
	return s.lib.release()
}

var (
	errLoggedOut = errors.New("logged out of the hardware module")
	// errNoKey is also what is seen while logged out.
	errNoKey = errors.New("find token key: the module does not have it any more")
)

// lost reports whether an error may go away with a new session.
func lost(err error) bool {
	return errors.Is(err, errLoggedOut) || errors.Is(err, errNoKey) || is(err, pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_USER_NOT_LOGGED_IN,
		pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_DEVICE_MEMORY, pkcs11.CKR_TOKEN_NOT_PRESENT,
		pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED, pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_FUNCTION_FAILED, pkcs11.CKR_SLOT_ID_INVALID,
		// Handles are of a log-in.
		pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID)
}

func is(err error, codes ...uint) bool {
	var e pkcs11.Error
	return errors.As(err, &e) && slices.Contains(codes, uint(e))
}
