package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/chain"
	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/commission"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/trustee/count"
	"github.com/urna-vote/urna/proto/api"
	ceremonyv1 "github.com/urna-vote/urna/proto/urna/ceremony/v1"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	tallyv1 "github.com/urna-vote/urna/proto/urna/tally/v1"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
	"github.com/urna-vote/urna/x/tally"
)

func newTallyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tally",
		Short: "Join the trustees' shares into the result, show the protocol of results",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTallyResultCommand(), newTallyProtocolCommand())
	return cmd
}

// counted is a zone whose counting is asked about.
type counted struct {
	connection
	election string
	zone     uint32
	// wait for shares that a node may not have seen yet.
	wait time.Duration
}

func (z *counted) register(cmd *cobra.Command) {
	z.connection.register(cmd)
	cmd.Flags().StringVar(&z.election, "election", "", "id of the election")
	cmd.Flags().Uint32Var(&z.zone, "zone", 0, "number of the zone, from 0")
	_ = cmd.MarkFlagRequired("election") // the flag exists
}

func (z *counted) open() (*client.Client, [32]byte, error) {
	id, err := commission.Hex32("--election", z.election)
	if err != nil {
		return nil, id, terminal.Usage("%w", err)
	}
	c, err := z.connection.open()
	return c, id, err
}

func (z *counted) object(kind string) string { return fmt.Sprintf("%s/%d", kind, z.zone) }

func newTallyResultCommand() *cobra.Command {
	var z counted
	cmd := &cobra.Command{
		Use:   "result",
		Short: "Find the counts from the shares on the ledger and send the result",
		Long: `Find the counts from the shares on the ledger and send the result. Anyone may:
each share is checked here, and the ledger checks the counts. If the result is on
the ledger already it is shown.`,
		Example: "  urna tally result --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return z.result(cmd) },
	}
	z.register(cmd)
	cmd.Flags().DurationVar(&z.wait, "wait", 10*time.Second, "how long to wait for enough shares")
	return cmd
}

func (z *counted) result(cmd *cobra.Command) error {
	c, id, err := z.open()
	if err != nil {
		return err
	}
	defer c.Close()
	proven, err := c.Proven(cmd.Context(), id, "definition", z.object("key"), z.object("units"))
	if errors.Is(err, client.ErrNotFound) {
		return fmt.Errorf("zone %d is not being counted: %w", z.zone, err)
	}
	if err != nil {
		return differs(err)
	}
	def, err := provenObject[electionv1.Definition](proven, "definition")
	if err != nil {
		return err
	}
	units, err := provenObject[tallyv1.Units](proven, z.object("units"))
	if err != nil {
		return err
	}
	standing, err := z.standing(cmd.Context(), c, id)
	if err != nil {
		return err
	}
	if standing != nil {
		return printCounts(cmd, def, units, standing, "the result is on the ledger already")
	}
	result, err := z.count(cmd, c, id, proven, def, units)
	if err != nil {
		return err
	}
	raw, err := envelope.EncodeUnsigned(c.Trust().ChainID(), uint32(txv1.Kind_KIND_RESULT), ledger.MustEncode(result))
	if err != nil {
		return err
	}
	height, err := c.SubmitAndWait(cmd.Context(), raw)
	if errors.Is(err, client.ErrRefused) {
		// Another may have been faster; all right results are the same.
		if standing, again := z.standing(cmd.Context(), c, id); again == nil && standing != nil {
			return printCounts(cmd, def, units, standing, "the result is on the ledger already")
		}
	}
	if err != nil {
		return err
	}
	return printCounts(cmd, def, units, result, fmt.Sprintf("result: on the ledger in block %d", height))
}

// standing is the proven result, nil if there is none.
func (z *counted) standing(ctx context.Context, c *client.Client, id [32]byte) (*tallyv1.Result, error) {
	proven, err := c.Proven(ctx, id, z.object("result"))
	if errors.Is(err, client.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, differs(err)
	}
	return provenObject[tallyv1.Result](proven, z.object("result"))
}

