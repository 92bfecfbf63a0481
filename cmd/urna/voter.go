package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/slip"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/booth"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

func newVoterCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "voter",
		Short: "Apply, get a token, vote, vote again, see what the ledger has",
		Long: `Apply, get a token, vote, vote again, see what the ledger has.

A slip (from the registrar, or handed out) opens the way to a token. The token
and everything else that must not be lost is kept in a state file, mode 0600:
whoever has it can vote in your place. It never holds a choice.

  urna voter ballot --slip slip.json --node http://127.0.0.1:26680 --genesis genesis.json
  urna voter token  --slip slip.json --state me.json --gateway issuer-1=http://127.0.0.1:26690 --gateway … --node … --genesis …
  urna voter vote   --state me.json --choose "1=2" --choose "2=1,3" --receipt receipt.txt --node … --genesis …

Where there is a portal you apply, fetch the slip and get the token by logging in
there with your browser; codes come by message:

  urna voter apply --registrar https://registrar.example
  urna voter slip  --registrar https://registrar.example --election ID --out slip.json
  urna voter token --login portal --slip slip.json --state me.json --gateway issuer-1=https://one.example --gateway … --node … --genesis …

Ask for the token and vote at different times, and vote at another operator's
node than the gateways': time and address are all that could join the two.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newVoterApplyCommand(), newVoterWithdrawCommand(), newVoterSlipCommand(), newVoterDisputeCommand())
	cmd.AddCommand(newVoterBallotCommand(), newVoterTokenCommand(), newVoterVoteCommand(), newVoterRecastCommand(),
		newVoterResumeCommand(), newVoterStatusCommand(), newVoterClaimsCommand(), newVoterEntryCommand())
	return cmd
}

// defaultState is the state file where none is named.
const defaultState = "voter.json"

// device is what every command of a voter works with.
type device struct {
	connection
	state    string
	slip     string
	gateways []string
	codes    []string
	login    string
	// person is nil where nobody is asked anything.
	person session.Person
	// tell is where the person is told of issuers that are silent; nil for nobody.
	tell io.Writer
}

func (d *device) register(cmd *cobra.Command) {
	d.connection.register(cmd)
	cmd.Flags().StringVar(&d.state, "state", defaultState, "file that keeps token and ballots of this voter")
}

// save makes the state durable in its file.
func (d *device) save(st *session.State) error { return st.WriteFile(d.state) }

func watch(c *client.Client) *booth.Watch {
	return booth.NewWatch(session.Network{Client: c}.Prove, c.Trust().ChainID(), time.Now)
}

// resume opens the session of the state file.
func (d *device) resume(ctx context.Context, c *client.Client, access func([32]byte) (session.Access, bool)) (*session.Session, error) {
	st, err := session.ReadFile(d.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; get a token first: urna voter token", err)
	}
	if err != nil {
		return nil, err
	}
	return d.open(ctx, c, st, access)
}

func (d *device) open(ctx context.Context, c *client.Client, st *session.State, access func([32]byte) (session.Access, bool)) (*session.Session, error) {
	return session.New(ctx, session.Config{
		State: st, Watch: watch(c), Ledger: session.Network{Client: c},
		Access: access, Person: d.person, Claims: d.claims(c), Save: d.save, Random: rand.Reader, Pause: 500 * time.Millisecond,
	})
}

// noAccess is for commands that ask no issuer.
func noAccess([32]byte) (session.Access, bool) { return session.Access{}, false }

func newVoterTokenCommand() *cobra.Command {
	var d device
	cmd := &cobra.Command{
		Use:   "token --slip FILE --gateway ISSUER=URL...",
		Short: "Get the token that lets a ballot in, from all issuers of the open panel",
		Long: `Get the token that lets a ballot in, from all issuers of the open panel.

Your ballot key is made here and signed blindly: no issuer learns it. The state
is on the disk before the first message leaves. Take the gateways' addresses from
each issuer itself: a code goes to the address given for its issuer. After any failure give the same
command again: nothing is asked for twice, and there is one token for each slip.

