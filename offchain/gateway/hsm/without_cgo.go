//go:build !cgo

package hsm

import (
	"errors"

	"github.com/urna-vote/urna/offchain/gateway/keyring"
)

// Open says that this program cannot.
func Open(Config) (keyring.Keeper, error) {
	return nil, errors.New("open hardware module: this program was built without cgo, which libraries of PKCS #11 need: build it with CGO_ENABLED=1 and a C compiler, or keep the token keys in files")
}
