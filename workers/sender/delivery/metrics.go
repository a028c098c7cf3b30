package delivery

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/wxbus/wxbus/pkg/wxapi"
)

var (
	calls = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "wxbus_sender_call_seconds",
		Help: "Calls of custom/send by errcode; none means that no proper answer came.",
	}, []string{"account", "errcode"})
	inDoubt = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "wxbus_sender_in_doubt_total",
		Help: "Parts whose call got no answer, by what was done about them.",
	}, []string{"account", "policy"})
)

func observe(account string, err error, took time.Duration) {
	code := "none"
	if err == nil {
		code = "0"
	} else if n := wxapi.CodeOf(err); n != 0 {
		code = strconv.Itoa(n)
	}
	calls.WithLabelValues(account, code).Observe(took.Seconds())
}
