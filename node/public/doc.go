// Package public is the public HTTP interface of a node: the routes of
// docs/spec/api.md with the shapes of proto/api, described by the node itself
// in /v1/openapi.json.
//
// Answers are JSON with bytes in lower-case hex, except blocks, commits and
// the genesis, which come as they are. Every route reads one committed state.
// What an answer says is for showing and finding; what must be true comes with
// a proof (proven, receipts, entries) that a client checks by itself.
//
// Requests are limited in size, number of items and time; an unknown or
// repeated query parameter is an error. Refused transactions are answered with
// status 422, code, field and reason; a full pool with 503 and Retry-After.
//
// The package must never know who asks: no address is read, nothing about a
// request is logged.
package public
