package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/client"
	"github.com/urna-vote/urna/offchain/terminal"
	"github.com/urna-vote/urna/offchain/voter/session"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
	"github.com/urna-vote/urna/x/issuance"
)

// How long an issuer is asked by itself before it is asked on the ledger, and
// how long its answer there is waited for.
const (
	claimAfter = 15 * time.Second
	claimWait  = time.Minute
)

// claims asks silent issuers on the ledger and tells the person so.
func (d *device) claims(c *client.Client) session.Claims {
	return session.Claims{
		Ledger: session.Network{Client: c}, After: claimAfter, Wait: claimWait,
		Tell: func(m session.Claimed) {
			if d.tell != nil {
				fmt.Fprintln(d.tell, claimText(language(), m))
			}
		},
	}
}

func claimText(language string, m session.Claimed) string {
	switch {
	case language == "ru" && m.Answered:
		return fmt.Sprintf("%s: ответила в реестре", m.Issuer)
	case language == "ru":
		return fmt.Sprintf("%s: не отвечает; запрос записан в реестр, блок %d; ждём ответа там (Ctrl-C можно: ничего не потеряется)", m.Issuer, m.Height)
	case m.Answered:
		return fmt.Sprintf("%s answered on the ledger", m.Issuer)
	}
	return fmt.Sprintf("%s does not answer; it is asked on the ledger, block %d; waiting for the answer there (Ctrl-C loses nothing)", m.Issuer, m.Height)
}

func newVoterClaimsCommand() *cobra.Command {
	var d device
	cmd := &cobra.Command{
		Use:   "claims",
		Short: "Show which issuers were asked for your signature on the ledger, and who answered",
		Long: fmt.Sprintf(`Show which issuers were asked for your signature on the ledger, and who answered.

"urna voter token" asks an issuer there by itself when it does not answer. One
that leaves a claim unanswered for %d blocks counts as silent, by name. Give
"urna voter token" again to take an answer that came.`, issuance.SilentAfter),
		Example: "  urna voter claims --state me.json --node http://127.0.0.1:26680 --genesis genesis.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := d.connection.open()
			if err != nil {
				return err
			}
			defer c.Close()
			s, err := d.resume(cmd.Context(), c, noAccess)
			if err != nil {
				return err
			}
			return showClaims(cmd.Context(), cmd, c, s)
		},
	}
	d.register(cmd)
	return cmd
}

func showClaims(ctx context.Context, cmd *cobra.Command, c *client.Client, s *session.Session) error {
	list, err := c.EntryClaims(ctx, s.State().Election(), s.State().Entry())
	if err != nil {
		return err
	}
	if asJSON(cmd) {
		return terminal.WriteJSON(cmd.OutOrStdout(), list)
	}
	for _, line := range claimLines(language(), list, s.Parameters().Definition) {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), line); err != nil {
			return err
		}
	}
	return nil
}

func claimLines(language string, list *api.EntryClaims, def *electionv1.Definition) (lines []string) {
	words := map[string]string{"none": "nobody was asked on the ledger", "asked": "%s: asked in block %d, ", "answered": "answered", "silent": "silent: counted by name", "waits": "not answered yet"}
	if language == "ru" {
		words = map[string]string{"none": "в реестре никого не запрашивали", "asked": "%s: запрос в блоке %d, ", "answered": "ответ есть", "silent": "молчит: учтено поимённо", "waits": "ответа пока нет"}
	}
	for _, claim := range list.Claims {
		name := fmt.Sprint(claim.Issuer)
		if int64(claim.Issuer) < int64(len(def.Issuers)) {
			name = def.Issuers[claim.Issuer].Name
		}
		state := "waits"
		switch {
		case len(claim.Answer) > 0:
			state = "answered"
		case claim.Silent:
			state = "silent"
		}
		lines = append(lines, fmt.Sprintf(words["asked"], name, claim.Height)+words[state])
	}
	if len(lines) == 0 {
		lines = []string{words["none"]}
	}
	return lines
}
