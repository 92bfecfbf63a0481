package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	gatewayapi "github.com/urna-vote/urna/offchain/gateway/api"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/database/databasetest"
	"github.com/urna-vote/urna/offchain/gateway/login"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/vault"
)

// strange is a portal that takes nothing from this gateway.
type strange struct{}

func (strange) Start(_ context.Context, a login.Attempt) (string, error) {
	return "https://portal.example/?state=" + a.State, nil
}

func (strange) Finish(context.Context, login.Attempt, url.Values) (login.Account, error) {
	return login.Account{}, fmt.Errorf("exchange code: the portal refuses this client: %w", login.ErrUnavailable)
}

// The person is sent back with a name; why stands in the operator's log.
func TestWhatThePortalRefusesAtTheEndIsToldToTheLog(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		key, err := vault.NewKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		sessions, err := session.New(session.Config{
			Database: db, Vault: key, Portal: strange{}, Public: "https://gateway.example", Origins: []string{"https://vote.example"},
			Purposes: []session.Purpose{session.Dispute}, Now: time.Now, Random: rand.Reader,
		})
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		server := serve(t, gatewayapi.Config{Parts: []gatewayapi.Part{gatewayapi.Login{Sessions: sessions, Now: time.Now}}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		id, _, err := sessions.Begin(t.Context(), session.Dispute, [32]byte{1}, [32]byte{}, [32]byte{2}, "https://vote.example/")
		if err != nil {
			t.Fatal(err)
		}
		to, _ := ask(t, http.MethodGet, server.URL+"/login/"+id, "")
		at, err := url.Parse(to.Header.Get("Location"))
		if err != nil || len(to.Cookies()) != 1 {
			t.Fatal(to.Header, err)
		}
		state := at.Query().Get("state")
		cookie := to.Cookies()[0]
		back, _ := ask(t, http.MethodGet, server.URL+"/login/callback?code=secret-code&state="+state, "", "Cookie", cookie.Name+"="+cookie.Value)
		if got := back.Header.Get("Location"); got != "https://vote.example/#login_error=login-portal" {
			t.Error(got)
		}
		server.Close()
		if text := log.String(); !strings.Contains(text, "refuses this client") || strings.Contains(text, "secret-code") || strings.Contains(text, state) || strings.Contains(text, cookie.Value) {
			t.Errorf("the log has %q", text)
		}
	})
}
