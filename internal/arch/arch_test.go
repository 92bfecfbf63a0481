package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/urna-vote/urna/internal/arch"
)

const root = "../.."

// source is a parsed file of the module that is neither test nor generated.
type source struct {
	path string // from the root, with slashes
	pkg  string // package path within the module
	file *ast.File
	fset *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == "build" || rel == "scripts/tools" || (rel != "." && strings.HasPrefix(d.Name(), ".")) || d.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".pb.go") {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{path: rel, pkg: filepath.ToSlash(filepath.Dir(rel)), file: f, fset: fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d files found from %s: the check looks at the wrong tree", len(all), root)
	}
	return all
}

func TestImportsKeepToTheTable(t *testing.T) {
	for _, s := range sources(t) {
		rule, ok := arch.Find(s.pkg)
		if !ok {
			t.Errorf("%s: package %s has no rule in internal/arch/table.go", s.path, s.pkg)
			continue
		}
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			within, own := strings.CutPrefix(path, arch.Module+"/")
			if !rule.Allows(within, own) {
				t.Errorf("%s imports %s: %s", s.path, within, rule.Why)
			}
		}
	}
}

func TestEveryRuleHasAPackage(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		if r, ok := arch.Find(s.pkg); ok {
			seen[r.Packages] = true
		}
	}
	for _, r := range arch.Table {
		if !seen[r.Packages] {
			t.Errorf("rule for %s matches no package: delete it", r.Packages)
		}
	}
}

// Packages are nouns of the election.
func TestPackageNamesAreNouns(t *testing.T) {
	for _, s := range sources(t) {
		switch s.file.Name.Name {
		case "util", "utils", "common", "helper", "helpers", "types", "misc", "shared":
			t.Errorf("%s: a package named %q says nothing of what lives there", s.path, s.file.Name.Name)
		}
	}
}

func TestEveryPackageHasADoc(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

// A ratchet: limits only go down.
const (
	longestFile     = 500
	longestFunction = 90
)

func TestFilesAndFunctionsStayReadable(t *testing.T) {
	for _, s := range sources(t) {
		if n := s.fset.Position(s.file.End()).Line; n > longestFile {
			t.Errorf("%s has %d lines; split it by what it is about (limit %d)", s.path, n, longestFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; n > longestFunction {
				t.Errorf("%s: %s has %d lines (limit %d)", s.path, f.Name.Name, n, longestFunction)
			}
		}
	}
}

func TestMainStaysUnder150Lines(t *testing.T) {
	for _, s := range sources(t) {
		if strings.HasPrefix(s.path, "cmd/") && filepath.Base(s.path) == "main.go" {
			if n := s.fset.Position(s.file.End()).Line; n > 150 {
				t.Errorf("%s has %d lines", s.path, n)
			}
		}
	}
}

// The tree speaks of itself alone.
func TestNoUnfinishedWork(t *testing.T) {
	marks := []string{"TO" + "DO", "FIX" + "ME", "t.Ski" + "p("}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "build" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range marks {
			if strings.Contains(string(b), m) {
				t.Errorf("%s contains %s", path, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// docs/THREATS.md names the test that meets each threat.
func TestThreatsNameTestsThatExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "THREATS.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`").FindAllStringSubmatch(string(text), -1)
	if len(named) < 50 {
		t.Fatalf("only %d tests are named", len(named))
	}
	exists := map[string]bool{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				exists[fn.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range named {
		if !exists[n[1]] {
			t.Errorf("docs/THREATS.md names %s, which no package has", n[1])
		}
	}
}
