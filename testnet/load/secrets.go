package load

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/crypto/sign"
	"github.com/urna-vote/urna/proto/api"
)

// Secrets are all that makes ballots of a trial election: the keys of the one
// open panel of issuers, and the seed of all voters. They print as a redaction.
type Secrets struct {
	ChainID  string
	Election [32]byte
	// Issuers of panel 0 in its order.
	Issuers []IssuerKeys
	seed    [32]byte
}

// IssuerKeys are the token keys of one member, by class.
type IssuerKeys []*blindtoken.PrivateKey

// Format prints a redaction for every verb.
func (Secrets) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secrets of a trial election]") }

// NewSecrets draws the seed of an election that is not made yet.
func NewSecrets(random io.Reader) (*Secrets, error) {
	s := &Secrets{}
	if _, err := io.ReadFull(random, s.seed[:]); err != nil {
		return nil, fmt.Errorf("draw seed of voters: %w", err)
	}
	return s, nil
}

// secretsFile is how they are kept beside a trial network.
type secretsFile struct {
	ChainID  string  `json:"chain_id"`
	Election api.Hex `json:"election"`
	Seed     api.Hex `json:"seed"`
	// Issuers: PKCS #8 of each member's token keys by class.
	Issuers [][]api.Hex `json:"issuers"`
}

// Save writes the secrets to a file that only its owner reads.
func (s *Secrets) Save(path string) error {
	f := secretsFile{ChainID: s.ChainID, Election: s.Election[:], Seed: s.seed[:]}
	for _, issuer := range s.Issuers {
		var keys []api.Hex
		for _, token := range issuer {
			der, err := token.RevealPKCS8()
			if err != nil {
				return fmt.Errorf("save secrets: %w", err)
			}
			keys = append(keys, der)
		}
		f.Issuers = append(f.Issuers, keys)
	}
	text, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("save secrets: %w", err)
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// LoadSecrets reads what Save wrote.
func LoadSecrets(path string) (*Secrets, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load secrets: %w", err)
	}
	var f secretsFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("load secrets %s: %w", path, err)
	}
	if len(f.Election) != 32 || len(f.Seed) != 32 || len(f.Issuers) == 0 {
		return nil, fmt.Errorf("load secrets %s: election, seed or issuers are missing", path)
	}
	s := &Secrets{ChainID: f.ChainID, Election: [32]byte(f.Election), seed: [32]byte(f.Seed)}
	for i, issuer := range f.Issuers {
		var keys IssuerKeys
		for _, der := range issuer {
			token, err := blindtoken.ParsePKCS8(der)
			if err != nil {
				return nil, fmt.Errorf("load secrets %s: issuer %d: %w", path, i, err)
			}
			keys = append(keys, token)
		}
		s.Issuers = append(s.Issuers, keys)
	}
	return s, nil
}

// seedHash names the seed in a file's header.
func (s *Secrets) seedHash() []byte {
	h := s.derive("seed", 0)
	return h[:]
}

// derive gives 32 bytes for a purpose and voter.
func (s *Secrets) derive(purpose string, voter int) [32]byte {
	b := append([]byte("urna load "+purpose+"\x00"), s.seed[:]...)
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(voter)))
}

// Operator is the signing key of an issuer.
func (s *Secrets) Operator(issuer int) sign.PrivateKey {
	return sign.NewPrivateKey(s.derive("operator", issuer))
}

// Entry of a voter in the roll.
func (s *Secrets) Entry(voter int) [32]byte { return s.derive("entry", voter) }

// tokenSecret of a voter, from which the ballot key comes.
func (s *Secrets) tokenSecret(voter int) *blindtoken.Secret {
	b := s.derive("token", voter)
	secret, err := blindtoken.SecretFromBytes(b[:])
	if err != nil {
		panic("load: a secret of the right length is refused: " + err.Error())
	}
	return secret
}

// choices of a voter are drawn from the voter's own stream.
func (s *Secrets) choices(voter int) *rand.Rand {
	return rand.New(rand.NewChaCha8(s.derive("choice", voter)))
}
