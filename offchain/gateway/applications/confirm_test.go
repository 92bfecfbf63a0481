package applications_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/texts"
)

func TestTheSameApplicationGivesTheSameBytes(t *testing.T) {
	where := databasetest.SQLite(t)
	w := newWorld(t, databasetest.Open(t, where))
	w.load(line(0))
	w.file(0)
	first, err := w.Confirmation(ctx, account(0).Subject, 0, texts.Russian)
	if err != nil || !bytes.HasPrefix(first, []byte("%PDF-1.")) {
		t.Fatal(err)
	}
	// Later, at another replica, and asked for by number.
	w.at = w.at.Add(48 * time.Hour)
	again, err := w.replica(databasetest.Open(t, where)).Confirmation(ctx, account(0).Subject, 1, texts.Russian)
	if err != nil || !bytes.Equal(first, again) {
		t.Fatal("the same data gave other bytes", err)
	}
	english, err := w.Confirmation(ctx, account(0).Subject, 0, texts.English)
	if err != nil || bytes.Equal(first, english) {
		t.Fatal("the languages do not differ", err)
	}
	if _, err := w.Withdraw(ctx, account(0).Subject); err != nil {
		t.Fatal(err)
	}
	if after, err := w.Confirmation(ctx, account(0).Subject, 0, texts.Russian); err != nil || bytes.Equal(first, after) {
		t.Fatal("a withdrawn application is confirmed as before", err)
	}
	for subject, n := range map[string]applications.Number{"oid-9": 0, account(0).Subject: 2, "oid-8": 1} {
		if _, err := w.Confirmation(ctx, subject, n, texts.Russian); !errors.Is(err, applications.ErrNone) {
			t.Errorf("got %v, want ErrNone", err)
		}
	}
}

func TestTheRegistrarKnowsItsConfirmations(t *testing.T) {
	w := newWorld(t, databasetest.Open(t, databasetest.SQLite(t)))
	w.load(line(0), line(1))
	a := w.file(0)
	code := w.Code(a)
	if _, err := w.Withdraw(ctx, account(0).Subject); err != nil {
		t.Fatal(err)
	}
	told, now, err := w.CheckConfirmation(ctx, a.Number, code)
	if err != nil || told.Status != applications.Accepted || now.Status != applications.Withdrawn {
		t.Fatal(told.Status, now.Status, err)
	}
	b := w.file(1)
	for _, typed := range []string{w.Code(b), code[:len(code)-1] + "0", "x", ""} {
		if typed == code {
			continue
		}
		if _, _, err := w.CheckConfirmation(ctx, a.Number, typed); !errors.Is(err, applications.ErrNotOurs) {
			t.Errorf("got %v, want ErrNotOurs", err)
		}
	}
}
