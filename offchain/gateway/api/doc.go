// Package api is the gateway's HTTP interface:
//
//	POST /v1/token   endorse a record           api.TokenRequest → api.TokenAnswer
//	POST /v1/sign    sign what is on record     api.SignRequest → api.SignAnswer
//	GET  /v1/info    whose gateway this is      api.GatewayInfo
//	GET  /v1/health  the process lives          api.Health
//	GET  /v1/ready   it can issue, else 503     api.Health
//
// The shapes are in proto/api. Requests are one JSON object of at most 16 KiB
// without unknown fields. Everything else is answered with api.GatewayError.
//
// Specification: docs/spec, section "Issuance".
//
// The package must never log a body, a header, an address or a query, nor an
// error that repeats one: what it logs of a request is route, status and time.
package api
