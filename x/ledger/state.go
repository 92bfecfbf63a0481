package ledger

// Context is what a module may know of the block at hand. Time is the header's.
type Context struct {
	ChainID string
	// Height of the block being decided or executed.
	Height int64
	// TimeMS is the block's header time, Unix milliseconds.
	TimeMS int64
	// PreviousTimeMS is the header time of the block before, 0 in the first.
	PreviousTimeMS int64
	// Rules is the active rule version.
	Rules uint32
}

// MaxGapMS is the longest step of block time over which a deadline takes
// effect by itself. See docs/spec/elections.md, "Deadlines".
const MaxGapMS = 60_000

// Gap reports whether block time jumped by more than MaxGapMS before this block.
func (c Context) Gap() bool {
	return c.PreviousTimeMS != 0 && c.TimeMS-c.PreviousTimeMS > MaxGapMS
}

// Reader reads state. A failing disk is not an answer a rule may see: the store
// panics with its own error type, and the application stops the node.
type Reader interface {
	// Get returns the value of a key, nil if there is none. The caller must
	// not change it.
	Get(key []byte) []byte
	// Iterate visits keys with the prefix in ascending order until visit
	// returns false.
	Iterate(prefix []byte, visit func(key, value []byte) bool)
	// IterateFrom is Iterate from the first key on that is not before from; nil
	// means from the beginning.
	IterateFrom(prefix, from []byte, visit func(key, value []byte) bool)
}

// Recaller is a Reader that keeps decoded records at hand. Whoever wraps a Reader
// hands this on too, or every Recall decodes again.
type Recaller interface {
	// Recall is nil if there is no record.
	Recall(key []byte, decode func(value []byte) any) any
}

// Recall decodes the record at a key, or returns what it was decoded to before;
// ok is false if there is none. What it returns is shared: the caller must not
// change it. For a key decode must always do the same, and nothing but decode.
func Recall[T any](r Reader, key []byte, decode func(value []byte) T) (t T, ok bool) {
	if m, remembers := r.(Recaller); remembers {
		v := m.Recall(key, func(value []byte) any { return decode(value) })
		if v == nil {
			return t, false
		}
		return v.(T), true
	}
	value := r.Get(key)
	if value == nil {
		return t, false
	}
	return decode(value), true
}

// Writer changes state within one block. Nothing is durable before the block is.
type Writer interface {
	Reader
	// Set stores a value, which must not be empty.
	Set(key, value []byte)
	Delete(key []byte)
	// AppendLog appends a transaction's hash to the ballot log and returns its
	// index. Such a transaction touches one election at most.
	AppendLog(txHash [32]byte) uint64
	// Gather returns what a module collects during the block under a name, made by
	// fresh at first use. It is no state: it is gone with the block, and what shall
	// last must be Set before. Forget drops it.
	Gather(name string, fresh func() any) any
	Forget(name string)
	// Touch says that something summarised for this election changed.
	Touch(election [32]byte)
}
