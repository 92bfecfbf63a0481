package texts_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/urna-vote/urna/offchain/gateway/texts"
)

var place = regexp.MustCompile(`\{[a-z]+\}`)

func TestEveryRefusalIsWordedInBothLanguagesWithWhatToDoNext(t *testing.T) {
	kinds := texts.Kinds()
	if len(kinds) < 15 {
		t.Fatalf("only %d kinds are declared", len(kinds))
	}
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	for _, k := range kinds {
		if !name.MatchString(k.Name) || k.Status < 400 || k.Status > 599 {
			t.Errorf("%q with status %d", k.Name, k.Status)
		}
		for part, b := range map[string]texts.Both{"title": k.Title, "detail": k.Detail, "next": k.Next} {
			if !strings.ContainsFunc(b.RU, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
				t.Errorf("%s: %s in Russian: %q", k.Name, part, b.RU)
			}
			if b.EN == "" || strings.ContainsFunc(b.EN, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
				t.Errorf("%s: %s in English: %q", k.Name, part, b.EN)
			}
			if ru, en := place.FindAllString(b.RU, -1), place.FindAllString(b.EN, -1); strings.Join(ru, "") != strings.Join(en, "") {
				t.Errorf("%s: %s fills %v in Russian and %v in English", k.Name, part, ru, en)
			}
			if part != "title" && !strings.ContainsAny(b.EN[len(b.EN)-1:], ".}?!") {
				t.Errorf("%s: %s is no sentence: %q", k.Name, part, b.EN)
			}
		}
	}
}

func TestALanguageIsChosenByWhatTheBrowserAsksFor(t *testing.T) {
	for accept, want := range map[string]texts.Language{
		"":                          texts.English,
		"ru":                        texts.Russian,
		"ru-RU,ru;q=0.9,en;q=0.8":   texts.Russian,
		"en-US,en;q=0.9,ru;q=0.5":   texts.English,
		"de, ru;q=0.5":              texts.Russian,
		"zh":                        texts.English,
		";;;":                       texts.English,
		strings.Repeat("ru,", 1000): texts.English,
	} {
		if got := texts.Match(accept); got != want {
			t.Errorf("%.30q: %s, not %s", accept, got, want)
		}
	}
}

func TestWaitsAreSaidAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration]texts.Both{
		0:                                  {RU: "1 с", EN: "1 s"},
		1500 * time.Millisecond:            {RU: "2 с", EN: "2 s"},
		time.Minute:                        {RU: "1 мин", EN: "1 min"},
		90 * time.Second:                   {RU: "1 мин 30 с", EN: "1 min 30 s"},
		10*time.Minute + time.Second:       {RU: "11 мин", EN: "11 min"},
		2*time.Hour + 500*time.Millisecond: {RU: "121 мин", EN: "121 min"},
	} {
		if got := texts.Wait(d); got != want {
			t.Errorf("%s: %v", d, got)
		}
	}
	b := texts.Both{RU: "через {wait} — {field}", EN: "in {wait} — {field}"}.Fill(map[string]any{"wait": time.Minute, "field": "code"})
	if b.RU != "через 1 мин — code" || b.EN != "in 1 min — code" {
		t.Error(b)
	}
}

func TestANameIsDeclaredOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("declared twice")
		}
	}()
	texts.Declare(texts.Malformed.Name, 400, texts.Both{}, texts.Both{}, texts.Both{})
}
