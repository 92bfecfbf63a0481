// Package crowd lets one process be thousands of voters: it hands transactions
// in by batches and sees what became of them in the blocks, where a single
// voter would ask for the one transaction again and again. What is checked of
// each transaction by the nodes is the same. It is their browsers and telephones
// as well, where they log in.
package crowd
