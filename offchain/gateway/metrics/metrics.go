package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// namespace of all figures.
const namespace = "urna_gateway"

// Labels there may be.
var labels = []string{"route", "status", "name", "channel", "state"}

// noRoute stands for all paths that are no route's: a path is a stranger's word.
const noRoute = "none"

// Set of a gateway's figures. It is safe for concurrent use.
type Set struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	refusals *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	underWay prometheus.Gauge
}

// New makes a set with the figures of requests and of the process.
func New() *Set {
	s := &Set{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "requests_total", Help: "Answered requests."}, []string{"route", "status"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "refusals_total", Help: "Refusals by name."}, []string{"name"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "request_seconds", Help: "Time to the answer.",
			Buckets: []float64{0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20}}, []string{"route"}),
		underWay: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "requests_under_way", Help: "Requests that are being answered."}),
	}
	s.registry.MustRegister(s.requests, s.refusals, s.seconds, s.underWay,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return s
}

// Begin counts a request that is under way; the function returned ends it.
func (s *Set) Begin() (end func(route string, status int, took time.Duration)) {
	s.underWay.Inc()
	return func(route string, status int, took time.Duration) {
		if route == "" || route == "/" {
			route = noRoute
		}
		s.underWay.Dec()
		s.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
		s.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}

// Refused counts a refusal by its name.
func (s *Set) Refused(name string) { s.refusals.WithLabelValues(name).Inc() }

// Gauge adds a figure that goes up and down.
func (s *Set) Gauge(name, help string, read func() float64) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, read))
}

// Counter adds a figure that only grows.
func (s *Set) Counter(name, help string, read func() float64) {
	s.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, read))
}

// Figures adds one figure for each value of a label; counter says that they only
// grow.
func (s *Set) Figures(name, help, label string, counter bool, read func() map[string]float64) {
	if !slices.Contains(labels, label) {
		panic("metrics: a label nobody agreed to: " + label)
	}
	kind := prometheus.GaugeValue
	if counter {
		kind = prometheus.CounterValue
	}
	s.registry.MustRegister(&figures{
		desc: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, []string{label}, nil),
		kind: kind, read: read,
	})
}

// Handler answers GET /metrics.
func (s *Set) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	return mux
}

type figures struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func() map[string]float64
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(to chan<- *prometheus.Desc) { to <- f.desc }

// Collect implements prometheus.Collector.
func (f *figures) Collect(to chan<- prometheus.Metric) {
	for value, figure := range f.read() {
		to <- prometheus.MustNewConstMetric(f.desc, f.kind, figure, value)
	}
}
