package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/urna-vote/urna/offchain/gateway/texts"
	"github.com/urna-vote/urna/proto/api"
)

// Refusal is why a request is not answered with what it asks for.
type Refusal struct {
	Kind *texts.Kind
	// Status, if not the kind's.
	Status int
	// Field at fault and Reason are for programs and those who write them; they
	// hold nothing of a person.
	Field, Reason string
	// Wait after which asking again may help.
	Wait time.Duration
	// Values fill the places of the kind's texts: string, texts.Both or time.Duration.
	Values map[string]any
	// Cause goes to the log and to nobody else.
	Cause error
}

// Refuse makes a refusal.
func Refuse(kind *texts.Kind, field, format string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Field: field, Reason: fmt.Sprintf(format, args...)}
}

// After says when asking again may help.
func (r *Refusal) After(wait time.Duration) *Refusal {
	r.Wait = wait
	return r
}

// Because tells the log why.
func (r *Refusal) Because(cause error) *Refusal {
	r.Cause = cause
	return r
}

// With fills a place of the texts.
func (r *Refusal) With(name string, value any) *Refusal {
	if r.Values == nil {
		r.Values = map[string]any{}
	}
	r.Values[name] = value
	return r
}

func (r *Refusal) Error() string { return r.Kind.Name + ": " + r.Field + ": " + r.Reason }

var errorType = reflect.TypeFor[api.GatewayError]()

// problem is a refusal as it is written.
type problem struct {
	api.GatewayError
	language texts.Language
}

func newProblem(r *Refusal, l texts.Language) *problem {
	values := map[string]any{"field": r.Field, "wait": max(r.Wait, time.Second)}
	for name, value := range r.Values {
		values[name] = value
	}
	status := r.Status
	if status == 0 {
		status = r.Kind.Status
	}
	reason := r.Reason
	if reason == "" {
		reason = r.Kind.Detail.Fill(values).EN
	}
	return &problem{language: l, GatewayError: api.GatewayError{
		Type: "/v1/problems/" + r.Kind.Name, Status: status,
		Title: r.Kind.Title.Fill(values).In(l), Detail: r.Kind.Detail.Fill(values).In(l), Next: r.Kind.Next.Fill(values).In(l),
		Name: r.Kind.Name, Field: r.Field, Reason: reason, RetryAfterS: int64(math.Ceil(r.Wait.Seconds())),
	}}
}

// Error, GetStatus, GetHeaders and ContentType are how huma writes it.
func (p *problem) Error() string { return p.Name }

func (p *problem) GetStatus() int { return p.Status }

func (p *problem) GetHeaders() http.Header {
	h := http.Header{"Content-Language": {string(p.language)}, "Vary": {"Accept-Language"}}
	if p.RetryAfterS > 0 {
		h.Set("Retry-After", strconv.FormatInt(p.RetryAfterS, 10))
	}
	return h
}

func (p *problem) ContentType(ct string) string {
	if ct == "application/json" {
		return "application/problem+json"
	}
	return ct + "; charset=utf-8"
}

// MarshalJSON writes the problem's members.
func (p *problem) MarshalJSON() ([]byte, error) { return json.Marshal(p.GatewayError) }

// translate words what huma itself finds wrong with a request. What it says of
// values is dropped: it repeats them.
func (f *Frame) translate(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	r := &Refusal{Kind: texts.Malformed, Status: model.Status, Field: "body", Reason: model.Detail}
	switch model.Status {
	case http.StatusRequestEntityTooLarge:
		r.Kind = texts.TooLarge
	case http.StatusRequestTimeout:
		r.Kind = texts.TooSlow
	case http.StatusInternalServerError:
		r.Kind, r.Reason, r.Wait = texts.Internal, "", 5*time.Second
	}
	if len(model.Errors) > 0 {
		field, reason := atFault(model.Errors[0])
		if r.Field = field; reason != "" {
			r.Reason = reason
		} else if r.Kind == texts.Malformed {
			r.Reason = "is not the JSON that this route reads"
		}
	}
	f.refused(r.Kind.Name)
	p := newProblem(r, languageOf(ctx.Context()))
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	return p, nil
}

// writeProblem answers outside of any route.
func writeProblem(w http.ResponseWriter, r *http.Request, p *problem) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = append(w.Header()[name], values...)
	}
	kind, write := p.ContentType("application/json"), func(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		kind, write = p.ContentType("text/html"), writePage
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(p.Status)
	_ = write(w, p) // the client may be gone; there is nobody to tell
}

// refusal of any error. What is not one is told to the log, not to the stranger.
func (f *Frame) refusal(ctx context.Context, err error) *Refusal {
	var r *Refusal
	switch {
	case errors.As(err, &r):
		if r.Cause != nil && f.seldom.due(trouble{routeOf(ctx), r.Kind.Name}, f.cfg.Now()) {
			f.cfg.Log.Warn("request refused", "route", routeOf(ctx), "name", r.Kind.Name, "error", r.Cause)
		}
		return r
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Refuse(texts.Unavailable, "", "the gateway did not get to it in time; try again").After(2 * time.Second)
	}
	f.cfg.Log.Error("request failed", "route", routeOf(ctx), "error", err)
	return Refuse(texts.Internal, "", "the gateway failed; its operator finds why in its log. Try again").After(5 * time.Second)
}

var page = template.Must(template.New("problem").Parse(`<!doctype html>
<html lang="{{.Language}}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<h1>{{.Title}}</h1>
<p>{{.Detail}}</p>
<p><strong>{{.Next}}</strong></p>
<p><small>{{.Name}}{{with .Field}} · {{.}}{{end}}</small></p>
</html>
`))

// plain shows any other answer to a browser that asks for pages.
var plain = template.Must(template.New("plain").Parse("<!doctype html>\n<meta charset=\"utf-8\"><title>JSON</title><pre>{{.}}</pre>\n"))

func writePage(w io.Writer, v any) error {
	p, ok := v.(*problem)
	if !ok {
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return fmt.Errorf("write page: %w", err)
		}
		return plain.Execute(w, string(text))
	}
	return page.Execute(w, struct {
		api.GatewayError
		Language texts.Language
	}{p.GatewayError, p.language})
}
