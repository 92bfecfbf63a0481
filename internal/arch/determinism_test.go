package arch_test

import (
	"go/ast"
	"go/types"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// Code that decides blocks may not see a clock, chance, the environment or the
// order of a map, and may not start goroutines.
var (
	forbiddenImports = []string{"math/rand", "math/rand/v2", "crypto/rand", "os", "os/exec", "net", "net/http", "runtime", "log", "reflect", "unsafe"}
	forbiddenTime    = map[string]bool{"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "Tick": true, "NewTimer": true, "NewTicker": true, "AfterFunc": true}
)

// exempt lists, with the reason, what a package may do all the same.
var exempt = map[string]map[string]string{
	"app/txn":   {"go": "verifies pure facts on all cores, the same answer in any order", "runtime": "asks how many cores there are", "crypto/rand": "weights of the batch verification; see docs/spec/ballot-proof.md"},
	"app/store": {"os": "files", "reflect": ""},
	"app":       {"os": "evidence of a refused block is a file"},
}

func TestBlocksAreDecidedDeterministically(t *testing.T) {
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile,
		Dir:  root,
	}, "./app/...", "./x/...")
	if err != nil {
		t.Fatal(err)
	}
	if len(pkgs) < 10 {
		t.Fatalf("only %d packages loaded", len(pkgs))
	}
	for _, p := range pkgs {
		for _, e := range p.Errors {
			t.Errorf("%s: %v", p.PkgPath, e)
		}
		within := strings.TrimPrefix(p.PkgPath, "github.com/urna-vote/urna/")
		if within == "x/ledger/ledgertest" {
			continue // only tests use it
		}
		if within == "app/mempool" {
			continue // it offers candidates, which are judged again before their block, and decides none
		}
		if within == "app/foresee" {
			continue // it has pure facts verified before their turn, and decides nothing
		}
		for _, f := range p.Syntax {
			checkFile(t, p, within, f)
		}
	}
}

func checkFile(t *testing.T, p *packages.Package, within string, f *ast.File) {
	t.Helper()
	at := func(n ast.Node) string { return p.Fset.Position(n.Pos()).String() }
	for _, spec := range f.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		for _, bad := range forbiddenImports {
			if _, ok := exempt[within][bad]; path == bad && !ok {
				t.Errorf("%s: imports %s", at(spec), path)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if _, ok := exempt[within]["go"]; !ok {
				t.Errorf("%s: starts a goroutine", at(n))
			}
		case *ast.RangeStmt:
			if _, isMap := p.TypesInfo.TypeOf(n.X).Underlying().(*types.Map); isMap && !orderless(n) {
				t.Errorf("%s: ranges over a map, whose order differs between runs; use slices.Sorted(maps.Keys(m))", at(n))
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				if pkg, ok := p.TypesInfo.Uses[x].(*types.PkgName); ok && pkg.Imported().Path() == "time" && forbiddenTime[n.Sel.Name] {
					t.Errorf("%s: asks the wall clock (time.%s)", at(n), n.Sel.Name)
				}
			}
		case *ast.Ident:
			if tn, ok := p.TypesInfo.Uses[n].(*types.TypeName); ok {
				if b, ok := tn.Type().(*types.Basic); ok && b.Info()&types.IsFloat != 0 {
					t.Errorf("%s: uses %s", at(n), b.Name())
				}
			}
		}
		return true
	})
}

// orderless allows a range whose body only deletes from a map or counts, an
// operation without order.
func orderless(n *ast.RangeStmt) bool {
	if len(n.Body.List) != 1 {
		return false
	}
	switch s := n.Body.List[0].(type) {
	case *ast.IncDecStmt:
		return true
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := call.Fun.(*ast.Ident)
		return ok && id.Name == "delete"
	}
	return false
}
