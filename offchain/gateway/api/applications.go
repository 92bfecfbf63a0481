package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/applications"
	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/electors"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/proto/api"
)

// Applications is the part of a registrar.
type Applications struct {
	// List is the register of applications.
	List     *applications.Register
	Sessions *session.Store
	Codes    *otp.Desk
	Database *database.DB
}

// ownerApplication counts codes for phones of applications apart.
const ownerApplication = "application"

// Register adds the routes.
func (p Applications) Register(f *Frame) {
	usual := []*texts.Kind{texts.Session, texts.LoginPurpose, texts.ApplicationsErased}
	changes := append([]*texts.Kind{texts.LoginUnconfirmed, texts.ApplicationsNotOpen, texts.ApplicationFormed, texts.ApplicationExists, texts.ApplicationNone,
		texts.ApplicationTooMany, texts.ApplicationField, texts.PhoneUnconfirmed, texts.PhoneBound}, usual...)
	Handle(f, Route{Method: http.MethodGet, Path: "/v1/application", ID: "application", Summary: "The voter's applications and times",
		Refusals: usual}, p.cabinet)
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/application/phone", ID: "application-phone", Summary: "Send a code to the phone of an application",
		Refusals: append([]*texts.Kind{texts.ApplicationField, texts.CodeWait, texts.ChannelAbsent, texts.ChannelFull}, usual...)}, p.phone)
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/application/phone/confirm", ID: "application-phone-confirm", Summary: "Confirm the phone by the code",
		Refusals: append([]*texts.Kind{texts.ApplicationField, texts.PhoneBound, texts.CodeWrong, texts.CodeUnreadable, texts.CodeExpired, texts.CodeExhausted, texts.CodeNone}, usual...)}, p.confirm)
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/application", ID: "application-file", Serves: true, Summary: "File an application", Refusals: changes}, p.file)
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/application/correct", ID: "application-correct", Summary: "Correct the last application", Refusals: changes}, p.correct)
	Handle(f, Route{Method: http.MethodPost, Path: "/v1/application/withdraw", ID: "application-withdraw", Summary: "Withdraw the application",
		Refusals: append([]*texts.Kind{texts.ApplicationNone, texts.ApplicationFormed}, usual...)}, p.withdraw)
	Handle(f, Route{Method: http.MethodGet, Path: "/v1/application/confirmation", ID: "application-confirmation", Summary: "The confirmation of an application as PDF",
		Refusals: append([]*texts.Kind{texts.ApplicationNone}, usual...)}, p.confirmation)
	Handle(f, Route{Method: http.MethodGet, Path: "/v1/slip", ID: "slip", Summary: "The voter's slip for an election",
		Refusals: append([]*texts.Kind{texts.SlipNone}, usual...)}, p.slip)
}

// session of a request, which must be for an application.
func (p Applications) session(ctx context.Context, bearer Bearer) (session.Session, error) {
	s, err := p.Sessions.Look(ctx, bearer.Token())
	if err != nil {
		return s, LoginRefusal(err)
	}
	if s.Purpose != session.Application {
		return s, Refuse(texts.LoginPurpose, "session", "it is not for an application")
	}
	return s, nil
}

type cabinetInput struct {
	Bearer
}

func (p Applications) cabinet(ctx context.Context, in *cabinetInput) (*Answer[api.Cabinet], error) {
	s, err := p.session(ctx, in.Bearer)
	if err != nil {
		return nil, err
	}
	all, err := p.List.Mine(ctx, s.Account.Subject)
	if err != nil {
		return nil, err
	}
	elections, err := p.List.Elections(ctx)
	if err != nil {
		return nil, err
	}
	formed, err := p.List.Formed(ctx)
	if err != nil {
		return nil, err
	}
	campaign, language := p.List.Campaign(), languageOf(ctx)
	out := api.Cabinet{
		Title: campaign.Title.In(language), OpensMS: campaign.Opens.UnixMilli(), ClosesMS: campaign.Closes.UnixMilli(), Formed: formed,
		Form: formOut(applications.Prefill(s.Account)), Applications: []api.Application{}, Elections: []api.Hex{},
	}
	for i := range all {
		out.Applications = append(out.Applications, p.shown(&all[i], language))
	}
	for _, id := range elections {
		out.Elections = append(out.Elections, id[:])
	}
	return &Answer[api.Cabinet]{out}, nil
}

// codeKey binds a code to session and phone: a code that came to one phone
// confirms no other.
func (p Applications) codeKey(s session.Session, phone string) otp.Key {
	bound := sha256.Sum256(append(s.Key[:], phone...))
	return otp.Key{Owner: p.Codes.Owner(ownerApplication, []byte(s.Account.Subject)), Bound: bound}
}

type phoneInput struct {
	Bearer
	Body api.PhoneRequest
}

