package node

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// newMetrics makes the handler of GET /metrics. Nothing in it is about a voter
// or an address: the node's own state only.
func newMetrics(n *Node) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, read func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "urna", Name: name, Help: help}, read))
	}
	gauge("height", "Last committed height.", func() float64 {
		v := n.app.View()
		defer v.Close()
		return float64(v.Height)
	})
	gauge("block_age_seconds", "Age of the last block by this machine's clock.", func() float64 {
		v := n.app.View()
		defer v.Close()
		return time.Since(time.UnixMilli(v.TimeMS)).Seconds()
	})
	gauge("log_entries", "Entries of the ballot log.", func() float64 {
		v := n.app.View()
		defer v.Close()
		return float64(v.Leaves().LogSize)
	})
	gauge("pool_transactions", "Transactions that wait for a block.", func() float64 { return float64(n.app.Pool().Size()) })
	gauge("peers", "Connected nodes.", func() float64 { return float64(network{n.engine}.Peers()) })
	gauge("catching_up", "1 while the node fetches earlier blocks.", func() float64 {
		if (network{n.engine}).CatchingUp() {
			return 1
		}
		return 0
	})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	return mux
}
