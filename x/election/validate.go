package election

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urna-vote/urna/crypto/sign"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// Validate checks everything about a definition that can be known without
// state. A refusal names the field by its path and says what is wrong.
func Validate(def *electionv1.Definition) error {
	if def == nil {
		return refuse("definition", "missing")
	}
	checks := []func(*electionv1.Definition) error{
		validateTitles, validateZones, validateContests, validateStyles, validateUse,
		validateRevote, validateIssuers, validateTrustees, validateRest, validateCapacity,
	}
	for _, check := range checks {
		if err := check(def); err != nil {
			return err
		}
	}
	return nil
}

// ValidateReason checks the reason of an act, which stands on the record.
func ValidateReason(reason string) error {
	if err := checkText(reason, MaxReasonBytes); err != nil {
		return CodeMalformed.Refuse("reason", "%v", err)
	}
	return nil
}

func validateTitles(def *electionv1.Definition) error {
	if err := texts("title", def.Title); err != nil {
		return err
	}
	if err := count("groups", len(def.Groups), 1, MaxGroups); err != nil {
		return err
	}
	for i, g := range def.Groups {
		if err := texts(fmt.Sprintf("groups[%d].title", i), g.Title); err != nil {
			return err
		}
	}
	return nil
}

func validateZones(def *electionv1.Definition) error {
	if err := count("zones", len(def.Zones), 1, MaxZones); err != nil {
		return err
	}
	for i, z := range def.Zones {
		path := fmt.Sprintf("zones[%d]", i)
		if err := texts(path+".title", z.Title); err != nil {
			return err
		}
		last := int64(0)
		state := Announce(z, 0)
		for d := DeadlineCeremony; d <= DeadlineClose; d++ {
			t := d.Time(state)
			if t <= last {
				return refuse(path+"."+d.String(), "%d is not later than the deadline before it, %d", t, last)
			}
			last = t
		}
		if last > maxTimeMS {
			return refuse(path+".closes_ms", "%d is after the year 9999; times are Unix milliseconds", last)
		}
		if !zoneName(z.TimeZone) {
			return refuse(path+".time_zone", "%q is not an IANA name such as Europe/Moscow", z.TimeZone)
		}
	}
	return nil
}

func validateRevote(def *electionv1.Definition) error {
	p := def.Revote
	switch {
	case p == nil:
		return refuse("revote", "missing; an empty policy is one vote only")
	case !p.Allowed && (p.WindowMs != 0 || p.IntervalMs != 0):
		return refuse("revote", "window or interval without allowed")
	case p.WindowMs < 0 || p.WindowMs > maxSpanMS:
		return refuse("revote.window_ms", "%d is outside 0..%d", p.WindowMs, int64(maxSpanMS))
	case p.IntervalMs < 0 || p.IntervalMs > maxSpanMS:
		return refuse("revote.interval_ms", "%d is outside 0..%d", p.IntervalMs, int64(maxSpanMS))
	case p.WindowMs != 0 && p.IntervalMs > p.WindowMs:
		return refuse("revote.interval_ms", "%d is longer than the window %d: no second ballot could be cast", p.IntervalMs, p.WindowMs)
	}
	return nil
}

func validateIssuers(def *electionv1.Definition) error {
	if err := count("issuers", len(def.Issuers), 1, MaxIssuers); err != nil {
		return err
	}
	names, keys := map[string]int{}, map[string]int{}
	for i, s := range def.Issuers {
		if err := person(fmt.Sprintf("issuers[%d]", i), i, s.Name, "operator_key", s.OperatorKey, names, keys); err != nil {
			return err
		}
	}
	if err := count("panels", len(def.Panels), 1, MaxPanels); err != nil {
		return err
	}
	for i, p := range def.Panels {
		path := fmt.Sprintf("panels[%d].issuers", i)
		if err := count(path, len(p.Issuers), 1, MaxPanelMembers); err != nil {
			return err
		}
		sits := map[uint32]bool{}
		for _, issuer := range p.Issuers {
			if int(issuer) >= len(def.Issuers) {
				return refuse(path, "%d is not an index of the %d issuers", issuer, len(def.Issuers))
			}
			if sits[issuer] {
				return refuse(path, "issuer %d sits twice in one panel", issuer)
			}
			sits[issuer] = true
		}
	}
	return nil
}

