// Package rounds does again and again what a gateway has to do beside its
// requests. It must never know what that is.
package rounds
