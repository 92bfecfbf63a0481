package load

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/urna-vote/urna/proto/api"
)

// sender hands batches to one node.
type sender struct {
	url  string
	http *http.Client
}

// verdict of a node on one transaction: admitted if there is no reason.
type verdict struct {
	reason string
	again  bool
	after  time.Duration
}

// newSender dials from a local address, if one is given, so that a node sees
// several sources.
func newSender(url, source string, connections int) *sender {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	return &sender{url: url + "/v1/transactions/batch", http: &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true,
		},
	}}
}

// retryAfter is how long to wait where a node asks to but names no time.
const retryAfter = 250 * time.Millisecond

// send returns a verdict for each transaction, and how long to wait before those
// to be sent again; or an error and how long to wait before all of them.
func (s *sender) send(ctx context.Context, raws [][]byte) ([]verdict, time.Duration, error) {
	size := 0
	for _, raw := range raws {
		size += len(raw) + binary.MaxVarintLen32
	}
	body := make([]byte, 0, size)
	for _, raw := range raws {
		body = append(binary.AppendUvarint(body, uint64(len(raw))), raw...)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return nil, 0, fmt.Errorf("hand in: %w", err)
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, time.Second, fmt.Errorf("hand in: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return nil, time.Second, fmt.Errorf("hand in: %w", err)
	}
	wait := retryAfter
	if after, err := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64); err == nil && after >= 0 && after < 60 {
		wait = seconds(after)
	}
	if resp.StatusCode/100 != 2 && resp.StatusCode != http.StatusUnprocessableEntity {
		return nil, wait, fmt.Errorf("hand in: %s", resp.Status)
	}
	verdicts, err := read(text, len(raws))
	for _, v := range verdicts {
		wait = max(wait, v.after)
	}
	return verdicts, wait, err
}

// read takes the answers apart: those that are not named are admitted.
func read(text []byte, n int) ([]verdict, error) {
	var answer api.SubmittedBatch
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("read answer %q: %w", strings.ToValidUTF8(string(text[:min(len(text), 200)]), "?"), err)
	}
	if answer.Count != n {
		return nil, fmt.Errorf("read answer: %d for %d transactions", answer.Count, n)
	}
	out := make([]verdict, n)
	for _, other := range answer.Others {
		if other.Position < 0 || other.Position >= n {
			return nil, fmt.Errorf("read answer: one for position %d of %d", other.Position, n)
		}
		if s := other.Answer; s.Code != 0 {
			out[other.Position] = verdict{
				reason: s.Codespace + "/" + s.Name, again: s.RetryAfterMS > 0 || s.Codespace == "node" && s.Retry,
				after: min(time.Duration(s.RetryAfterMS)*time.Millisecond, time.Minute),
			}
		}
	}
	return out, nil
}
