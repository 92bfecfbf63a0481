package api_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheLogTellsOfAThousandRequestsTogether(t *testing.T) {
	var log bytes.Buffer
	handler := newHandler(t, &stub{}, &log, io.ErrUnexpectedEOF)
	ask := func(path string) {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, http.NoBody))
	}
	for range 333 {
		ask("/v1/info")
		ask("/v1/ready")
		ask("/v1/info")
	}
	if log.Len() > 0 {
		t.Fatalf("999 requests are told of: %s", log.String())
	}
	for range 1000 {
		ask("/v1/ready")
	}
	got := log.String()
	if strings.Count(got, "\n") != 2 || !strings.Contains(got, `msg=requests route="GET /v1/info" status=200 count=666`) ||
		!strings.Contains(got, `msg=requests route="GET /v1/ready" status=503 count=334`) {
		t.Errorf("of 1,999 requests the log tells\n%s", got)
	}
}
