package notice_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/notice"
)

func TestMessagePrintsNothingOfItself(t *testing.T) {
	m := notice.Message{Channel: notice.SMS, To: "+79001234567", Subject: "тема", Text: "код 654321", Until: time.Unix(1, 0)}
	type outer struct{ Inner notice.Message }
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", m, &m, outer{m})
	}
	for _, v := range []any{m, &m, outer{m}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
		if b, err = xml.Marshal(v); err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "m", m, "p", &m, "o", outer{m})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "m", m, "p", &m, "o", outer{m})
	out.Write(log.Bytes())
	for _, secret := range []string{"79001234567", "654321", "код", "тема", "3739303031323334353637"} {
		if strings.Contains(out.String(), secret) {
			t.Fatalf("%q is printed:\n%s", secret, out.String())
		}
	}
	if n := strings.Count(out.String(), "notice.Message(redacted)"); n < 20 {
		t.Fatalf("the redaction is printed %d times only:\n%s", n, out.String())
	}
}

func TestChannelsAreReadInOneSpelling(t *testing.T) {
	for _, c := range notice.Channels() {
		if got, err := notice.ParseChannel(c.String()); err != nil || got != c {
			t.Errorf("channel %v is read back as %v, %v", c, got, err)
		}
	}
	if _, err := notice.ParseChannel("SMS"); err == nil {
		t.Error("channel SMS in capitals is read")
	}
}