func (p Applications) phone(ctx context.Context, in *phoneInput) (*Answer[api.CodeAnswer], error) {
	s, err := p.session(ctx, in.Bearer)
	if err != nil {
		return nil, err
	}
	phone, err := applications.NormalPhone(in.Body.Phone)
	if err != nil {
		return nil, applicationRefusal(&applications.FieldError{Field: applications.FieldPhone, Reason: err.Error()}, p.List.Campaign())
	}
	language := languageOf(ctx)
	sent, err := p.Codes.Send(ctx, p.codeKey(s, phone), notice.SMS, func(digits string) notice.Message {
		return notice.Message{To: phone, Text: phoneText.Fill(map[string]any{"code": digits, "mark": s.Mark()}).In(language)}
	})
	if err != nil {
		return nil, LoginRefusal(err)
	}
	return &Answer[api.CodeAnswer]{api.CodeAnswer{
		Channel: sent.Channel.String(), State: sent.State.Phase.String(), Digits: p.Codes.Digits(), ExpiresS: ceil(sent.Valid), ResendS: ceil(sent.Resend),
	}}, nil
}

// phoneText is what comes with the code.
var phoneText = texts.Both{
	RU: "Код подтверждения телефона в заявлении на дистанционное голосование: {code}. Метка {mark}. Действует 5 минут. Никому его не сообщайте.",
	EN: "Code to confirm the phone of your application to vote remotely: {code}. Mark {mark}. Good for 5 minutes. Tell it to nobody.",
}

type confirmInput struct {
	Bearer
	Body api.PhoneConfirmation
}

func (p Applications) confirm(ctx context.Context, in *confirmInput) (*Answer[api.PhoneAnswer], error) {
	s, err := p.session(ctx, in.Bearer)
	if err != nil {
		return nil, err
	}
	phone, err := applications.NormalPhone(in.Body.Phone)
	if err != nil {
		return nil, applicationRefusal(&applications.FieldError{Field: applications.FieldPhone, Reason: err.Error()}, p.List.Campaign())
	}
	var refusal error
	err = p.Database.Update(func(tx *database.Tx) error {
		refusal = nil
		// Asked again after a lost answer, what was confirmed is.
		if done, err := p.List.PhoneConfirmed(tx, s.Account.Subject, phone); done || (err != nil && !errors.Is(err, applications.ErrPhoneBound)) {
			return err
		}
		verdict, err := p.Codes.Check(tx, p.codeKey(s, phone), in.Body.Code)
		if err != nil {
			return err
		}
		if verdict.Outcome != otp.Right {
			refusal = LoginRefusal(&auth.CodeError{Verdict: verdict}) // the try is counted
			return nil
		}
		err = p.List.ConfirmPhone(tx, s.Account.Subject, phone)
		if errors.Is(err, applications.ErrPhoneBound) {
			refusal = err // the code is used up
			return nil
		}
		return err
	})
	if err = errors.Join(err, refusal); err != nil {
		return nil, applicationRefusal(err, p.List.Campaign())
	}
	return &Answer[api.PhoneAnswer]{api.PhoneAnswer{Confirmed: true}}, nil
}

type formInput struct {
	Bearer
	Body api.ApplicationForm
}

func (p Applications) file(ctx context.Context, in *formInput) (*Answer[api.Application], error) {
	return p.change(ctx, in.Bearer, func(s session.Session) (*applications.Application, error) {
		return p.List.File(ctx, s.Account, formIn(in.Body))
	})
}

func (p Applications) correct(ctx context.Context, in *formInput) (*Answer[api.Application], error) {
	return p.change(ctx, in.Bearer, func(s session.Session) (*applications.Application, error) {
		return p.List.Correct(ctx, s.Account, formIn(in.Body))
	})
}

func (p Applications) withdraw(ctx context.Context, in *cabinetInput) (*Answer[api.Application], error) {
	return p.change(ctx, in.Bearer, func(s session.Session) (*applications.Application, error) {
		return p.List.Withdraw(ctx, s.Account.Subject)
	})
}

func (p Applications) change(ctx context.Context, bearer Bearer, run func(session.Session) (*applications.Application, error)) (*Answer[api.Application], error) {
	s, err := p.session(ctx, bearer)
	if err != nil {
		return nil, err
	}
	a, err := run(s)
	if err != nil {
		return nil, applicationRefusal(err, p.List.Campaign())
	}
	return &Answer[api.Application]{p.shown(a, languageOf(ctx))}, nil
}

type confirmationInput struct {
	Bearer
	Number   string `query:"number" maxLength:"30" doc:"Number of the application; without it the newest"`
	Language string `query:"language" enum:"ru,en" doc:"Language; without it that of the request"`
}

