package texts

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// Language in which a person is told something.
type Language string

// The languages there are.
const (
	Russian Language = "ru"
	English Language = "en"
)

var matcher = language.NewMatcher([]language.Tag{language.English, language.Russian})

// Match chooses by an Accept-Language header; English where nothing fits.
func Match(accept string) Language {
	if accept == "" || len(accept) > 200 {
		return English
	}
	_, at := language.MatchStrings(matcher, accept)
	if at == 1 {
		return Russian
	}
	return English
}

// Both languages of one text.
type Both struct {
	RU, EN string
}

// In gives the text in one language.
func (b Both) In(l Language) string {
	if l == Russian {
		return b.RU
	}
	return b.EN
}

// Fill puts values into the places "{name}" of both languages. A value is a
// string, a Both, or a time.Duration.
func (b Both) Fill(values map[string]any) Both {
	if !strings.Contains(b.RU, "{") && !strings.Contains(b.EN, "{") {
		return b
	}
	var ru, en []string
	for name, value := range values {
		place := "{" + name + "}"
		switch v := value.(type) {
		case Both:
			ru, en = append(ru, place, v.RU), append(en, place, v.EN)
		case time.Duration:
			said := Wait(v)
			ru, en = append(ru, place, said.RU), append(en, place, said.EN)
		default:
			ru, en = append(ru, place, fmt.Sprint(v)), append(en, place, fmt.Sprint(v))
		}
	}
	return Both{strings.NewReplacer(ru...).Replace(b.RU), strings.NewReplacer(en...).Replace(b.EN)}
}

// Wait says a time to wait, rounded up to whole seconds or, from ten minutes,
// to minutes.
func Wait(d time.Duration) Both {
	seconds := max(1, int64((d+time.Second-1)/time.Second))
	minutes := seconds / 60
	switch {
	case seconds < 60:
		return Both{fmt.Sprintf("%d с", seconds), fmt.Sprintf("%d s", seconds)}
	case minutes >= 10 || seconds%60 == 0:
		minutes = (seconds + 59) / 60
		return Both{fmt.Sprintf("%d мин", minutes), fmt.Sprintf("%d min", minutes)}
	}
	return Both{fmt.Sprintf("%d мин %d с", minutes, seconds%60), fmt.Sprintf("%d min %d s", minutes, seconds%60)}
}

// Kind of refusal.
type Kind struct {
	// Name is what programs go by.
	Name string
	// Status of HTTP.
	Status int
	// Title says what it is, Detail what happened, Next what to do. They may
	// hold the places {wait} and {field}, and others that the refusal fills.
	Title, Detail, Next Both
}

var kinds = map[string]*Kind{}

// Declare makes a kind. Two of one name contradict each other.
func Declare(name string, status int, title, detail, next Both) *Kind {
	if _, twice := kinds[name]; twice {
		panic("texts: refusal declared twice: " + name)
	}
	k := &Kind{Name: name, Status: status, Title: title, Detail: detail, Next: next}
	kinds[name] = k
	return k
}

// Find a kind by its name.
func Find(name string) (*Kind, bool) {
	k, ok := kinds[name]
	return k, ok
}

// Kinds lists all that are declared, in no order.
func Kinds() []*Kind {
	all := make([]*Kind, 0, len(kinds))
	for _, k := range kinds {
		all = append(all, k)
	}
	return all
}
