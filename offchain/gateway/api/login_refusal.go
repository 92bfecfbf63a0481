package api

import (
	"errors"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
	"github.com/urna-vote/urna/offchain/gateway/session"
	"github.com/urna-vote/urna/offchain/gateway/texts"
)

// LoginRefusal words what log-in, sessions and one-time codes refuse; other
// errors stay as they are.
func LoginRefusal(err error) error {
	var code *auth.CodeError
	var wait *otp.WaitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &code):
		return codeRefusal(code)
	case errors.As(err, &wait):
		return Refuse(texts.CodeWait, "code", "%s", wait.Error()).After(wait.Wait)
	case errors.Is(err, auth.ErrOtherRequest):
		return Refuse(texts.OtherRequest, "request", "%s", auth.ErrOtherRequest.Error())
	case errors.Is(err, notice.ErrFull), errors.Is(err, notice.ErrClosed):
		return Refuse(texts.ChannelFull, "channel", "the queue of messages takes none").After(10 * time.Second)
	case errors.Is(err, notice.ErrAbsent):
		return Refuse(texts.ChannelAbsent, "channel", "this gateway has no such channel")
	}
	name := session.Name(err)
	kind, known := texts.Find(name)
	if name == "" || !known {
		return err
	}
	refusal := Refuse(kind, "", "%s", kind.Title.EN)
	if kind == texts.LoginPortal {
		// The portal's fault is the operator's to know.
		return refusal.After(time.Minute).Because(err)
	}
	return refusal
}

func codeRefusal(e *auth.CodeError) *Refusal {
	v := e.Verdict
	kind := texts.CodeNone
	switch v.Outcome {
	case otp.Wrong:
		kind = texts.CodeWrong
	case otp.Unreadable:
		kind = texts.CodeUnreadable
	case otp.Expired:
		kind = texts.CodeExpired
	case otp.Exhausted:
		kind = texts.CodeExhausted
	}
	r := Refuse(kind, "code", "%s", e.Error()).With("left", v.Left).With("digits", v.Digits)
	if v.Outcome == otp.Exhausted || (v.Outcome == otp.Wrong && v.Left == 0) {
		r.Kind = texts.CodeExhausted
		r.Wait = v.Wait
	}
	return r
}
