package commission

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"time"

	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

// ElectionFile is an election as a commission writes it down, in JSON. Indices
// count from 0; times are RFC 3339; durations like "3h"; keys are hex.
type ElectionFile struct {
	Title    Title         `json:"title"`
	Contests []ContestFile `json:"contests"`
	Groups   []Title       `json:"groups"`
	Zones    []ZoneFile    `json:"zones"`
	Classes  []string      `json:"classes"`
	Styles   []StyleFile   `json:"styles"`
	Revote   RevoteFile    `json:"revote"`
	Issuers  []KeyFile     `json:"issuers"`
	// Panels: issuers by index; the first is open first.
	Panels        [][]uint32 `json:"panels"`
	Trustees      []KeyFile  `json:"trustees"`
	Threshold     uint32     `json:"threshold"`
	Confirmations uint32     `json:"confirmations,omitempty"`
	Ceremony      WindowFile `json:"ceremony"`
	MinJoined     uint32     `json:"min_joined,omitempty"`
	SmallClasses  bool       `json:"small_classes,omitempty"`
	TokenBits     uint32     `json:"token_bits"`
	Pages         []PageFile `json:"pages,omitempty"`
	// Nonce, 16 bytes, makes a repeated election another one.
	Nonce api.Hex `json:"nonce"`
}

// Title in several languages, by BCP 47 tag.
type Title map[string]string

// ContestFile is a contest; kind is "choice" or "points".
type ContestFile struct {
	Title     Title   `json:"title"`
	Kind      string  `json:"kind"`
	Options   []Title `json:"options"`
	Min       uint32  `json:"min,omitempty"`
	Max       uint32  `json:"max,omitempty"`
	MaxPoints uint32  `json:"max_points,omitempty"`
	// Total bounds the sum of points: [least, most].
	Total     []uint32 `json:"total,omitempty"`
	FirstSlot uint32   `json:"first_slot"`
}

// ZoneFile is a zone and its timetable.
type ZoneFile struct {
	Title         Title     `json:"title"`
	CeremonyOpens time.Time `json:"ceremony_opens"`
	IssuingOpens  time.Time `json:"issuing_opens"`
	VotingOpens   time.Time `json:"voting_opens"`
	Closes        time.Time `json:"closes"`
	TimeZone      string    `json:"time_zone"`
}

// StyleFile is a territory's ballot.
type StyleFile struct {
	Name     string   `json:"name"`
	Title    Title    `json:"title"`
	Zone     uint32   `json:"zone"`
	Group    uint32   `json:"group"`
	Class    uint32   `json:"class"`
	Contests []uint32 `json:"contests"`
}

// RevoteFile: an empty window lasts until the close.
type RevoteFile struct {
	Allowed  bool     `json:"allowed"`
	Window   Duration `json:"window,omitempty"`
	Interval Duration `json:"interval,omitempty"`
}

// KeyFile is an issuer or a trustee.
type KeyFile struct {
	Name string  `json:"name"`
	Key  api.Hex `json:"key"`
}

// WindowFile bounds a window of the key ceremony from below.
type WindowFile struct {
	Window Duration `json:"window"`
	Blocks uint32   `json:"blocks"`
}

// PageFile is a voter page that is trusted.
type PageFile struct {
	Name   string  `json:"name"`
	SHA256 api.Hex `json:"sha256"`
}

// Duration is written as "10m".
type Duration time.Duration

