package store

import (
	"slices"
	"strings"
)

// change is a new value, nil for a deleted key.
type change struct{ value []byte }

// overlay holds a block's changes. Keys are found by a map and visited by
// lists, one for each kind of record (the key's first byte), that are put in
// order when somebody visits.
type overlay struct {
	changes map[string]change
	kinds   [256]keyList
}

type keyList struct {
	sorted []string
	fresh  []string
}

func newOverlay() *overlay { return &overlay{changes: make(map[string]change)} }

func (o *overlay) put(key, value []byte) {
	k := string(key)
	if _, known := o.changes[k]; !known {
		l := &o.kinds[key[0]]
		l.fresh = append(l.fresh, k)
	}
	o.changes[k] = change{value: value}
}

// few: so many new keys are inserted one by one, more are merged.
const few = 8

func (l *keyList) settle() {
	if len(l.fresh) == 0 {
		return
	}
	if len(l.fresh) <= few {
		for _, k := range l.fresh {
			i, _ := slices.BinarySearch(l.sorted, k)
			l.sorted = slices.Insert(l.sorted, i, k)
		}
	} else {
		slices.Sort(l.fresh)
		l.sorted = mergeSorted(l.sorted, l.fresh)
	}
	l.fresh = nil
}

func mergeSorted(a, b []string) []string {
	out := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// settle puts all keys in order; afterwards many may read at once.
func (o *overlay) settle() {
	for i := range o.kinds {
		o.kinds[i].settle()
	}
}

// within lists the changed keys with a prefix from a key on, ascending. The
// list is a copy: a visitor may write.
func (o *overlay) within(prefix, start []byte) []string {
	if len(prefix) == 0 {
		all := o.all()
		from, _ := slices.BinarySearch(all, string(start))
		return all[from:]
	}
	l := &o.kinds[prefix[0]]
	l.settle()
	p := string(prefix)
	from, _ := slices.BinarySearch(l.sorted, max(p, string(start)))
	to := from
	for to < len(l.sorted) && strings.HasPrefix(l.sorted[to], p) {
		to++
	}
	return slices.Clone(l.sorted[from:to])
}

// all lists all changed keys, ascending.
func (o *overlay) all() []string {
	out := make([]string, 0, len(o.changes))
	for i := range o.kinds {
		o.kinds[i].settle()
		out = append(out, o.kinds[i].sorted...)
	}
	return out
}
