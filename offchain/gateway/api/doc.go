// Package api is the gateway's HTTP interface:
//
//	POST /v1/token   endorse a record           api.TokenRequest → api.TokenAnswer
//	POST /v1/sign    sign what is on record     api.SignRequest → api.SignAnswer
//	GET  /v1/info    whose gateway this is      api.GatewayInfo
//	GET  /v1/health  the process lives          api.Health
//	GET  /v1/ready   it can issue, else 503     api.Health
//
// and more where a gateway serves more: each subject is a Part, which adds its
// routes with Handle. The shapes are in proto/api, the description of what a
// gateway serves at /openapi.json. Requests are one JSON object of at most 16 KiB
// without unknown fields. Every refusal is api.GatewayError, a problem document
// in the language asked for (Accept-Language), or a page where a browser shows it
// to a person.
//
// Specification: docs/spec, section "Issuance".
//
// The package must never log a body, a header, an address or a query, nor an
// error that repeats one: what it logs of a request is route, status and time.
package api
