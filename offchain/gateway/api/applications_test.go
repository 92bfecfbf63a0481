package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/slip"
	"github.com/urna-vote/urna/proto/api"
	electionv1 "github.com/urna-vote/urna/proto/urna/election/v1"
)

func TestAVoterAppliesCorrectsAndGetsConfirmationAndSlip(t *testing.T) {
	r := newRegistrar(t)
	v := r.enter(0)
	var cabinet api.Cabinet
	if status := v.call("GET", "/v1/application", nil, &cabinet); status != http.StatusOK || cabinet.Form.Surname != "Петрова" || len(cabinet.Applications) != 0 {
		t.Fatal("cabinet:", status)
	}
	form := api.ApplicationForm{Phone: "8 (900) 111-22-33", Mail: "anna@example.org", Language: "ru"}
	v.refused("POST", "/v1/application", form, "phone-unconfirmed")
	v.confirmPhone("+79001112233")
	var filed api.Application
	if status := v.call("POST", "/v1/application", form, &filed); status != http.StatusOK || filed.Status != "accepted" || filed.Title != "Учтено" || filed.Next == "" || len(filed.History) != 2 {
		t.Fatal("file:", status, filed.Status, filed.Reason)
	}
	var again api.Application
	if v.call("POST", "/v1/application", form, &again); again.Number != filed.Number {
		t.Error("repeated, the request made another application")
	}
	form.Mail = "other@example.org"
	v.refused("POST", "/v1/application", form, "application-exists")
	if status := v.call("POST", "/v1/application/correct", form, &again); status != http.StatusOK || again.Form.Mail != form.Mail {
		t.Error("correct:", status)
	}
	v.pdf(filed.Number)
	v.refused("GET", "/v1/application/confirmation?number=000009-9", nil, "application-none")

	election := applications.Election{ChainID: "urna-test", ID: [32]byte{5}, Definition: &electionv1.Definition{Styles: []*electionv1.Style{{Name: "one"}}}}
	path := fmt.Sprintf("/v1/slip?election=%x", election.ID)
	v.refused("GET", path, nil, "slip-none")
	r.sleep(25 * time.Hour)
	if _, err := r.list.Form(context.Background(), "clerk", election); err != nil {
		t.Fatal(err)
	}
	v.refused("POST", "/v1/application/withdraw", struct{}{}, "session")
	v = r.enter(0)
	v.refused("POST", "/v1/application/withdraw", struct{}{}, "application-formed")
	status, header, file := v.raw("GET", path, nil)
	s, err := slip.Parse(file)
	if status != http.StatusOK || err != nil || !strings.HasPrefix(s.Subject, "Петрова Анна Ильинична, 1980-05-06, 000001-") || header.Get("Cache-Control") != "no-store" {
		t.Fatal("slip:", status, err)
	}
	if v.call("GET", "/v1/application", nil, &cabinet); !cabinet.Formed || len(cabinet.Elections) != 1 {
		t.Error("the cabinet does not tell of the formed list")
	}
	r.enter(1).refused("GET", path, nil, "slip-none")
}

func (v *voter) pdf(number string) {
	v.t.Helper()
	status, header, first := v.raw("GET", "/v1/application/confirmation?language=ru&number="+number, nil)
	if status != http.StatusOK || header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(first, []byte("%PDF")) {
		v.t.Fatal("confirmation:", status, header.Get("Content-Type"))
	}
	if _, _, again := v.raw("GET", "/v1/application/confirmation", nil); !bytes.Equal(first, again) {
		v.t.Error("the same application gave other bytes")
	}
}

func TestOfOneApplicationAnotherAccountGetsNothing(t *testing.T) {
	r := newRegistrar(t)
	first, second := r.enter(0), r.enter(1)
	first.confirmPhone("+79001112233")
	if status := first.call("POST", "/v1/application", api.ApplicationForm{Phone: "+79001112233"}, nil); status != http.StatusOK {
		t.Fatal(status)
	}
	second.refused("GET", "/v1/application/confirmation", nil, "application-none")
	second.refused("POST", "/v1/application/withdraw", struct{}{}, "application-none")
	// The phone of another: refused only to who reads its messages.
	if status := second.call("POST", "/v1/application/phone", api.PhoneRequest{Phone: "+79001112233"}, nil); status != http.StatusOK {
		t.Fatal(status)
	}
	second.refused("POST", "/v1/application/phone/confirm", api.PhoneConfirmation{Phone: "+79001112233", Code: "12"}, "code-unreadable")
	code := r.phones.code(t, "+79001112233")
	second.refused("POST", "/v1/application/phone/confirm", api.PhoneConfirmation{Phone: "+79005556677", Code: code}, "code-none")
	second.refused("POST", "/v1/application/phone", api.PhoneRequest{Phone: "+79005556677"}, "code-wait")
	second.refused("POST", "/v1/application/phone", api.PhoneRequest{Phone: "nonsense"}, "application-field")
	second.refused("POST", "/v1/application", api.ApplicationForm{Phone: "+79001112233", Document: "1"}, "application-field")
}

func TestWithoutASessionOfItsPurposeNothingIsTold(t *testing.T) {
	r := newRegistrar(t)
	for _, v := range []*voter{{registrar: r}, {registrar: r, bearer: strings.Repeat("A", 43)}} {
		for _, path := range []string{"/v1/application", "/v1/application/confirmation", "/v1/slip?election=" + strings.Repeat("0", 64)} {
			v.refused("GET", path, nil, "session")
		}
		v.refused("POST", "/v1/application", api.ApplicationForm{Phone: "+79001112233"}, "session")
	}
	// An account that the portal did not confirm comes back without a session.
	if v := r.enter(9); !strings.Contains(v.bearer, "login_error=login-unconfirmed") {
		t.Errorf("came back with %q", v.bearer)
	}
}
