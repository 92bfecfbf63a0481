package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/urna-vote/urna/crypto/blindtoken"
	"github.com/urna-vote/urna/internal/sample"
	"github.com/urna-vote/urna/proto/api"
	"github.com/urna-vote/urna/x/issuance"
)

func entryOf(i int) [32]byte { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i))) }

func subjectOf(i int) string { return fmt.Sprintf("subject-%d", i) }

func phoneOf(i int) string { return fmt.Sprintf("+7900%07d", i) }

// voter is one person's device and browser.
type voter struct {
	number  int
	http    *http.Client
	gateway started

	bearer string
	code   string
	token  api.TokenRequest
}

func newVoter(number int, client *http.Client, gateway started) *voter {
	v := &voter{number: number, http: client, gateway: gateway}
	entry := entryOf(number)
	blinded := make([]byte, 256)
	_, _ = rand.Read(blinded[1:])
	hash, other := blindtoken.BlindedHash(blinded), [32]byte{5}
	v.token = api.TokenRequest{
		Election: electionID[:], Entry: entry[:], Style: 1, Blinded: blinded, BlindedHashes: []api.Hex{hash[:], other[:]}, ClaimKeyHash: make([]byte, 32),
	}
	return v
}

func (v *voter) call(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.gateway.Address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if v.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+v.bearer)
	}
	response, err := v.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d %s", path, response.StatusCode, answer)
	}
	return json.Unmarshal(answer, out)
}

// logIn takes a session, and the code that came.
func (v *voter) logIn(ctx context.Context) error {
	verifier := make([]byte, 32)
	_, _ = rand.Read(verifier)
	challenge := sha256.Sum256(verifier)
	hashes := [][32]byte{[32]byte(v.token.BlindedHashes[0]), [32]byte(v.token.BlindedHashes[1])}
	request := issuance.RequestHash(sample.ChainID, electionID, definition().Styles[1].TokenClass, 0, hashes)
	var begun api.LoginAnswer
	err := v.call(ctx, "/v1/login", api.LoginRequest{Purpose: api.PurposeToken, Election: electionID[:], Request: request[:], Challenge: challenge[:], Return: "http://127.0.0.1:9/back"}, &begun)
	if err != nil {
		return err
	}
	grant, err := v.browse(ctx, begun.URL)
	if err != nil {
		return err
	}
	var s api.SessionAnswer
	if err := v.call(ctx, "/v1/session", api.SessionRequest{ID: grant, Verifier: verifier}, &s); err != nil {
		return err
	}
	v.bearer = s.Session
	return nil
}

// browse goes to the portal and back, and gives what came to the return address.
func (v *voter) browse(ctx context.Context, address string) (string, error) {
	var cookies []*http.Cookie
	step := func(address string) (*url.URL, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		for _, c := range cookies {
			request.AddCookie(c)
		}
		response, err := v.http.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		cookies = response.Cookies()
		if response.StatusCode != http.StatusSeeOther {
			return nil, fmt.Errorf("%s: %s", request.URL.Path, response.Status)
		}
		return response.Location()
	}
	portal, err := step(address)
	if err != nil {
		return "", err
	}
	query := url.Values{"code": {subjectOf(v.number)}, "state": {portal.Query().Get("state")}}
	back, err := step(v.gateway.Address + "/login/callback?" + query.Encode())
	if err != nil {
		return "", err
	}
	return back.Query().Get("login"), nil
}

// getCode asks for a code and reads it off the telephone.
func (v *voter) getCode(ctx context.Context) error {
	if err := v.call(ctx, "/v1/code", api.CodeRequest{Channel: api.ChannelSMS}, new(api.CodeAnswer)); err != nil {
		return err
	}
	for range 500 {
		response, err := v.http.Get(v.gateway.Control + "/code?phone=" + url.QueryEscape(phoneOf(v.number)))
		if err != nil {
			return err
		}
		code, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return err
		}
		if v.code = strings.TrimSpace(string(code)); v.code != "" {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("no code came")
}

// getToken has the record endorsed and the blinded message signed.
func (v *voter) getToken(ctx context.Context) error {
	v.token.Code = v.code
	if err := v.call(ctx, "/v1/token", v.token, new(api.TokenAnswer)); err != nil {
		return err
	}
	hash := sha256.Sum256(v.token.Entry)
	var signed api.SignAnswer
	err := v.call(ctx, "/v1/sign", api.SignRequest{Election: electionID[:], Entry: v.token.Entry, Transaction: hash[:], Blinded: v.token.Blinded}, &signed)
	if err == nil && len(signed.Signature) != len(v.token.Blinded) {
		err = errors.New("no signature")
	}
	return err
}
