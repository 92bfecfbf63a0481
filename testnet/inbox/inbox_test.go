package inbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/testnet/inbox"
	"github.com/urna-vote/urna/testnet/smsc"
)

func control(t *testing.T) (*inbox.Inbox, *smsc.Server, string) {
	t.Helper()
	box := inbox.New()
	s, err := smsc.Start(smsc.Config{Address: "127.0.0.1:0", Accounts: map[string]string{"a": "b"}, Inbox: box, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	web := httptest.NewServer(inbox.Control(box, s))
	t.Cleanup(web.Close)
	return box, s, web.URL
}

func do(t *testing.T, method, address, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func messages(t *testing.T, address string) []inbox.Message {
	t.Helper()
	status, text := do(t, http.MethodGet, address, "")
	var got []inbox.Message
	if err := json.Unmarshal([]byte(text), &got); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	return got
}

func TestMessagesOfAPhoneAreReadOverHTTP(t *testing.T) {
	box, _, base := control(t)
	of := base + "/messages?to=" + url.QueryEscape("+79000000001")
	if got := messages(t, of); len(got) != 0 {
		t.Fatalf("an empty inbox holds %d", len(got))
	}
	box.Put(inbox.Message{To: "+79000000001", Text: "первое"})
	box.Put(inbox.Message{To: "+79000000002", Text: "чужое"})
	box.Put(inbox.Message{To: "+79000000001", Text: "второе"})
	got := messages(t, of)
	if len(got) != 2 || got[0].Text != "первое" || got[1].Text != "второе" || got[1].Seq != 3 {
		t.Fatalf("the phone shows %+v", got)
	}
	if got = messages(t, of+"&after=1"); len(got) != 1 || got[0].Text != "второе" {
		t.Fatalf("after the first the phone shows %+v", got)
	}
	go func() {
		time.Sleep(30 * time.Millisecond)
		box.Put(inbox.Message{To: "+79000000001", Text: "третье"})
	}()
	if got = messages(t, of+"&after=3&wait=5s"); len(got) != 1 || got[0].Text != "третье" {
		t.Fatalf("waiting gives %+v", got)
	}
	if got = messages(t, of+"&after=9&wait=10ms"); len(got) != 0 {
		t.Fatalf("waiting in vain gives %+v", got)
	}
	if status, _ := do(t, http.MethodDelete, base+"/messages", ""); status != http.StatusNoContent || len(messages(t, of)) != 0 {
		t.Fatal("messages are not forgotten")
	}
	for _, bad := range []string{"/messages", "/messages?to=x&after=-1", "/messages?to=x&wait=long"} {
		if status, _ := do(t, http.MethodGet, base+bad, ""); status != http.StatusBadRequest {
			t.Errorf("%s is answered with %d", bad, status)
		}
	}
}

func TestMisbehaviourIsSetOverHTTP(t *testing.T) {
	_, s, base := control(t)
	if status, text := do(t, http.MethodPut, base+"/behaviour", `{"throttle":3,"unknown":["+7"]}`); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	if b := s.Behaviour(); b.Throttle != 3 || len(b.Unknown) != 1 {
		t.Fatalf("behaviour is %+v", b)
	}
	if _, text := do(t, http.MethodGet, base+"/behaviour", ""); !strings.Contains(text, `"throttle":3`) {
		t.Fatalf("behaviour is told as %s", text)
	}
	if status, _ := do(t, http.MethodPut, base+"/behaviour", `{"trottle":3}`); status != http.StatusBadRequest || s.Behaviour().Throttle != 3 {
		t.Fatalf("a misspelt behaviour is answered with %d", status)
	}
	for _, step := range []struct {
		path string
		want int
	}{{"/health", 204}, {"/die", 204}, {"/revive", 204}, {"/revive", 409}} {
		method := http.MethodPost
		if step.path == "/health" {
			method = http.MethodGet
		}
		if status, text := do(t, method, base+step.path, ""); status != step.want {
			t.Fatalf("%s is answered with %d %s", step.path, status, text)
		}
	}
}

func TestControlPortIsOnLoopbackAlone(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "example.org:0", "127.0.0.1"} {
		if l, err := inbox.Listen(address); err == nil {
			_ = l.Close()
			t.Errorf("%s is listened on", address)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:0"} {
		l, err := inbox.Listen(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}
