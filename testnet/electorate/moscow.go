package electorate

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sort"
)

//go:embed data/moscow-2021-duma/districts.json
var moscowDistricts []byte

//go:embed data/moscow-2021-duma/party-lists.json
var moscowParties []byte

type district struct {
	District int    `json:"district"`
	Name     string `json:"name"`
	Min      int    `json:"min"`
	Max      int    `json:"max"`
	Options  []struct {
		Name  string `json:"name"`
		Votes int    `json:"votes"`
	} `json:"options"`
}

// Moscow draws each district's ballots in the published proportions (at scale 1
// exactly the published votes) and a party list for each from the seed.
func Moscow(scale float64, seed uint64) (*Electorate, error) {
	var published struct {
		Districts []district `json:"districts"`
	}
	if err := json.Unmarshal(moscowDistricts, &published); err != nil {
		return nil, fmt.Errorf("read districts: %w", err)
	}
	var lists struct {
		Min     int      `json:"min"`
		Max     int      `json:"max"`
		Parties []string `json:"parties"`
	}
	if err := json.Unmarshal(moscowParties, &lists); err != nil {
		return nil, fmt.Errorf("read party lists: %w", err)
	}
	e := &Electorate{Title: "Выборы депутатов Государственной Думы, Москва, 2021"}
	// The party lists stand on every ballot; the districts' candidates never
	// meet, so they share the slots behind.
	e.Contests = append(e.Contests, Contest{Title: "Федеральный избирательный округ", Options: lists.Parties, Min: lists.Min, Max: lists.Max, FirstSlot: 1})
	r := random(seed)
	for i, d := range published.Districts {
		contest := Contest{Title: fmt.Sprintf("Одномандатный округ № %d. %s", d.District, d.Name), Min: d.Min, Max: d.Max, FirstSlot: 1 + len(lists.Parties)}
		votes := make([]int, len(d.Options))
		for j, o := range d.Options {
			contest.Options = append(contest.Options, o.Name)
			votes[j] = o.Votes
		}
		name := fmt.Sprintf("%d", d.District)
		e.Contests = append(e.Contests, contest)
		e.Groups = append(e.Groups, d.Name)
		e.Classes = append(e.Classes, name)
		e.Styles = append(e.Styles, Style{Name: name, Group: i, Class: i, Contests: []int{0, i + 1}})
		for option, n := range apportion(votes, scale) {
			for range n {
				party := r.IntN(len(lists.Parties))
				e.Voters = append(e.Voters, Voter{Style: i, Choices: [][]int{{party}, {option}}})
			}
		}
	}
	e.shuffle(r)
	return e, nil
}

// apportion scales counts down so that their sum is the scaled sum, by largest
// remainders; equal remainders go to the earlier count.
func apportion(counts []int, scale float64) []int {
	total := 0
	for _, n := range counts {
		total += n
	}
	seats := int(float64(total)*scale + 0.5)
	type share struct {
		index     int
		remainder float64
	}
	out, shares := make([]int, len(counts)), make([]share, len(counts))
	given := 0
	for i, n := range counts {
		exact := float64(n) * float64(seats) / float64(max(total, 1))
		out[i] = int(exact)
		given += out[i]
		shares[i] = share{i, exact - float64(out[i])}
	}
	sort.SliceStable(shares, func(i, j int) bool { return shares[i].remainder > shares[j].remainder })
	for i := 0; given < seats; i++ {
		out[shares[i%len(shares)].index]++
		given++
	}
	return out
}
