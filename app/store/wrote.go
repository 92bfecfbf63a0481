package store

// Changes are the keys that a block set or deleted. Many goroutines may ask,
// once the block is sealed.
type Changes struct{ over *overlay }

// Changes of this block. They outlive the snapshot beneath it.
func (b *Branch) Changes() Changes { return Changes{b.over} }

// Wrote reports whether the block set or deleted a key.
func (c Changes) Wrote(key string) bool {
	_, ok := c.over.changes[key]
	return ok
}
