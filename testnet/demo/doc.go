// Command demo runs a whole election on a network of real processes and checks
// that the count is exactly what the voters chose: validators and an observer
// (urnad), issuers (urna-gateway), commission and trustees (urna), and voters
// who go through the same library as urna's voter commands. It ends with a
// table and summary.json, and with a non-zero exit if anything differs by one.
//
// See docs/DEMO.md.
package main
