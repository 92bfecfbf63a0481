package login_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/urna-vote/urna/offchain/gateway/login"
)

func TestAttemptsAreDrawnAfresh(t *testing.T) {
	seen := map[string]bool{}
	random := strings.NewReader(strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", 8))
	for range 4 {
		a, err := login.NewAttempt(random, "n", "https://gateway.example/login/callback")
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(a.State) {
			t.Errorf("state %s is no UUID of version 4", a.State)
		}
		if len(a.Verifier) != 43 || seen[a.State] || seen[a.Verifier] {
			t.Error("state or verifier is short or was drawn before")
		}
		seen[a.State], seen[a.Verifier] = true, true
	}
	if _, err := login.NewAttempt(strings.NewReader("short"), "n", "r"); err == nil {
		t.Error("an attempt is made without randomness")
	}
}

func TestNothingOfAPersonIsPrinted(t *testing.T) {
	const secret = "SECRET"
	p := &login.Person{Surname: secret, Name: secret, Patronymic: secret, BirthDate: secret, Document: secret,
		Citizenship: secret, Address: secret, Phone: secret, Mail: secret}
	values := []any{
		login.Attempt{State: secret, Nonce: secret, Verifier: secret, Redirect: secret},
		login.Account{Subject: secret, Person: p}, &login.Account{Subject: secret, Person: p}, *p, p,
		struct{ P login.Person }{*p},
	}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, secret) || strings.Contains(s, fmt.Sprintf("%x", secret)) {
				t.Errorf("%T prints itself with %s", v, verb)
			}
		}
		if raw, err := json.Marshal(v); err == nil && bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%T is written as JSON", v)
		}
	}
}

func TestStateIsCheckedBeforeARefusalIsBelieved(t *testing.T) {
	a := login.Attempt{State: "s"}
	for query, want := range map[string]error{
		"state=s":                               nil,
		"state=s&error=access_denied":           login.ErrDeclined,
		"state=s&error=":                        login.ErrUnavailable,
		"state=s&error=invalid_scope":           login.ErrUnavailable,
		"state=s&error=temporarily_unavailable": login.ErrUnavailable,
		"state=x&error=access_denied":           login.ErrAnswer,
		"state=x":                               login.ErrAnswer,
		"":                                      login.ErrAnswer,
		"state=s&state=s":                       login.ErrAnswer,
		"state=S":                               login.ErrAnswer,
		"state=s&error_description=only+a+footnote": nil,
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.CheckState(q); fmt.Sprint(unwrapped(err)) != fmt.Sprint(want) {
			t.Errorf("%q: %v", query, err)
		}
	}
}

func unwrapped(err error) error {
	for err != nil {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
	return nil
}

func TestPhonesLoseTheirOrnaments(t *testing.T) {
	for said, want := range map[string]string{
		"+7 (900) 000-00-01": "+79000000001", "+7(988)0693468": "+79880693468", "+79000000001": "+79000000001",
		"79000000001": "+79000000001", "": "", "+7": "", "+7900000000a": "", "+7 900 000 00 01 доб. 5": "", "7+9000000000": "",
		"+12345678901234567": "",
	} {
		if got := login.PlainPhone(said); got != want {
			t.Errorf("%q becomes %q, not %q", said, got, want)
		}
	}
}

func TestPortalIsFollowedNowhereAndReadNoFurtherThanAMegabyte(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/endless", http.StatusFound)
			return
		}
		for range 3 << 10 {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	resp, err := login.HTTPClient().Get(server.URL + "/away")
	if err != nil || resp.StatusCode != http.StatusFound {
		t.Fatalf("redirect: %v", err)
	}
	_ = resp.Body.Close()
	resp, err = login.HTTPClient().Get(server.URL + "/endless")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || n > 1<<20 {
		t.Errorf("%d bytes were read without a fault", n)
	}
}
