package transcript

import (
	"sync"
)

// Prefix stands before every purpose. A change of any hashed format is a new
// version here.
const Prefix = "urna/v1/"

// Label is a registered purpose. Labels come only from Register.
type Label struct {
	text string
}

// String is the full label as it is hashed.
func (l *Label) String() string { return l.text }

var registry struct {
	sync.Mutex
	texts map[string]bool
}

// Register makes the label "urna/v1/<purpose>". It is meant for package-level
// variables and panics if the purpose was registered before, is empty or has
// a character outside a–z, 0–9, '/', '-'.
func Register(purpose string) *Label {
	if !wellFormed(purpose) {
		panic("transcript: purpose " + purpose + " has characters outside a-z 0-9 / -")
	}
	registry.Lock()
	defer registry.Unlock()
	if registry.texts == nil {
		registry.texts = make(map[string]bool)
	}
	text := Prefix + purpose
	if registry.texts[text] {
		panic("transcript: label " + text + " registered twice")
	}
	registry.texts[text] = true
	return &Label{text: text}
}

func wellFormed(purpose string) bool {
	for _, c := range []byte(purpose) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '/' && c != '-' {
			return false
		}
	}
	return purpose != ""
}
