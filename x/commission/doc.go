// Package commission is the electoral commission on the ledger: its members,
// and acts that take effect when a quorum of them approves. See
// docs/spec/commission.md.
//
// It must never know what an act does: acts belong to other modules.
package commission
