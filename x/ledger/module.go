package ledger

import "errors"

// Tx is a decoded transaction, its envelope already canonical and for this chain.
type Tx struct {
	Kind uint32
	// Signer is the 32-byte key of the envelope, nil for an unsigned kind. Its
	// signature is checked in the batch of pure checks.
	Signer []byte
	// Hash is SHA-256 of Raw.
	Hash [32]byte
	Raw  []byte
	// Message is what the handler's Decode returned.
	Message any
}

// Fact is a pure statement that cryptography can check: the same answer on
// every machine, from nothing but the fact itself.
type Fact interface{ Verify() error }

// Check is a fact that must hold for a transaction to be accepted. Facts of
// many transactions are verified together.
type Check struct {
	Fact Fact
	// Params hashes what the fact was built from besides the transaction's own
	// bytes (keys from state): an acceptance is remembered for both.
	Params [32]byte
	// Code and Field of the refusal if it does not hold, unless the fact's own
	// error is a *Refusal.
	Code  Code
	Field string
}

// Refuse is the refusal of a transaction whose fact does not hold for the
// given reason.
func (c *Check) Refuse(reason error) error {
	var own *Refusal
	if errors.As(reason, &own) {
		return own
	}
	return c.Code.Refuse(c.Field, "%v", reason)
}

// Demands is what remains to be seen after a Precheck.
type Demands struct {
	// Claims: what no other transaction of the same block may claim, each with
	// its kind first ("entry:…", "key:…").
	Claims []string
	// Quotas: what only so many transactions of the same block may use.
	Quotas []Quota
	// Checks are verified in a batch with those of other transactions.
	Checks []Check
}

// Quota is a thing of which the state before the block leaves so many: each
// transaction that names it uses one. All that name it in a block agree on Left.
type Quota struct {
	// Name with its kind first ("tokens:…").
	Name string
	Left uint64
}

// Handler is what a module offers for one kind of transaction, in three
// phases: Validate sees the message alone, Precheck reads the state before the
// block, Execute writes and repeats the checks of state.
type Handler struct {
	Kind uint32
	// Name of the kind, for people: as in the enumeration, like "cast-ballot".
	Name string
	// Signed says whether the envelope must carry a signer; if not it must not.
	Signed bool
	// SignedFirst says that the signature is verified before Validate and
	// Precheck: they cost more than it does, and whoever may sign is known to
	// everybody.
	SignedFirst bool
	// MaxBytes limits the body.
	MaxBytes int
	Decode   func(body []byte) (any, error)
	Validate func(ctx Context, tx *Tx) error
	Precheck func(ctx Context, r Reader, tx *Tx) (Demands, error)
	Execute  func(ctx Context, w Writer, tx *Tx) error
}

// Act is what a module offers for one act of the commission.
type Act struct {
	Number uint32
	// Name as in the enumeration, like "extend-close": the public API and the
	// programs use it.
	Name   string
	Decode func(body []byte) (any, error)
	// Validate sees the act alone.
	Validate func(ctx Context, act any) error
	// Precheck reads the state before the block in which the quorum would be
	// reached; its claims join those of the approval.
	Precheck func(ctx Context, r Reader, act any) ([]string, error)
	Execute  func(ctx Context, w Writer, act any) error
}

// Object is a named part of an election's summary: its SHA-256 stands under
// the application hash.
type Object struct {
	Name  string
	Bytes []byte
}

// Module is one noun of the election. Nil functions are allowed.
type Module struct {
	Name     string
	Handlers []Handler
	Acts     []Act
	// BeginBlock applies what is due at this block's header time, before any
	// transaction is checked.
	BeginBlock func(ctx Context, w Writer)
	// EndBlock runs after the last transaction.
	EndBlock func(ctx Context, w Writer)
	// Summary lists the module's objects for an election.
	Summary func(r Reader, election [32]byte) []Object
}
