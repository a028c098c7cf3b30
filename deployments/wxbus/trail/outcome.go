package trail

import (
	"encoding/json"
	"strings"
	"time"
)

// outcome is what the sender tells.
type outcome struct {
	ID       string `json:"id"`
	Parts    int    `json:"parts"`
	Sent     int    `json:"sent"`
	Code     int    `json:"errcode"`
	Reason   string `json:"reason"`
	Attempts int    `json:"attempts"`
	Latency  int64  `json:"latency_ms"`
}

// hearOutcome learns from the sender what became of a reply.
func (t *Trail) hearOutcome(subject string, body []byte) {
	var o outcome
	if json.Unmarshal(body, &o) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.learn(o.ID, func() bool { return t.end(o, strings.HasSuffix(subject, ".dead")) })
}

// end notes an outcome, and reports false when its reply is not known.
func (t *Trail) end(o outcome, buried bool) bool {
	r, known := t.byID[o.ID]
	if !known {
		return false
	}
	answer := &r.push.Replies[r.at]
	answer.State = "sent"
	if buried {
		answer.State = "dead"
	}
	answer.Errcode, answer.Reason, answer.Parts, answer.Sent = o.Code, o.Reason, o.Parts, o.Sent
	answer.Attempts = max(answer.Attempts, o.Attempts)
	answer.Took = time.Duration(o.Latency) * time.Millisecond
	t.changed(r.push)
	return true
}
