package issuer

import (
	"context"
	"encoding/hex"
	"net/http"

	"github.com/urna-vote/urna/proto/api"
)

// Cabinet is all that the person has at a registrar.
func (g *Gateway) Cabinet(ctx context.Context, session Bearer) (out api.Cabinet, err error) {
	return out, g.callAs(ctx, session, http.MethodGet, "/v1/application", nil, &out)
}

// SendPhoneCode asks the registrar for a code to a telephone that an application
// will name.
func (g *Gateway) SendPhoneCode(ctx context.Context, session Bearer, phone string) (out api.CodeAnswer, err error) {
	return out, g.callAs(ctx, session, http.MethodPost, "/v1/application/phone", api.PhoneRequest{Phone: phone}, &out)
}

// ConfirmPhone brings the code back.
func (g *Gateway) ConfirmPhone(ctx context.Context, session Bearer, phone, code string) error {
	var out api.PhoneAnswer
	return g.callAs(ctx, session, http.MethodPost, "/v1/application/phone/confirm", api.PhoneConfirmation{Phone: phone, Code: code}, &out)
}

// Apply files an application. One that is rejected is no error.
func (g *Gateway) Apply(ctx context.Context, session Bearer, form api.ApplicationForm) (out api.Application, err error) {
	return out, g.callAs(ctx, session, http.MethodPost, "/v1/application", form, &out)
}

// Correct puts other data into the last application.
func (g *Gateway) Correct(ctx context.Context, session Bearer, form api.ApplicationForm) (out api.Application, err error) {
	return out, g.callAs(ctx, session, http.MethodPost, "/v1/application/correct", form, &out)
}

// Withdraw takes the application back.
func (g *Gateway) Withdraw(ctx context.Context, session Bearer) (out api.Application, err error) {
	return out, g.callAs(ctx, session, http.MethodPost, "/v1/application/withdraw", struct{}{}, &out)
}

// Slip fetches the person's slip of an election, as its file.
func (g *Gateway) Slip(ctx context.Context, session Bearer, election [32]byte) (file []byte, err error) {
	return file, g.callAs(ctx, session, http.MethodGet, "/v1/slip?election="+hex.EncodeToString(election[:]), nil, &file)
}

// Confirmation fetches the confirmation of the last application, a PDF.
func (g *Gateway) Confirmation(ctx context.Context, session Bearer) (file []byte, err error) {
	return file, g.callAs(ctx, session, http.MethodGet, "/v1/application/confirmation", nil, &file)
}

// Dispute says, in a session of that purpose, that the person did not ask for the
// token of the own entry.
func (g *Gateway) Dispute(ctx context.Context, session Bearer) (out api.DisputeAnswer, err error) {
	return out, g.callAs(ctx, session, http.MethodPost, "/v1/dispute", struct{}{}, &out)
}
