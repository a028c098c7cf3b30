package quota

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var (
	usersKnown = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "wxbus_sender_quota_users",
		Help: "Users whose allowance this replica knows.",
	})
	ready = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "wxbus_sender_quota_ready",
		Help: "1 once this replica has read what was pushed and sent in the last two days; before it, WeChat decides.",
	})
	untracked = promauto.NewCounter(prometheus.CounterOpts{
		Name: "wxbus_sender_quota_untracked_total",
		Help: "Triggers of users who are not known because SENDER_QUOTA_USERS are known already.",
	})
	triggers = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_sender_quota_triggers_total",
		Help: "What users did that changes their allowance: message, event, leave.",
	}, []string{"account", "trigger"})
	spends = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_sender_quota_spends_total",
		Help: "Messages that this replica took off allowances, and those that an allowance had no room for.",
	}, []string{"account", "outcome"})
	remaining = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "wxbus_sender_quota_remaining",
		Help:    "Messages that the user's allowance had room for when a reply was about to be sent.",
		Buckets: []float64{0, 1, 2, 3, 4, 5, 10, 20},
	}, []string{"account"})
	expires = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "wxbus_sender_quota_expires_seconds",
		Help:    "For how long the user's allowance was open yet when a reply was about to be sent.",
		Buckets: []float64{1, 5, 15, 30, 60, 600, 3600, 6 * 3600, 24 * 3600, 48 * 3600},
	}, []string{"account"})
	refusals = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_sender_quota_refusals_total",
		Help: "Messages that WeChat refused for the user's allowance; surprise is yes where the ledger had room for it.",
	}, []string{"account", "errcode", "surprise"})
)
