package wxapi

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	fetches = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_token_refreshes_total",
		Help: "Calls of this replica for an access token; forced: because one was refused before its time.",
	}, []string{"account", "forced"})
	breakerOpen = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "wxbus_token_breaker_open",
		Help: "1 since WeChat has refused the account an access token, until it gives one.",
	}, []string{"account"})
	ages = newTokenAges()
)

// tokenAges tells the age of each account's token when it is asked.
type tokenAges struct {
	description *prometheus.Desc
	mu          sync.Mutex
	fetched     map[string]time.Time
}

func newTokenAges() *tokenAges {
	a := &tokenAges{
		description: prometheus.NewDesc("wxbus_token_age_seconds",
			"Age of the access token that is used.", []string{"account"}, nil),
		fetched: make(map[string]time.Time),
	}
	prometheus.MustRegister(a)
	return a
}

func (a *tokenAges) set(account string, fetched time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fetched[account] = fetched
}

// Describe implements prometheus.Collector.
func (a *tokenAges) Describe(c chan<- *prometheus.Desc) { c <- a.description }

// Collect implements prometheus.Collector.
func (a *tokenAges) Collect(c chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for account, fetched := range a.fetched {
		c <- prometheus.MustNewConstMetric(a.description, prometheus.GaugeValue, time.Since(fetched).Seconds(), account)
	}
}