// count joins the shares that a node shows; each is checked by its proofs.
func (z *counted) count(cmd *cobra.Command, c *client.Client, id [32]byte, proven *chain.Proven, def *electionv1.Definition, units *tallyv1.Units) (*tallyv1.Result, error) {
	if units.WaitingConsent {
		return nil, fmt.Errorf("zone %d has so few ballots that the commission must consent to counting them: urna commission propose consent-small-count", z.zone)
	}
	key, err := provenObject[ceremonyv1.ElectionKey](proven, z.object("key"))
	if err != nil {
		return nil, err
	}
	progress := newProgress(cmd, "sums counted")
	zone := count.Zone{ChainID: c.Trust().ChainID(), Election: id, Definition: def, Zone: z.zone, Key: key, Units: units, Progress: progress.Set}
	until := time.Now().Add(z.wait)
	for {
		if zone.Trustees, err = z.trustees(cmd.Context(), c, id); err != nil {
			return nil, err
		}
		if zone.Shares, err = z.shares(cmd.Context(), c, id); err != nil {
			return nil, err
		}
		result, err := zone.Result()
		if err == nil {
			progress.Done()
			return result, nil
		}
		if !errors.Is(err, count.ErrTooFew) || !time.Now().Before(until) {
			return nil, err
		}
		if err := pause(cmd.Context(), time.Second); err != nil {
			return nil, err
		}
	}
}

// trustees are those whose shares count, proven; nil before there is a share.
func (z *counted) trustees(ctx context.Context, c *client.Client, id [32]byte) (*tallyv1.CountingTrustees, error) {
	proven, err := c.Proven(ctx, id, z.object("trustees"))
	if errors.Is(err, client.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, differs(err)
	}
	return provenObject[tallyv1.CountingTrustees](proven, z.object("trustees"))
}

// shares are those a node shows.
func (z *counted) shares(ctx context.Context, c *client.Client, id [32]byte) (map[uint32]*tallyv1.DecryptionShare, error) {
	shown, err := c.Tally(ctx, id, z.zone)
	if err != nil {
		return nil, err
	}
	out := map[uint32]*tallyv1.DecryptionShare{}
	for _, s := range shown.Shares {
		share, err := ledger.DecodeStrict[tallyv1.DecryptionShare](s.Share, tally.MaxBytes)
		if err != nil {
			return nil, terminal.Difference(fmt.Errorf("share of trustee %d: %w", s.Trustee, err))
		}
		out[s.Trustee] = share
	}
	return out, nil
}

// unitCounts are the counts of one contest in a union of groups.
type unitCounts struct {
	Contest uint32        `json:"contest"`
	Title   string        `json:"title"`
	Groups  []uint32      `json:"groups"`
	Ballots uint64        `json:"ballots"`
	Options []optionCount `json:"options"`
}

type optionCount struct {
	Title string `json:"title"`
	Count uint64 `json:"count"`
}

func countsOf(def *electionv1.Definition, lines []*tallyv1.ProtocolContest) []unitCounts {
	out := []unitCounts{}
	for _, l := range lines {
		contest := def.Contests[l.Contest]
		u := unitCounts{Contest: l.Contest, Title: titleOf(contest.Title), Groups: l.Groups, Ballots: l.Ballots, Options: []optionCount{}}
		for i, n := range l.Counts {
			u.Options = append(u.Options, optionCount{Title: titleOf(contest.Options[i].Title), Count: n})
		}
		out = append(out, u)
	}
	return out
}

func printCounts(cmd *cobra.Command, def *electionv1.Definition, units *tallyv1.Units, result *tallyv1.Result, line string) error {
	counts := countsOf(def, tally.ProtocolContests(units, result))
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), map[string]any{"zone": result.Zone, "trustees": result.Trustees, "units": counts})
	}
	p := &printer{w: cmd.OutOrStdout()}
	p.line("%s", line)
	p.counts(counts)
	return p.err
}

func (p *printer) counts(list []unitCounts) {
	for _, u := range list {
		p.line("\ncontest %d %s, groups %s, %d ballots", u.Contest, u.Title, join(u.Groups), u.Ballots)
		rows := make([][]string, len(u.Options))
		for i, o := range u.Options {
			rows[i] = []string{"  " + o.Title, fmt.Sprint(o.Count)}
		}
		p.table([]string{"  option", "votes"}, rows)
	}
}

