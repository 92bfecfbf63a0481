// Package intake stands between the consensus engine and the application. It
// notes the errors after which the node must stop: the engine itself would
// halt consensus and live on.
//
// The package must never know what a transaction says.
package intake
