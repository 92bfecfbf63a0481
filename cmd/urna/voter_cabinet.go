package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/slip"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/issuer"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
)

// cabinet is what a voter has at a gateway after logging in there.
type cabinet struct {
	address  string
	election string
	form     string
	phone    string
	mail     string
	out      string

	person *person
	at     *issuer.Gateway
	bearer issuer.Bearer
	mark   string
}

func (c *cabinet) register(cmd *cobra.Command, flag, use string) {
	cmd.Flags().StringVar(&c.address, flag, "", use)
	_ = cmd.MarkFlagRequired(flag) // the flag exists
}

// logIn has the person log in for a purpose.
func (c *cabinet) logIn(cmd *cobra.Command, purpose string, election [32]byte) error {
	gateway, err := issuer.New(nil, c.address)
	if err != nil {
		return terminal.Usage("%w", err)
	}
	c.at = talk(c.address, gateway)
	c.person = newPerson(cmd.InOrStdin(), cmd.ErrOrStderr())
	ctx := cmd.Context()
	var verifier [32]byte
	if _, err := rand.Read(verifier[:]); err != nil {
		return err
	}
	challenge := sha256.Sum256(verifier[:])
	returns, err := c.person.Returns(1)
	if err != nil {
		return err
	}
	begun, err := c.at.Login(ctx, api.LoginRequest{Purpose: purpose, Election: election[:], Challenge: challenge[:], Return: returns[0]})
	if err != nil {
		return refusedOr(err)
	}
	grants, err := c.person.LogIn(ctx, []session.Visit{{Issuer: c.address, URL: begun.URL, Return: returns[0]}})
	if err != nil {
		return refusedOr(err)
	}
	// A gateway may have led the browser on to the log-in of another.
	if !api.LoginFits(grants[0], api.LoginTag(purpose, [32]byte{}, election, [32]byte{})) {
		return terminal.Refused(session.ErrOtherLogin)
	}
	var opened api.SessionAnswer
	c.bearer, opened, err = c.at.Session(ctx, api.SessionRequest{ID: grants[0], Verifier: verifier[:]})
	c.mark = opened.Mark
	return refusedOr(err)
}