func newTallyProtocolCommand() *cobra.Command {
	var z counted
	cmd := &cobra.Command{
		Use:     "protocol",
		Short:   "Show the protocol of results and the hash that the commission approves",
		Example: "  urna tally protocol --election 9ab1… --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return z.protocol(cmd) },
	}
	z.register(cmd)
	return cmd
}

// protocolView is the protocol of results as it is printed.
type protocolView struct {
	Hash          api.Hex      `json:"hash"`
	ChainID       string       `json:"chain_id"`
	Election      api.Hex      `json:"election"`
	Zone          uint32       `json:"zone"`
	Height        int64        `json:"height"`
	Final         bool         `json:"final"`
	Roll          uint64       `json:"roll"`
	Removed       uint64       `json:"removed"`
	Issued        uint64       `json:"issued"`
	Accepted      uint64       `json:"accepted"`
	Recasts       uint64       `json:"recasts"`
	IssuedNotCast uint64       `json:"issued_not_cast"`
	GapHeight     int64        `json:"gap_height"`
	ClosedMS      int64        `json:"closed_ms"`
	CountedRoot   api.Hex      `json:"counted_root"`
	KeyMode       string       `json:"key_mode"`
	Contests      []unitCounts `json:"contests"`
}

func (z *counted) protocol(cmd *cobra.Command) error {
	c, id, err := z.open()
	if err != nil {
		return err
	}
	defer c.Close()
	proven, err := c.Proven(cmd.Context(), id, "definition", z.object("protocol"), z.object("zone"))
	if errors.Is(err, client.ErrNotFound) {
		return fmt.Errorf("zone %d has no protocol of results yet: %w", z.zone, err)
	}
	if err != nil {
		return differs(err)
	}
	def, err := provenObject[electionv1.Definition](proven, "definition")
	if err != nil {
		return err
	}
	m, err := provenObject[tallyv1.Protocol](proven, z.object("protocol"))
	if err != nil {
		return err
	}
	state, err := provenObject[electionv1.ZoneState](proven, z.object("zone"))
	if err != nil {
		return err
	}
	hash := tally.ProtocolHash(m)
	view := protocolView{
		Hash: hash[:], ChainID: m.ChainId, Election: m.ElectionId, Zone: m.Zone,
		Height: proven.Head.Height, Final: state.Phase == electionv1.Phase_PHASE_FINAL,
		Roll: m.Roll, Removed: m.Removed, Issued: m.Issued, Accepted: m.Accepted, Recasts: m.Recasts, IssuedNotCast: m.IssuedNotCast,
		GapHeight: m.GapHeight, ClosedMS: m.ClosedMs, CountedRoot: m.CountedRoot, KeyMode: string(m.KeyMode),
		Contests: countsOf(def, m.Contests),
	}
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), view)
	}
	return printProtocol(cmd.OutOrStdout(), view)
}

func printProtocol(w io.Writer, v protocolView) error {
	p := &printer{w: w}
	p.line("PROTOCOL OF RESULTS, election %s, zone %d, chain %s", v.Election, v.Zone, v.ChainID)
	rows := [][]string{
		{"in the roll", fmt.Sprint(v.Roll)}, {"struck from the roll", fmt.Sprint(v.Removed)},
		{"ballots issued", fmt.Sprint(v.Issued)}, {"ballots accepted", fmt.Sprint(v.Accepted)},
		{"issued and not cast", fmt.Sprint(v.IssuedNotCast)}, {"cast again", fmt.Sprint(v.Recasts)},
	}
	p.table([]string{"line", "number"}, rows)
	p.counts(v.Contests)
	if v.GapHeight > 0 {
		p.line("\nblock time jumped after block %d; the commission decided", v.GapHeight)
	}
	p.line("\nkey made by: %s; counted ballots' root %s", v.KeyMode, v.CountedRoot)
	p.line("approved by the commission: %v (height %d)", v.Final, v.Height)
	p.line("protocol hash %s", v.Hash)
	return p.err
}
