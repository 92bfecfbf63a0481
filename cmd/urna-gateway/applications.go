package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/config"
	"github.com/urna-vote/urna/offchain/gateway/daemon"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/offchain/terminal"
)

func newElectorsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "electors",
		Short: "Import the voter register that applications are matched with",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newElectorsImportCommand())
	return cmd
}

func newElectorsImportCommand() *cobra.Command {
	var file string
	var files daemon.ElectorFiles
	cmd := &cobra.Command{
		Use:   "import --config FILE --territories FILE REGISTER",
		Short: "Take over a whole voter register in place of the one before",
		Long: `Take over a whole voter register in place of the one before.

REGISTER is CSV whose first line names the columns Фамилия, Имя, Отчество, Дата
рождения, Документ, Адрес, Территория (or surname, name, patronymic, birth_date,
document, address, territory). The territories file is CSV "territory;name;style":
the ballot style of each territory, several joined by "|" where several elections
are held together, none where there is no remote voting.

Every bad line is named by its number, and nothing is imported if one is bad: the
register before stays in force. Once the list is formed or data are erased no register
is taken. Persons are encrypted with the vault key.`,
		Example: "  urna-gateway electors import --config registrar/gateway.toml --territories territories.csv register.csv",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(file, os.Environ())
			if err != nil {
				return err
			}
			files.Register = args[0]
			count, err := daemon.ImportElectors(cmd.Context(), cfg, files)
			if err != nil {
				return err
			}
			return show(cmd, map[string]int{"electors": count}, "%d electors imported", count)
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&files.Territories, "territories", "", "CSV file: territory;name;style")
	cmd.Flags().StringVar((*string)(&files.Encoding), "encoding", string(electors.UTF8), "encoding of the register: utf-8 or windows-1251")
	_ = cmd.MarkFlagRequired("territories") // the flag exists
	return cmd
}

func newApplicationsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "applications",
		Short: "Decide, reject and count applications, form the list, erase data",
		Long: `Decide, reject and count applications, form the list, erase data.

Applications are filed at a gateway whose settings have applications.enabled. What
staff does here is noted in the journal (urna-gateway journal).`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newApplicationsStatusCommand(), newApplicationsDecideCommand(), newApplicationsRejectCommand(),
		newApplicationsCloseCommand(), newApplicationsCheckCommand(), newApplicationsEraseCommand())
	return cmd
}

// withApplications runs a command on the registrar's data.
func withApplications(cmd *cobra.Command, file string, run func(r *applications.Register, actor string) error) error {
	cfg, err := config.Load(file, os.Environ())
	if err != nil {
		return err
	}
	return daemon.WithApplications(cmd.Context(), cfg, run)
}

func newApplicationsStatusCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "status --config FILE",
		Short:   "Count applications by status and reason",
		Example: "  urna-gateway applications status --config registrar/gateway.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApplications(cmd, file, func(r *applications.Register, _ string) error {
				counts, err := r.Counts(cmd.Context())
				if err != nil {
					return err
				}
				type line struct {
					Status string `json:"status"`
					Reason string `json:"reason,omitempty"`
					Count  int64  `json:"count"`
				}
				lines, rows := []line{}, [][]string{}
				for _, c := range counts {
					lines = append(lines, line{c.Status.String(), string(c.Reason), c.N})
					rows = append(rows, []string{c.Status.String(), string(c.Reason), strconv.FormatInt(c.N, 10)})
				}
				if on, _ := cmd.Flags().GetBool("json"); on {
					return terminal.WriteJSON(cmd.OutOrStdout(), lines)
				}
				return terminal.Table(cmd.OutOrStdout(), []string{"status", "reason", "count"}, rows)
			})
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func newApplicationsDecideCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "decide --config FILE",
		Short:   "Decide the applications that waited for the voter register",
		Example: "  urna-gateway applications decide --config registrar/gateway.toml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApplications(cmd, file, func(r *applications.Register, actor string) error {
				done, err := r.Decide(cmd.Context(), actor)
				if err != nil {
					return err
				}
				return show(cmd, done, "%d accepted, %d rejected", done.Accepted, done.Rejected)
			})
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func newApplicationsRejectCommand() *cobra.Command {
	var file, reason string
	cmd := &cobra.Command{
		Use:   "reject --config FILE --reason REASON NUMBER",
		Short: "Reject an application by hand, until the list is formed",
		Long: `Reject an application by hand, until the list is formed.

Reasons: struck (the elector was struck from the register or may not vote), data,
residence, technical. The applicant sees the reason and may file again while
applications are taken.`,
		Example: "  urna-gateway applications reject --config registrar/gateway.toml --reason struck 000042-7",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := applications.ParseNumber(args[0])
			if err != nil {
				return terminal.Usage("NUMBER: %w", err)
			}
			if !slices.Contains(applications.Reasons(), applications.Reason(reason)) {
				return terminal.Usage("--reason: struck, data, residence or technical")
			}
			return withApplications(cmd, file, func(r *applications.Register, actor string) error {
				a, err := r.Reject(cmd.Context(), actor, n, applications.Reason(reason))
				if err != nil {
					return err
				}
				return show(cmd, map[string]string{"number": a.Number.String(), "status": a.Status.String()}, "application %s is %s", a.Number, a.Status)
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&reason, "reason", "", "struck, data, residence or technical")
	_ = cmd.MarkFlagRequired("reason") // the flag exists
	return cmd
}

func newApplicationsCloseCommand() *cobra.Command {
	var file, election string
	var issuers []string
	var o daemon.ListOptions
	cmd := &cobra.Command{
		Use:   "close --config FILE --election ID --out DIR --issuer NAME=RECIPIENT...",
		Short: "Form the list: the roll for the commission, a list for each issuer, a slip for each voter",
		Long: `Form the list: the roll for the commission, a list for each issuer, a slip for each voter.

The time to apply must be over and every application decided. From then on nobody
can withdraw. Voter keys are drawn once and kept encrypted; voters fetch their
slips at the gateway. In DIR there will be

  roll.csv           what the commission stages: urna commission stage-roll
  ISSUER/people.age  for that issuer alone: urna-gateway people import
  paper-list.csv     who leaves the paper list, by territory: personal data

Given again the command writes the same list again. The recipient of an issuer is
what "urna-gateway people recipient" prints there.`,
		Example: "  urna-gateway applications close --config registrar/gateway.toml --election 6f0c… --out list --issuer issuer-1=age1… --issuer issuer-2=age1…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, id, err := settings(file, election)
			if err != nil {
				return err
			}
			o.Election, o.Recipients = id, map[string]string{}
			for _, given := range issuers {
				name, recipient, ok := strings.Cut(given, "=")
				if _, twice := o.Recipients[name]; !ok || twice {
					return terminal.Usage("--issuer: NAME=RECIPIENT, each issuer once")
				}
				o.Recipients[name] = strings.TrimSpace(recipient)
			}
			formed, err := daemon.FormList(cmd.Context(), cfg, o)
			if err != nil {
				return err
			}
			var styles []string
			for _, name := range slices.Sorted(maps.Keys(formed.Styles)) {
				styles = append(styles, fmt.Sprintf("%s %d", terminal.Plain(name), formed.Styles[name]))
			}
			return show(cmd, formed, "%d voters (%s), %d issuers: %s", formed.Voters, strings.Join(styles, ", "), len(formed.Issuers), formed.Dir)
		},
	}
	configFlag(cmd, &file)
	electionFlag(cmd, &election)
	cmd.Flags().StringVar(&o.Dir, "out", "", "directory for what is made")
	cmd.Flags().StringArrayVar(&issuers, "issuer", nil, "NAME=RECIPIENT of each issuer of the election")
	_ = cmd.MarkFlagRequired("out")    // the flag exists
	_ = cmd.MarkFlagRequired("issuer") // the flag exists
	return cmd
}

func newApplicationsCheckCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "check --config FILE NUMBER CODE",
		Short:   "Say whether a confirmation is genuine, and what holds now",
		Example: "  urna-gateway applications check --config registrar/gateway.toml 000042-7 ZMJ4-H8E7-HPVT-J3P5",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := applications.ParseNumber(args[0])
			if err != nil {
				return terminal.Usage("NUMBER: %w", err)
			}
			return withApplications(cmd, file, func(r *applications.Register, _ string) error {
				told, now, err := r.CheckConfirmation(cmd.Context(), n, args[1])
				if err != nil {
					return err
				}
				at := told.At.In(r.Campaign().Zone).Format(time.RFC3339)
				result := map[string]string{"told": told.Status.String(), "at": at, "now": now.Status.String()}
				return show(cmd, result, "genuine: %s at %s; now %s", told.Status.Title().In(texts.English), at, now.Status.Title().In(texts.English))
			})
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func newApplicationsEraseCommand() *cobra.Command {
	var file string
	var yes bool
	cmd := &cobra.Command{
		Use:   "erase --config FILE --yes",
		Short: "Erase all personal data of the campaign when the term is over",
		Long: `Erase all personal data of the campaign when the term is over.

Applications, voter keys and the voter register go; counts and the journal stay.
Without voter keys nobody can say whose an entry of the roll was. Backups hold the
data until they are destroyed, or the vault key is.`,
		Example: "  urna-gateway applications erase --config registrar/gateway.toml --yes",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return terminal.Usage("all personal data of the campaign would be lost: say --yes")
			}
			return withApplications(cmd, file, func(r *applications.Register, actor string) error {
				if err := r.Erase(cmd.Context(), actor); err != nil {
					return err
				}
				return show(cmd, map[string]bool{"erased": true}, "personal data of campaign %s erased; counts stay", r.Campaign().Name)
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&yes, "yes", false, "lose the data")
	return cmd
}
