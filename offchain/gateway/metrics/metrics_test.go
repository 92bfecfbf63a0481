package metrics_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/metrics"
)

func TestFiguresAreToldByRouteAndNothingElse(t *testing.T) {
	s := metrics.New()
	s.Begin()("POST /v1/token", 200, 30*time.Millisecond)
	s.Begin()("/", 404, time.Millisecond)
	s.Begin() // under way
	s.Refused("credential")
	s.Gauge("room_waiting", "People who wait.", func() float64 { return 7 })
	s.Counter("tokens_total", "Endorsements.", func() float64 { return 3 })
	s.Figures("messages", "Messages that wait.", "channel", false, func() map[string]float64 { return map[string]float64{"sms": 2} })
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, line := range []string{
		`urna_gateway_requests_total{route="POST /v1/token",status="200"} 1`, `urna_gateway_requests_total{route="none",status="404"} 1`,
		`urna_gateway_requests_under_way 1`, `urna_gateway_refusals_total{name="credential"} 1`, `urna_gateway_room_waiting 7`,
		`urna_gateway_tokens_total 3`, `urna_gateway_messages{channel="sms"} 2`, `urna_gateway_request_seconds_bucket{route="POST /v1/token",le="0.05"} 1`,
	} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no %s in\n%s", line, w.Body)
		}
	}
}

func TestALabelOfAPersonCannotBeAdded(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a label nobody agreed to was added")
		}
	}()
	metrics.New().Figures("codes", "Codes.", "phone", true, func() map[string]float64 { return nil })
}
