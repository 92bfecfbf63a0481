package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"

	"github.com/urna-vote/urna/offchain/gateway/auth"
	"github.com/urna-vote/urna/offchain/gateway/issue"
	"github.com/urna-vote/urna/proto/api"
)

// maxBody limits a request in bytes; the largest right one has about 4 KiB.
const maxBody = 16 << 10

// maxMembers limits a panel as a request may claim it.
const maxMembers = 64

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	var in api.TokenRequest
	if err := readJSON(w, r, &in); err != nil {
		malformed(w, err)
		return
	}
	request, err := endorseRequest(&in)
	if err != nil {
		malformed(w, err)
		return
	}
	endorsement, err := s.cfg.Issuer.Endorse(r.Context(), request)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, api.TokenAnswer{Endorsement: endorsement[:]})
}

func endorseRequest(in *api.TokenRequest) (out issue.EndorseRequest, err error) {
	out.Claim.Style, out.Claim.Code = in.Style, in.Code
	out.Panel, out.Blinded = in.Panel, in.Blinded
	if len(in.BlindedHashes) > maxMembers {
		return out, &fieldError{"blinded_hashes", "too many"}
	}
	out.BlindedHashes = make([][32]byte, len(in.BlindedHashes))
	err = errors.Join(
		fixed("election", in.Election, &out.Claim.Election),
		fixed("entry", in.Entry, &out.Claim.Entry),
		fixed("pass", in.Pass, &out.Claim.Pass),
		fixed("claim_key_hash", in.ClaimKeyHash, &out.ClaimKeyHash),
	)
	for i := range in.BlindedHashes {
		err = errors.Join(err, fixed(fmt.Sprintf("blinded_hashes[%d]", i), in.BlindedHashes[i], &out.BlindedHashes[i]))
	}
	return out, err
}

func (s *server) sign(w http.ResponseWriter, r *http.Request) {
	var in api.SignRequest
	if err := readJSON(w, r, &in); err != nil {
		malformed(w, err)
		return
	}
	request := issue.SignRequest{Blinded: in.Blinded}
	err := errors.Join(
		fixed("election", in.Election, &request.Election),
		fixed("entry", in.Entry, &request.Entry),
		fixed("transaction", in.Transaction, &request.Transaction),
	)
	if err != nil {
		malformed(w, err)
		return
	}
	signature, err := s.cfg.Issuer.Sign(r.Context(), request)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, api.SignAnswer{Signature: signature})
}

// fail answers a refusal with its class and anything else without its text:
// that goes to the log, which holds nothing of the request.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *issue.Refusal
	var wait *auth.WaitError
	switch {
	case errors.As(err, &refusal):
		status, name := refusalClass(refusal.Class)
		writeError(w, status, api.GatewayError{Name: name, Field: refusal.Field, Reason: refusal.Error()})
	case errors.Is(err, issue.ErrUnknownElection), errors.Is(err, issue.ErrNotOnRecord):
		status, name := refusalClass(err)
		writeError(w, status, api.GatewayError{Name: name, Reason: err.Error()})
	case errors.As(err, &wait):
		seconds := int64(math.Ceil(wait.Wait.Seconds()))
		writeError(w, http.StatusTooManyRequests, api.GatewayError{Name: "wait", Field: "code", Reason: wait.Error(), RetryAfterS: seconds})
	case errors.Is(err, auth.ErrCredential):
		writeError(w, http.StatusForbidden, api.GatewayError{Name: "credential", Field: "code", Reason: err.Error()})
	case errors.Is(err, issue.ErrNode):
		s.cfg.Log.Warn("node does not answer", "route", r.Pattern, "error", err)
		writeError(w, http.StatusServiceUnavailable, api.GatewayError{Name: "unavailable", Reason: "the gateway's node does not answer; try again", RetryAfterS: 2})
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		writeError(w, http.StatusServiceUnavailable, api.GatewayError{Name: "unavailable", Reason: "the gateway did not get to it in time; try again", RetryAfterS: 2})
	default:
		s.cfg.Log.Error("request failed", "route", r.Pattern, "error", err)
		writeError(w, http.StatusInternalServerError, api.GatewayError{Name: "internal", Reason: "the gateway failed; its operator finds why in its log. Try again", RetryAfterS: 5})
	}
}

func refusalClass(class error) (status int, name string) {
	switch {
	case errors.Is(class, issue.ErrUnknownElection):
		return http.StatusNotFound, "unknown-election"
	case errors.Is(class, issue.ErrNotOpen):
		return http.StatusConflict, "not-open"
	case errors.Is(class, issue.ErrEntry):
		return http.StatusConflict, "entry"
	case errors.Is(class, issue.ErrOtherRecord):
		return http.StatusConflict, "other-record"
	case errors.Is(class, issue.ErrNotOnRecord):
		return http.StatusNotFound, "not-on-record"
	}
	return http.StatusBadRequest, "malformed"
}

type fieldError struct{ field, reason string }

func (e *fieldError) Error() string { return e.field + ": " + e.reason }

func fixed(field string, in api.Hex, out *[32]byte) error {
	if len(in) != len(out) {
		return &fieldError{field, fmt.Sprintf("%d bytes where %d are expected", len(in), len(out))}
	}
	*out = [32]byte(in)
	return nil
}

func malformed(w http.ResponseWriter, err error) {
	out := api.GatewayError{Name: "malformed", Field: "body", Reason: err.Error()}
	var field *fieldError
	if errors.As(err, &field) {
		out.Field = field.field
	}
	writeError(w, http.StatusBadRequest, out)
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &fieldError{"content-type", "must be application/json"}
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("not the JSON object that is expected: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

func writeError(w http.ResponseWriter, status int, e api.GatewayError) {
	if e.RetryAfterS > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(e.RetryAfterS, 10))
	}
	writeJSON(w, status, e)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The client may be gone; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(v)
}
