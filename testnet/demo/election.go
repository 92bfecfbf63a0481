package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/testnet/electorate"
)

// The demonstration's cast.
const (
	validators = 4
	observers  = 1
	members    = 5
	quorum     = 3
	trustees   = 5
	threshold  = 3
	// two panels of two issuers
	issuers   = 4
	panelSize = 2
)

// timetable is when things are due at first; issuing and voting open as soon
// as everything before them is ready, and the close is extended if the voting
// takes longer.
func timetable(now time.Time, voters int) commission.ZoneFile {
	now = now.Truncate(time.Second)
	voting := 75*time.Second + time.Duration(voters)*10*time.Millisecond
	return commission.ZoneFile{
		Title:         bilingual("Москва и весь мир", "One zone"),
		CeremonyOpens: now.Add(8 * time.Second),
		IssuingOpens:  now.Add(9 * time.Second),
		VotingOpens:   now.Add(10 * time.Second),
		Closes:        now.Add(voting),
		TimeZone:      "Europe/Moscow",
	}
}

// electionFile writes the election of an electorate down as a commission would.
func electionFile(e *electorate.Electorate, now time.Time, issuerKeys, trusteeKeys [][32]byte) (*commission.ElectionFile, error) {
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	f := &commission.ElectionFile{
		Title: bilingual(e.Title, e.Title), Nonce: nonce,
		Zones: []commission.ZoneFile{timetable(now, len(e.Voters))}, Classes: e.Classes,
		Revote:    commission.RevoteFile{Allowed: true, Interval: commission.Duration(8 * time.Second)},
		Threshold: threshold, TokenBits: 2048, SmallClasses: true,
		Ceremony: commission.WindowFile{Window: commission.Duration(30 * time.Second), Blocks: 10},
	}
	for _, c := range e.Contests {
		contest := commission.ContestFile{
			Title: bilingual(c.Title, c.Title), Kind: "choice",
			Min: uint32(c.Min), Max: uint32(c.Max), FirstSlot: uint32(c.FirstSlot),
		}
		for _, o := range c.Options {
			contest.Options = append(contest.Options, bilingual(o, o))
		}
		f.Contests = append(f.Contests, contest)
	}
	for _, g := range e.Groups {
		f.Groups = append(f.Groups, bilingual(g, g))
	}
	for _, s := range e.Styles {
		style := commission.StyleFile{Name: s.Name, Title: bilingual(s.Name, s.Name), Group: uint32(s.Group), Class: uint32(s.Class)}
		for _, c := range s.Contests {
			style.Contests = append(style.Contests, uint32(c))
		}
		f.Styles = append(f.Styles, style)
	}
	for i, key := range issuerKeys {
		f.Issuers = append(f.Issuers, commission.KeyFile{Name: fmt.Sprintf("issuer-%d", i+1), Key: api.Hex(key[:])})
		if i%panelSize == 0 {
			f.Panels = append(f.Panels, nil)
		}
		last := len(f.Panels) - 1
		f.Panels[last] = append(f.Panels[last], uint32(i))
	}
	for i, key := range trusteeKeys {
		f.Trustees = append(f.Trustees, commission.KeyFile{Name: fmt.Sprintf("trustee-%d", i+1), Key: api.Hex(key[:])})
	}
	return f, nil
}

func bilingual(ru, en string) commission.Title { return commission.Title{"ru": ru, "en": en} }

// writeJSON writes an input file of the commission.
func writeJSON(dir, name string, v any) (string, error) {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, append(text, '\n'), 0o644)
}
