// Package esia logs in at the Russian state portal (ЕСИА). Its exchange is OAuth
// 2.0 with an ID token (маркер идентификации), but no plain OpenID Connect: there
// is no discovery document; the client has no secret and signs each request with
// the key of a registered certificate; the person's data come over REST.
//
// Specification: docs/spec/gateway.md, section "Log-in".
//
// # The exchange
//
//	browser → <base>/aas/oauth2/v2/ac ? client_id client_secret scope timestamp state
//	          redirect_uri client_certificate_hash response_type=code access_type=online
//	          code_challenge code_challenge_method
//	gateway → <base>/aas/oauth2/v3/te   the same with code, code_verifier, another state
//	gateway → <base>/rs/prns/<oid>, …/ctts, …/docs, …/addrs   with the access token
//
//	client_secret = base64url(signature of client_id ‖ scope ‖ timestamp ‖ state ‖
//	                redirect_uri [‖ code]), without PKCE and certificate hash;
//	first edition (/aas/oauth2/ac and /te): base64url(detached PKCS#7 of
//	                scope ‖ timestamp ‖ client_id ‖ state), no PKCE
//
// timestamp is yyyy.MM.dd HH:mm:ss ±hhmm, state a UUID, never the same twice. The
// ID token is a JWT whose urn:esia:sbj names the account (oid), whether it is a
// person's (typ P) and whether the identity was confirmed (is_tru).
//
// The portal's documents name no nonce. What binds an answer to its request here is
// the state, kept by the gateway beside the request, the PKCE verifier and the
// audience; a nonce that is there nevertheless must be the attempt's.
//
// # What this was checked against
//
// The published recommendations for users of ЕСИА (Методические рекомендации по
// использованию ЕСИА, editions 2.23 to 3.x) as they are quoted and followed by open
// clients: ofstudio/go-api-epgu (second edition of the endpoints, error numbers,
// certificate hash), fr05t1k/esia (both editions, REST resources, checks of the
// token), sokolovs/esia-oauth2 and others (shape of the token and of the person's
// data). Simulated by testnet/esia; not tried at the portal itself, which admits
// registered systems with ГОСТ certificates only: for these a Signer and a Verifier
// over a certified module take the place of RSA's.
//
// The package must never know what the account is asked for.
package esia
