package app

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/urna-vote/urna/crypto/merkle"
	"github.com/urna-vote/urna/x/ledger"
)

// summarize collects what the modules say of an election.
func summarize(modules []ledger.Module, r ledger.Reader, election [32]byte) *Summary {
	s := new(Summary)
	for _, m := range modules {
		if m.Summary != nil {
			s.Objects = append(s.Objects, m.Summary(r, election)...)
		}
	}
	slices.SortFunc(s.Objects, func(x, y ledger.Object) int { return strings.Compare(x.Name, y.Name) })
	fields := make([]merkle.Field, len(s.Objects))
	for i, o := range s.Objects {
		sum := sha256.Sum256(o.Bytes)
		fields[i] = merkle.Field{Name: o.Name, Value: sum[:]}
	}
	tree, err := merkle.Named(fields)
	if err != nil {
		panic(fmt.Sprintf("app: two modules name an object of election %x alike: %v", election, err))
	}
	s.Root = tree.Root()
	return s
}
