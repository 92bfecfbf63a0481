package main

import "github.com/spf13/cobra"

func newAuditCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "audit",
		Short: "Fetch the public record and verify all of it",
	}
}