// MarshalText writes "10m0s".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads "10m".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// ReadElectionFile reads an election; unknown keys are refused.
func ReadElectionFile(r io.Reader) (*ElectionFile, error) {
	text, err := io.ReadAll(io.LimitReader(r, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("read election file: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var f ElectionFile
	if err := decoder.Decode(&f); err != nil {
		return nil, fmt.Errorf("election file: %w", err)
	}
	if decoder.More() {
		return nil, fmt.Errorf("election file: something follows the election")
	}
	return &f, nil
}

// Definition is the election in the ledger's form.
func (f *ElectionFile) Definition() (*electionv1.Definition, error) {
	d := &electionv1.Definition{
		Title: f.Title.texts(), Threshold: f.Threshold, Confirmations: f.Confirmations,
		MinJoined: f.MinJoined, SmallClasses: f.SmallClasses, TokenBits: f.TokenBits, Nonce: f.Nonce,
		Ceremony: &electionv1.CeremonyWindows{WindowMs: f.Ceremony.Window.ms(), WindowBlocks: f.Ceremony.Blocks},
		Revote:   &electionv1.RevotePolicy{Allowed: f.Revote.Allowed, WindowMs: f.Revote.Window.ms(), IntervalMs: f.Revote.Interval.ms()},
	}
	for i, c := range f.Contests {
		contest, err := c.contest()
		if err != nil {
			return nil, fmt.Errorf("contests[%d]: %w", i, err)
		}
		d.Contests = append(d.Contests, contest)
	}
	for _, g := range f.Groups {
		d.Groups = append(d.Groups, &electionv1.CountingGroup{Title: g.texts()})
	}
	for _, z := range f.Zones {
		d.Zones = append(d.Zones, &electionv1.Zone{
			Title: z.Title.texts(), TimeZone: z.TimeZone,
			CeremonyOpensMs: z.CeremonyOpens.UnixMilli(), IssuingOpensMs: z.IssuingOpens.UnixMilli(),
			VotingOpensMs: z.VotingOpens.UnixMilli(), ClosesMs: z.Closes.UnixMilli(),
		})
	}
	for _, c := range f.Classes {
		d.Classes = append(d.Classes, &electionv1.TokenClass{Name: c})
	}
	for _, s := range f.Styles {
		d.Styles = append(d.Styles, &electionv1.Style{Name: s.Name, Title: s.Title.texts(), Zone: s.Zone, Group: s.Group, TokenClass: s.Class, Contests: s.Contests})
	}
	for _, i := range f.Issuers {
		d.Issuers = append(d.Issuers, &electionv1.Issuer{Name: i.Name, OperatorKey: i.Key})
	}
	for _, p := range f.Panels {
		d.Panels = append(d.Panels, &electionv1.Panel{Issuers: p})
	}
	for _, t := range f.Trustees {
		d.Trustees = append(d.Trustees, &electionv1.Trustee{Name: t.Name, Key: t.Key})
	}
	for _, p := range f.Pages {
		d.Pages = append(d.Pages, &electionv1.Page{Name: p.Name, Sha256: p.SHA256})
	}
	return d, nil
}

func (c ContestFile) contest() (*electionv1.Contest, error) {
	out := &electionv1.Contest{Title: c.Title.texts(), Min: c.Min, Max: c.Max, MaxPoints: c.MaxPoints, FirstSlot: c.FirstSlot}
	switch c.Kind {
	case "choice":
		out.Kind = electionv1.ContestKind_CONTEST_KIND_CHOICE
	case "points":
		out.Kind = electionv1.ContestKind_CONTEST_KIND_POINTS
	default:
		return nil, fmt.Errorf("kind is %q: want choice or points", c.Kind)
	}
	switch len(c.Total) {
	case 0:
	case 2:
		out.HasTotal, out.TotalMin, out.TotalMax = true, c.Total[0], c.Total[1]
	default:
		return nil, fmt.Errorf("total has %d numbers: want the least and the most", len(c.Total))
	}
	for _, o := range c.Options {
		out.Options = append(out.Options, &electionv1.Option{Title: o.texts()})
	}
	return out, nil
}

// texts lists the title by language, ascending.
func (t Title) texts() []*electionv1.Text {
	langs := make([]string, 0, len(t))
	for lang := range t {
		langs = append(langs, lang)
	}
	sort.Strings(langs)
	var out []*electionv1.Text
	for _, lang := range langs {
		out = append(out, &electionv1.Text{Lang: lang, Text: t[lang]})
	}
	return out
}

func (d Duration) ms() int64 { return time.Duration(d).Milliseconds() }

// Hex32 reads an id or a key of 32 bytes.
func Hex32(what, text string) ([32]byte, error) {
	var out [32]byte
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(out) {
		return out, fmt.Errorf("%s %q: want 64 hex digits", what, text)
	}
	copy(out[:], raw)
	return out, nil
}
