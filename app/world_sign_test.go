package app_test

import (
	"github.com/urna-vote/urna/crypto/sign"
	txv1 "github.com/urna-vote/urna/proto/urna/tx/v1"
	"github.com/urna-vote/urna/x/envelope"
	"github.com/urna-vote/urna/x/ledger"
)

func (w *world) sign(kind txv1.Kind, m ledger.Wire, k sign.PrivateKey) []byte {
	w.t.Helper()
	raw, err := envelope.Encode(chainID, uint32(kind), ledger.MustEncode(m), k)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

func (w *world) unsigned(kind txv1.Kind, m ledger.Wire) []byte {
	w.t.Helper()
	raw, err := envelope.EncodeUnsigned(chainID, uint32(kind), ledger.MustEncode(m))
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}
