package ledger

// Asider is a reader that notes what is read by it, and can be asked aside.
type Asider interface{ Aside() Reader }

// Aside is the reader for what a Precheck reads only to say how much of a quota
// is left: such counters change with every block, and all who name the quota
// learn of its end together.
func Aside(r Reader) Reader {
	if a, ok := r.(Asider); ok {
		return a.Aside()
	}
	return r
}