// document is an answer that is a file.
type document struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (p Applications) confirmation(ctx context.Context, in *confirmationInput) (*document, error) {
	s, err := p.session(ctx, in.Bearer)
	if err != nil {
		return nil, err
	}
	var number applications.Number
	if in.Number != "" {
		if number, err = applications.ParseNumber(in.Number); err != nil {
			return nil, Refuse(texts.ApplicationNone, "number", "not a number of an application")
		}
	}
	language := languageOf(ctx)
	if in.Language != "" {
		language = texts.Language(in.Language)
	}
	pdf, err := p.List.Confirmation(ctx, s.Account.Subject, number, language)
	if err != nil {
		return nil, applicationRefusal(err, p.List.Campaign())
	}
	return &document{ContentType: "application/pdf", Disposition: `attachment; filename="application.pdf"`, Body: pdf}, nil
}

type slipInput struct {
	Bearer
	Election string `query:"election" required:"true" pattern:"^[0-9a-f]{64}$" doc:"Election id"`
}

func (p Applications) slip(ctx context.Context, in *slipInput) (*document, error) {
	s, err := p.session(ctx, in.Bearer)
	if err != nil {
		return nil, err
	}
	var id api.Hex
	var election [32]byte
	if err := id.UnmarshalText([]byte(in.Election)); err != nil {
		return nil, Refuse(texts.Malformed, "election", "not 64 hex digits")
	}
	if err := Fixed("election", id, &election); err != nil {
		return nil, err
	}
	slip, err := p.List.Slip(ctx, s.Account.Subject, election)
	if err != nil {
		return nil, applicationRefusal(err, p.List.Campaign())
	}
	text, err := slip.Reveal()
	if err != nil {
		return nil, err
	}
	return &document{ContentType: "application/json", Disposition: `attachment; filename="slip.json"`, Body: text}, nil
}

func formIn(f api.ApplicationForm) applications.Form {
	return applications.Form{
		Person: electors.Person{Surname: f.Surname, Name: f.Name, Patronymic: f.Patronymic, BirthDate: f.BirthDate, Document: f.Document, Address: f.Address},
		Phone:  f.Phone, Mail: f.Mail, Citizenship: f.Citizenship, Language: texts.Language(f.Language),
	}
}

func formOut(f applications.Form) api.ApplicationForm {
	return api.ApplicationForm{
		Surname: f.Surname, Name: f.Name, Patronymic: f.Patronymic, BirthDate: f.BirthDate, Document: f.Document, Address: f.Address,
		Citizenship: f.Citizenship, Phone: f.Phone, Mail: f.Mail, Language: string(f.Language),
	}
}

func (p Applications) shown(a *applications.Application, l texts.Language) api.Application {
	last := a.Last()
	out := api.Application{
		Number: a.Number.String(), Status: last.Status.String(), Reason: string(last.Reason), Fields: fieldNames(last.Fields),
		Title: last.Title().In(l), Why: last.Why().In(l), Next: last.Next().In(l), Form: formOut(a.Form), Code: p.List.Code(a),
	}
	for _, e := range a.History {
		out.History = append(out.History, api.ApplicationEvent{
			AtMS: e.At.UnixMilli(), Status: e.Status.String(), Reason: string(e.Reason), Fields: fieldNames(e.Fields), Title: e.Title().In(l), Why: e.Why().In(l),
		})
	}
	return out
}

func fieldNames(fields []electors.Field) []string {
	var names []string
	for _, f := range fields {
		names = append(names, string(f))
	}
	return names
}

// applicationRefusal words what a registrar refuses; other errors stay as they are.
func applicationRefusal(err error, c applications.Campaign) error {
	var field *applications.FieldError
	if errors.As(err, &field) {
		return Refuse(texts.ApplicationField, field.Field, "%s", field.Reason).With("label", applications.FieldTitle(field.Field))
	}
	for _, known := range []struct {
		err  error
		kind *texts.Kind
	}{
		{applications.ErrUnconfirmed, texts.LoginUnconfirmed}, {applications.ErrNotOpen, texts.ApplicationsNotOpen}, {applications.ErrFormed, texts.ApplicationFormed},
		{applications.ErrExists, texts.ApplicationExists}, {applications.ErrNone, texts.ApplicationNone}, {applications.ErrTooMany, texts.ApplicationTooMany},
		{applications.ErrPhoneUnconfirmed, texts.PhoneUnconfirmed}, {applications.ErrPhoneBound, texts.PhoneBound},
		{applications.ErrErased, texts.ApplicationsErased}, {applications.ErrNoSlip, texts.SlipNone},
	} {
		if errors.Is(err, known.err) {
			return Refuse(known.kind, "", "%s", known.err.Error()).With("opens", c.Opens.In(c.Zone).Format(time.DateTime))
		}
	}
	return err
}
