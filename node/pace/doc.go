// Package pace sets the pause that consensus makes after each block: none
// while half a block waits, a short one while transactions come, a longer one
// while none do. The engine has one pause for all three: a short one lets an
// idle chain fill disks with empty blocks, a long one makes voters wait.
//
// The engine reads its setting after each block, in the routine that has just
// told the application to store it; there, and only there, it is altered.
// Validators may pause differently: a proposal that comes early waits.
//
// The package must never know what a transaction says. When blocks are made is
// no part of the rules of the ledger.
package pace
