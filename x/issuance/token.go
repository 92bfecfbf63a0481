package issuance

import (
	"github.com/urna-vote/urna/crypto/blindtoken"
)

// Scope says where a token is good.
func Scope(chainID string, election [32]byte, class, panel uint32) blindtoken.Scope {
	return blindtoken.Scope{ChainID: chainID, Election: election, Class: class, Panel: panel}
}

// KeyContext is what an issuer's modulus is registered for and its key proof
// speaks of; issuer is the operator key.
func KeyContext(chainID string, election [32]byte, class, panel uint32, issuer [32]byte) blindtoken.KeyContext {
	return blindtoken.KeyContext{Scope: Scope(chainID, election, class, panel), Issuer: issuer}
}
