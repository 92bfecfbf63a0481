package arch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var document = regexp.MustCompile(`docs/[A-Za-z0-9_./-]+\.md`)

// Comments send readers to the documentation: each page must be there.
func TestPagesThatCommentsNameExist(t *testing.T) {
	named := 0
	for _, s := range sources(t) {
		for _, group := range s.file.Comments {
			for _, page := range document.FindAllString(group.Text(), -1) {
				named++
				if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(page))); err != nil {
					t.Errorf("%s names %s, which is not there", s.fset.Position(group.Pos()), page)
				}
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d pages are named", named)
	}
}
