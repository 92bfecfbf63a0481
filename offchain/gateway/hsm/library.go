//go:build cgo

package hsm

import (
	"errors"
	"fmt"
	"sync"

	"github.com/miekg/pkcs11"
)

// library is a loaded PKCS #11 library. A process has one of each path, since
// the library itself counts sessions and log-ins by process.
type library struct {
	path string
	ctx  *pkcs11.Ctx
	// users is guarded by librariesMu.
	users int
}

var (
	librariesMu sync.Mutex
	libraries   = map[string]*library{}
)

// load opens a library or joins those who have it open.
func load(path string) (*library, error) {
	librariesMu.Lock()
	defer librariesMu.Unlock()
	if l, ok := libraries[path]; ok {
		l.users++
		return l, nil
	}
	ctx := pkcs11.New(path)
	if ctx == nil {
		return nil, fmt.Errorf("load PKCS #11 library %s: not a library that this machine can load", path)
	}
	if err := initialize(ctx); err != nil {
		ctx.Destroy()
		return nil, fmt.Errorf("load PKCS #11 library %s: %w", path, err)
	}
	l := &library{path: path, ctx: ctx, users: 1}
	libraries[path] = l
	return l, nil
}

func initialize(ctx *pkcs11.Ctx) error {
	err := ctx.Initialize()
	if errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		return nil
	}
	return err
}

// again begins anew with a library that lost its device, if nobody else uses it.
func (l *library) again() error {
	librariesMu.Lock()
	defer librariesMu.Unlock()
	if l.users == 1 {
		_ = l.ctx.Finalize() // it may have ended by itself
	}
	return initialize(l.ctx)
}

// release ends the use of a library.
func (l *library) release() error {
	librariesMu.Lock()
	defer librariesMu.Unlock()
	if l.users--; l.users > 0 {
		return nil
	}
	delete(libraries, l.path)
	err := l.ctx.Finalize()
	l.ctx.Destroy()
	if err != nil {
		return fmt.Errorf("end PKCS #11 library: %w", err)
	}
	return nil
}

// token finds the token with a label; two of one label are refused.
func (l *library) token(label string) (slot uint, info pkcs11.TokenInfo, err error) {
	slots, err := l.ctx.GetSlotList(true)
	if err != nil {
		return 0, info, fmt.Errorf("list tokens of the module: %w", err)
	}
	found := 0
	for _, s := range slots {
		i, err := l.ctx.GetTokenInfo(s)
		if err != nil || i.Label != label {
			continue
		}
		slot, info, found = s, i, found+1
	}
	if found != 1 {
		return 0, info, fmt.Errorf("the module has %d tokens with the label %q where one is needed", found, label)
	}
	return slot, info, nil
}