With --login portal your browser logs in at the issuers' portal, in one way for
all of them, and each issuer sends a code of its own: the message says which
organisation it is of and what it is for.`,
		Example: `  urna voter token --slip slip.json --state me.json --gateway issuer-1=http://127.0.0.1:26690 \
      --gateway issuer-2=http://127.0.0.1:26691 \
      --node http://127.0.0.1:26680 --genesis genesis.json
  urna voter token --slip slip.json --code issuer-2=7K3M-…   (a code that came on another way)
  urna voter token --slip slip.json --login portal --gateway …`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return d.token(cmd) },
	}
	d.register(cmd)
	cmd.Flags().StringVar(&d.slip, "slip", "", "access slip")
	cmd.Flags().StringArrayVar(&d.gateways, "gateway", nil, "ISSUER=ADDRESS of a gateway; one or more for each issuer")
	cmd.Flags().StringArrayVar(&d.codes, "code", nil, "access code that is not on the slip: ISSUER=CODE")
	cmd.Flags().StringVar(&d.login, "login", byCodes, "codes: access codes of the slip or of --code; portal: log in with a browser, codes by message")
	_ = cmd.MarkFlagRequired("slip")    // the flag exists
	_ = cmd.MarkFlagRequired("gateway") // the flag exists
	return cmd
}

func (d *device) token(cmd *cobra.Command) error {
	ctx := cmd.Context()
	d.tell = cmd.ErrOrStderr()
	if err := checkLogin(d.login); err != nil {
		return err
	}
	if d.login == byPortal {
		d.person = newPerson(cmd.InOrStdin(), cmd.ErrOrStderr())
	}
	sl, err := d.readSlip()
	if err != nil {
		return err
	}
	c, err := d.connection.open()
	if err != nil {
		return err
	}
	defer c.Close()
	if sl.ChainID != c.Trust().ChainID() {
		return fmt.Errorf("the slip is for chain %s, the genesis is of %s", sl.ChainID, c.Trust().ChainID())
	}
	st, err := session.ReadFile(d.state)
	if errors.Is(err, fs.ErrNotExist) {
		st, err = session.NewState(rand.Reader, sl.ChainID, sl.Election, sl.Entry(), sl.Style)
	}
	if err != nil {
		return err
	}
	if st.Election() != sl.Election || st.Entry() != sl.Entry() || st.Style() != sl.Style {
		return fmt.Errorf("%s belongs to another slip: name another --state", d.state)
	}
	params, err := watch(c).Parameters(ctx, sl.Election, sl.Style, 0)
	if err != nil {
		return err
	}
	access, err := d.access(params.Definition, sl)
	if err != nil {
		return err
	}
	s, err := d.open(ctx, c, st, access)
	if err != nil {
		return err
	}
	if err := s.Token(ctx); err != nil {
		return refusedOr(err)
	}
	return d.report(cmd, s, "token complete")
}

// readSlip reads the slip and adds codes given by hand.
func (d *device) readSlip() (*slip.Slip, error) {
	content, err := os.ReadFile(d.slip)
	if err != nil {
		return nil, fmt.Errorf("read --slip: %w", err)
	}
	s, err := slip.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("--slip %s: %w", d.slip, err)
	}
	for _, given := range d.codes {
		name, typed, ok := strings.Cut(given, "=")
		if _, twice := s.Code(name); !ok || twice {
			return nil, terminal.Usage("--code: write ISSUER=CODE, for an issuer whose code is not on the slip")
		}
		code, err := slip.ParseCode(typed)
		if err != nil {
			return nil, terminal.Usage("--code %s: %w", name, err)
		}
		s.Codes = append(s.Codes, slip.IssuerCode{Issuer: name, Code: code})
	}
	return s, nil
}

// access finds an issuer's gateway and what the slip holds for it. Which issuer
// an address is of, the voter says: a gateway that could name itself would be
// handed the code of another.
func (d *device) access(def *electionv1.Definition, sl *slip.Slip) (func([32]byte) (session.Access, bool), error) {
	addresses := map[string][]string{}
	for _, given := range d.gateways {
		name, address, ok := strings.Cut(given, "=")
		known := slices.ContainsFunc(def.Issuers, func(i *electionv1.Issuer) bool { return i.Name == name })
		if !ok || !known {
			return nil, terminal.Usage("--gateway %q: write ISSUER=ADDRESS with an issuer of the election", given)
		}
		addresses[name] = append(addresses[name], address)
	}
	found := map[[32]byte]session.Access{}
	for _, i := range def.Issuers {
		code, ok := sl.Code(i.Name)
		if (!ok && d.login != byPortal) || addresses[i.Name] == nil {
			continue
		}
		gateway, err := issuer.New(nil, addresses[i.Name]...)
		if err != nil {
			return nil, terminal.Usage("--gateway: %w", err)
		}
		gateway = talk(i.Name, gateway)
		access := session.Access{Issuer: gateway}
		if d.login == byPortal {
			access.Portal = gateway
		} else {
			access.Code, access.Pass = code.Reveal(), sl.VoterKey.Pass(sl.ChainID, sl.Election, i.Name)
		}
		found[[32]byte(i.OperatorKey)] = access
	}
	return func(operator [32]byte) (session.Access, bool) {
		a, ok := found[operator]
		return a, ok
	}, nil
}

func newVoterBallotCommand() *cobra.Command {
	var d device
	cmd := &cobra.Command{
		Use:     "ballot --slip FILE | --state FILE",
		Short:   "Show the ballot: contests and options with their numbers",
		Example: "  urna voter ballot --slip slip.json --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := d.connection.open()
			if err != nil {
				return err
			}
			defer c.Close()
			election, style, err := d.where()
			if err != nil {
				return err
			}
			p, err := watch(c).Parameters(cmd.Context(), election, style, 0)
			if err != nil {
				return err
			}
			return showBallot(cmd, p)
		},
	}
	d.register(cmd)
	cmd.Flags().StringVar(&d.slip, "slip", "", "access slip, before there is a state")
	return cmd
}

// where says which election and style the voter's slip or state is for.
func (d *device) where() (election [32]byte, style uint32, err error) {
	if d.slip != "" {
		s, err := d.readSlip()
		if err != nil {
			return election, 0, err
		}
		return s.Election, s.Style, nil
	}
	st, err := session.ReadFile(d.state)
	if err != nil {
		return election, 0, err
	}
	return st.Election(), st.Style(), nil
}

// ballotLine is a contest as a voter sees it.
type ballotLine struct {
	Number  int                 `json:"number"`
	Title   map[string]string   `json:"title"`
	Rule    string              `json:"rule"`
	Options []map[string]string `json:"options"`
}

func showBallot(cmd *cobra.Command, p *booth.Parameters) error {
	var lines []ballotLine
	for i, number := range p.Definition.Styles[p.Style].Contests {
		contest := p.Definition.Contests[number]
		line := ballotLine{Number: i + 1, Title: titles(contest.Title), Rule: rule(contest)}
		for _, o := range contest.Options {
			line.Options = append(line.Options, titles(o.Title))
		}
		lines = append(lines, line)
	}
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return terminal.WriteJSON(out, map[string]any{"title": titles(p.Definition.Title), "contests": lines})
	}
	fmt.Fprintf(out, "%s\n", booth.Title(p.Definition.Title))
	for _, number := range lines {
		contest := p.Definition.Contests[p.Definition.Styles[p.Style].Contests[number.Number-1]]
		fmt.Fprintf(out, "\n%d. %s (%s)\n", number.Number, booth.Title(contest.Title), number.Rule)
		for o, option := range contest.Options {
			fmt.Fprintf(out, "   %d.%d %s\n", number.Number, o+1, booth.Title(option.Title))
		}
	}
	return nil
}

func titles(texts []*electionv1.Text) map[string]string {
	out := map[string]string{}
	for _, t := range texts {
		out[t.Lang] = t.Text
	}
	return out
}

func rule(c *electionv1.Contest) string {
	if c.Kind != electionv1.ContestKind_CONTEST_KIND_POINTS {
		if c.Min == c.Max {
			return fmt.Sprintf("mark %d of %d", c.Max, len(c.Options))
		}
		return fmt.Sprintf("mark %d to %d of %d", c.Min, c.Max, len(c.Options))
	}
	text := fmt.Sprintf("0 to %d points for each", c.MaxPoints)
	if c.HasTotal {
		text += fmt.Sprintf(", %d to %d in all", c.TotalMin, c.TotalMax)
	}
	return text
}
