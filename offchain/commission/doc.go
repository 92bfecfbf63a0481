// Package commission is the members' side of the commission: election files
// that people write, proposals and approvals, and staging the roll. See
// docs/spec/commission.md. It never decides anything the ledger would not
// check again.
package commission