func newVoterApplyCommand() *cobra.Command {
	var c cabinet
	cmd := &cobra.Command{
		Use:   "apply --registrar URL",
		Short: "Apply to vote remotely, or correct the last application",
		Long: `Apply to vote remotely, or correct the last application.

You log in at the portal in your browser; what the portal knows of you need not be
typed. A code that comes to the telephone shows that it is yours. An application
that is rejected says why; where other data would help it can be corrected by the
same command while applications are taken.

The form is JSON with what the portal does not have: surname, name, patronymic,
birth_date (YYYY-MM-DD), document, address, citizenship, phone, mail, language.`,
		Example: `  urna voter apply --registrar https://registrar.example --confirmation application.pdf
  urna voter apply --registrar https://registrar.example --phone +79001234567 --form form.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.apply(cmd) },
	}
	c.register(cmd, "registrar", "address of the registrar's gateway")
	cmd.Flags().StringVar(&c.form, "form", "", "JSON file with what the portal does not have")
	cmd.Flags().StringVar(&c.phone, "phone", "", "telephone for codes; without it the one that the portal has")
	cmd.Flags().StringVar(&c.mail, "mail", "", "mail address, the second channel; without it the one that the portal has")
	cmd.Flags().StringVar(&c.out, "confirmation", "", "file for the confirmation (PDF)")
	return cmd
}

func (c *cabinet) apply(cmd *cobra.Command) error {
	form, err := c.readForm()
	if err != nil {
		return err
	}
	if err := c.logIn(cmd, api.PurposeApplication, [32]byte{}); err != nil {
		return err
	}
	ctx := cmd.Context()
	mine, err := c.at.Cabinet(ctx, c.bearer)
	if err != nil {
		return refusedOr(err)
	}
	if form.Phone == "" {
		form.Phone = mine.Form.Phone
	}
	if form.Mail == "" {
		form.Mail = mine.Form.Mail
	}
	if form.Phone == "" {
		return terminal.Usage("the portal has no telephone of yours: give --phone")
	}
	if err := c.confirmPhone(ctx, form.Phone); err != nil {
		return refusedOr(err)
	}
	file := c.at.Apply
	if len(mine.Applications) > 0 && mine.Applications[0].Status != "withdrawn" {
		file = c.at.Correct
	}
	filed, err := file(ctx, c.bearer, form)
	if err != nil {
		return refusedOr(err)
	}
	if err := c.writeConfirmation(ctx); err != nil {
		return err
	}
	if err := showApplication(cmd, filed); err != nil {
		return err
	}
	if filed.Status == "rejected" {
		return rejected(filed)
	}
	return nil
}

func (c *cabinet) readForm() (form api.ApplicationForm, err error) {
	if c.form != "" {
		text, err := os.ReadFile(c.form)
		if err != nil {
			return form, fmt.Errorf("read --form: %w", err)
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		if dec.Decode(&form) != nil {
			return form, terminal.Usage("--form %s: not one JSON object with the fields that --help names", c.form)
		}
	}
	if c.phone != "" {
		form.Phone = c.phone
	}
	if c.mail != "" {
		form.Mail = c.mail
	}
	if form.Language == "" {
		form.Language = language()
	}
	return form, nil
}

// sendPhoneCode has a code sent, and waits where one went out just now: that one
// is bound to an earlier log-in and opens nothing in this.
func (c *cabinet) sendPhoneCode(ctx context.Context, phone string) error {
	for {
		_, err := c.at.SendPhoneCode(ctx, c.bearer, phone)
		var refusal *issuer.Refusal
		if !errors.As(err, &refusal) || refusal.Name != "code-wait" {
			return err
		}
		seconds := max(1, refusal.RetryAfterS)
		fmt.Fprint(c.person.out, say("phone-wait", seconds))
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(time.Duration(seconds) * time.Second):
		}
	}
}

// confirmPhone asks for the code that was sent until it is right.
func (c *cabinet) confirmPhone(ctx context.Context, phone string) error {
	if err := c.sendPhoneCode(ctx, phone); err != nil {
		return err
	}
	q := session.Question{Mark: c.mark, Channel: api.ChannelSMS, Channels: []string{api.ChannelSMS}}
	for {
		reply, err := c.person.Code(ctx, q)
		if err != nil {
			return err
		}
		if reply.Resend != "" {
			_, err = c.at.SendPhoneCode(ctx, c.bearer, phone)
		} else if err = c.at.ConfirmPhone(ctx, c.bearer, phone, reply.Code); err == nil {
			return nil
		}
		var refusal *issuer.Refusal
		if err != nil && (!errors.As(err, &refusal) || refusal.Field != "code") {
			return err
		}
		q.Refusal = err
	}
}

func (c *cabinet) writeConfirmation(ctx context.Context) error {
	if c.out == "" {
		return nil
	}
	pdf, err := c.at.Confirmation(ctx, c.bearer)
	if err != nil {
		return refusedOr(err)
	}
	if err := os.WriteFile(c.out, pdf, 0o600); err != nil {
		return fmt.Errorf("write --confirmation: %w", err)
	}
	return nil
}

func showApplication(cmd *cobra.Command, a api.Application) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return terminal.WriteJSON(out, map[string]any{"number": a.Number, "status": a.Status, "reason": a.Reason, "fields": a.Fields})
	}
	fmt.Fprint(out, say("applied", terminal.Plain(a.Number), terminal.Plain(a.Title)))
	for _, text := range []string{a.Why, a.Next} {
		if text != "" {
			fmt.Fprintln(out, terminal.Plain(text))
		}
	}
	return nil
}

func newVoterWithdrawCommand() *cobra.Command {
	var c cabinet
	cmd := &cobra.Command{
		Use:     "withdraw --registrar URL",
		Short:   "Take the application back, until the list is formed",
		Example: "  urna voter withdraw --registrar https://registrar.example",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.logIn(cmd, api.PurposeApplication, [32]byte{}); err != nil {
				return err
			}
			a, err := c.at.Withdraw(cmd.Context(), c.bearer)
			if err != nil {
				return refusedOr(err)
			}
			return showApplication(cmd, a)
		},
	}
	c.register(cmd, "registrar", "address of the registrar's gateway")
	return cmd
}

func newVoterSlipCommand() *cobra.Command {
	var c cabinet
	cmd := &cobra.Command{
		Use:   "slip --registrar URL --election ID",
		Short: "Fetch your slip once the list of voters is formed",
		Long: `Fetch your slip once the list of voters is formed.

The slip holds the voter key: whoever has it can show that the entry in the roll is
yours. Check that the person it names is you, and keep it.`,
		Example: "  urna voter slip --registrar https://registrar.example --election 6f0c… --out slip.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			election, err := electionFlag(c.election)
			if err != nil {
				return err
			}
			if err := c.logIn(cmd, api.PurposeApplication, [32]byte{}); err != nil {
				return err
			}
			text, err := c.at.Slip(cmd.Context(), c.bearer, election)
			if err != nil {
				return refusedOr(err)
			}
			s, err := slip.Parse(text)
			if err != nil {
				return err
			}
			if err := writeSlip(c.out, text); err != nil {
				return err
			}
			entry := s.Entry()
			if asJSON(cmd) {
				return terminal.WriteJSON(cmd.OutOrStdout(), map[string]any{"voter": s.Subject, "entry": api.Hex(entry[:]), "style": s.Style, "file": c.out})
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), say("slip", s.Subject, entry, c.out))
			return err
		},
	}
	c.register(cmd, "registrar", "address of the registrar's gateway")
	cmd.Flags().StringVar(&c.election, "election", "", "election id")
	cmd.Flags().StringVar(&c.out, "out", "slip.json", "file for the slip; one that exists is not overwritten")
	_ = cmd.MarkFlagRequired("election") // the flag exists
	return cmd
}

func electionFlag(text string) (id [32]byte, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(id) {
		return id, terminal.Usage("--election: %q is not 64 hex digits", text)
	}
	return [32]byte(b), nil
}

// writeSlip never overwrites: an older slip may be the one that a token was got with.
func writeSlip(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write slip: %w", err)
	}
	_, err = io.Copy(f, bytes.NewReader(text))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write slip: %w", err)
	}
	return nil
}

func newVoterDisputeCommand() *cobra.Command {
	var c cabinet
	cmd := &cobra.Command{
		Use:   "dispute --gateway URL --election ID",
		Short: "Tell an issuer that you did not ask for the token it endorsed for you",
		Long: `Tell an issuer that you did not ask for the token it endorsed for you.

Every issuer tells you, by another channel than its codes, that it endorsed a token
for your entry. If that was not you, log in here and say so: it is counted once for
each person, and the number is public. Tell the commission as well.`,
		Example: "  urna voter dispute --gateway https://issuer-one.example --election 6f0c…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			election, err := electionFlag(c.election)
			if err != nil {
				return err
			}
			if err := c.logIn(cmd, api.PurposeDispute, election); err != nil {
				return err
			}
			answer, err := c.at.Dispute(cmd.Context(), c.bearer)
			if err != nil {
				return refusedOr(err)
			}
			if asJSON(cmd) {
				return terminal.WriteJSON(cmd.OutOrStdout(), answer)
			}
			text := say("nothing")
			if answer.Endorsed {
				text = say("counted")
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
			return err
		},
	}
	c.register(cmd, "gateway", "address of the issuer's gateway")
	cmd.Flags().StringVar(&c.election, "election", "", "election id")
	_ = cmd.MarkFlagRequired("election") // the flag exists
	return cmd
}
