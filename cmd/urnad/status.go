package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/node/config"
	"github.com/urna-vote/urna/node/home"
	"github.com/urna-vote/urna/proto/api"
)

func newStatusCommand() *cobra.Command {
	var dir, url string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Ask a running node how it is",
		Example: `  urnad status --home /srv/urna
  urnad status --node http://127.0.0.1:26680 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if url == "" {
				cfg, err := config.Load(home.Dir(dir).Config(), os.Environ(), nil)
				if err != nil {
					return err
				}
				url = "http://" + cfg.API.Listen
			}
			s, err := status(cmd, strings.TrimRight(url, "/"))
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(s)
			}
			state := "in step"
			if s.CatchingUp {
				state = "catching up"
			}
			kind := "election"
			if s.Rehearsal {
				kind = "rehearsal"
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "chain       %s (%s)\nmode        %s, %s\nheight      %d of %s\nblock       %s\napp hash    %s\npeers       %d\nvalidators  %d\nversion     %s\n",
				plain(s.ChainID), kind, plain(s.Mode), state, s.Height, time.UnixMilli(s.TimeMS).UTC().Format(time.RFC3339), s.BlockHash, s.AppHash, s.Peers, s.Validators, plain(s.Version))
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "home", defaultHome(), "directory of the node")
	cmd.Flags().StringVar(&url, "node", "", "address of the node's API instead")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func status(cmd *cobra.Command, url string) (*api.Status, error) {
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, url+"/v1/status", nil)
	if err != nil {
		return nil, usage("--node %q: want an address such as http://127.0.0.1:26680", url)
	}
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask the node: it answers %d: %s", resp.StatusCode, plain(string(body[:min(len(body), 500)])))
	}
	s := &api.Status{}
	if err := json.Unmarshal(body, s); err != nil {
		return nil, fmt.Errorf("ask the node: %w", err)
	}
	return s, nil
}

// plain makes words of a stranger harmless to a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
