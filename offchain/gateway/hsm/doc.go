// Package hsm keeps an issuer's token keys in a hardware module that speaks
// PKCS #11: the keys are drawn there and never leave it.
//
// Specification: docs/spec, section "Issuance".
//
// A token key is a private RSA object on the module's token:
//
//	CKA_LABEL "urna token key 1"
//	CKA_ID    election id (32 bytes) ‖ class (4, big endian) ‖ panel (4, big endian)
//	CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN true; CKA_EXTRACTABLE, CKA_DECRYPT, CKA_UNWRAP false
//
// The module computes m^d mod N (CKM_RSA_X_509, no padding): the number is
// blinded and has its padding inside. Every answer is checked before it leaves
// the package, since a faulty one would reveal the key.
//
// Sessions are shared by all who sign. A session that is lost is opened again,
// once for each request, with a new log-in; after that the error is
// keyring.ErrAway. A PIN that was refused is never tried again: three tries lock
// most modules.
//
// The package needs cgo; a program built without says so when it is asked for.
//
// The package must never know who asks for a token, a record or a ballot.
package hsm
