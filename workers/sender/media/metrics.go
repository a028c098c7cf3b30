package media

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

var files = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "wxbus_sender_files_total",
	Help: "Files of replies: uploaded, known from an upload before, bad, or failed and tried again.",
}, []string{"account", "type", "outcome"})

func count(account string, k kind, isNew bool, err error) {
	outcome := "known"
	switch {
	case errors.Is(err, ErrBad):
		outcome = "bad"
	case err != nil:
		outcome = "failed"
	case isNew:
		outcome = "uploaded"
	}
	files.WithLabelValues(account, k.name, outcome).Inc()
}