func validateTrustees(def *electionv1.Definition) error {
	n := len(def.Trustees)
	if err := count("trustees", n, 1, MaxTrustees); err != nil {
		return err
	}
	names, keys := map[string]int{}, map[string]int{}
	for i, s := range def.Trustees {
		if err := person(fmt.Sprintf("trustees[%d]", i), i, s.Name, "key", s.Key, names, keys); err != nil {
			return err
		}
	}
	if def.Threshold < 1 || int(def.Threshold) > n {
		return refuse("threshold", "%d is outside 1..%d, the number of trustees", def.Threshold, n)
	}
	if c := def.Confirmations; c != 0 && (c < def.Threshold || int(c) > n) {
		return refuse("confirmations", "%d is outside %d..%d; 0 means the default", c, def.Threshold, n)
	}
	w := def.Ceremony
	switch {
	case w == nil:
		return refuse("ceremony", "missing; empty windows are the defaults")
	case w.WindowMs < 0 || w.WindowMs > maxSpanMS:
		return refuse("ceremony.window_ms", "%d is outside 0..%d", w.WindowMs, int64(maxSpanMS))
	case w.WindowBlocks > maxWindowBlocks:
		return refuse("ceremony.window_blocks", "%d is above %d", w.WindowBlocks, maxWindowBlocks)
	}
	return nil
}

func validateRest(def *electionv1.Definition) error {
	if def.MinJoined > maxMinJoined {
		return refuse("min_joined", "%d is above %d", def.MinJoined, maxMinJoined)
	}
	if def.TokenBits != 2048 && def.TokenBits != 3072 {
		return refuse("token_bits", "%d is neither 2048 nor 3072", def.TokenBits)
	}
	if len(def.Pages) > MaxPages {
		return refuse("pages", "%d pages, at most %d", len(def.Pages), MaxPages)
	}
	names := map[string]int{}
	for i, p := range def.Pages {
		path := fmt.Sprintf("pages[%d]", i)
		if err := name(path+".name", i, p.Name, names); err != nil {
			return err
		}
		if len(p.Sha256) != 32 {
			return refuse(path+".sha256", "%d bytes, needs 32", len(p.Sha256))
		}
	}
	if len(def.Nonce) != NonceBytes {
		return refuse("nonce", "%d bytes, needs %d", len(def.Nonce), NonceBytes)
	}
	return nil
}

// person is an issuer or trustee: a name and a key that nobody else in the
// same list has.
func person(path string, i int, personName, keyField string, key []byte, names, keys map[string]int) error {
	if err := name(path+".name", i, personName, names); err != nil {
		return err
	}
	if len(key) != sign.PublicKeySize {
		return refuse(path+"."+keyField, "%d bytes, needs %d", len(key), sign.PublicKeySize)
	}
	if err := sign.CheckPublicKey([sign.PublicKeySize]byte(key)); err != nil {
		return refuse(path+"."+keyField, "%v", err)
	}
	if other, taken := keys[string(key)]; taken {
		return refuse(path+"."+keyField, "is also the key of entry %d", other)
	}
	keys[string(key)] = i
	return nil
}

func name(path string, i int, s string, names map[string]int) error {
	if err := checkText(s, MaxNameBytes); err != nil {
		return refuse(path, "%v", err)
	}
	if other, taken := names[s]; taken {
		return refuse(path, "%q is also the name of entry %d", s, other)
	}
	names[s] = i
	return nil
}

func texts(path string, list []*electionv1.Text) error {
	if err := count(path, len(list), 1, MaxLanguages); err != nil {
		return err
	}
	langs := map[string]bool{}
	for i, t := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !language(t.Lang) {
			return refuse(at+".lang", "%q is not a language tag such as ru or en", t.Lang)
		}
		if langs[t.Lang] {
			return refuse(at+".lang", "%q stands twice", t.Lang)
		}
		langs[t.Lang] = true
		if err := checkText(t.Text, MaxTextBytes); err != nil {
			return refuse(at+".text", "%v", err)
		}
	}
	return nil
}

// checkText refuses what people could not read or could misread.
func checkText(s string, limit int) error {
	switch {
	case s == "":
		return fmt.Errorf("empty")
	case len(s) > limit:
		return fmt.Errorf("%d bytes, at most %d", len(s), limit)
	case !utf8.ValidString(s):
		return fmt.Errorf("not UTF-8")
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("begins or ends with a space")
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }):
		return fmt.Errorf("has a control character")
	}
	return nil
}

// language accepts a BCP 47 tag: a primary subtag of 2 or 3 lower-case letters,
// further ones of 1 to 8 letters and digits.
func language(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if i == 0 && (len(part) < 2 || len(part) > 3 || strings.Trim(part, lower) != "") {
			return false
		}
		if len(part) < 1 || len(part) > 8 || strings.Trim(part, lower+upper+digits) != "" {
			return false
		}
	}
	return len(s) <= 35
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

func zoneName(s string) bool {
	return s != "" && len(s) <= MaxNameBytes && strings.Trim(s, lower+upper+digits+"/_+-") == ""
}

func count(path string, n, least, most int) error {
	if n < least {
		return refuse(path, "%d entries, at least %d", n, least)
	}
	if n > most {
		return refuse(path, "%d entries, at most %d", n, most)
	}
	return nil
}

func refuse(path, format string, args ...any) error {
	return CodeDefinition.Refuse(path, format, args...)
}
