package wxapi

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)

// Who said what a [Record] holds.
const (
	AgentSaid = 2002
	UserSaid  = 2003
)

// Record is a message between a user and an agent.
type Record struct {
	OpenID string  `json:"openid"`
	Who    int     `json:"opercode"` // AgentSaid or UserSaid
	Text   string  `json:"text"`     // what stands for other messages, such as a picture, is in brackets
	Time   Seconds `json:"time"`
	Agent  string  `json:"worker"` // kf_account
}

const (
	recordSpan = 24 * time.Hour // of one call
	recordPage = 1000           // so that an answer stays below what is read of one
)

// Records returns what users and agents have said from one moment to another,
// in seconds, oldest first. It makes a call for every 1,000 records, and at
// least one for every 24 hours. When a call fails the error is the last that
// comes. 65417 says that WeChat finds the time too long.
//
// https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Obtain_chat_transcript.html
func (c *Client) Records(ctx context.Context, from, to time.Time) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for start := from; start.Before(to); start = start.Add(recordSpan) {
			end := to
			if start.Add(recordSpan).Before(to) {
				end = start.Add(recordSpan - time.Second) // both ends count
			}
			if !c.recordsOfADay(ctx, start, end, yield) {
				return
			}
		}
	}
}

// recordsOfADay reports whether to go on.
func (c *Client) recordsOfADay(ctx context.Context, start, end time.Time, yield func(Record, error) bool) bool {
	ask := recordsAsked{Start: start.Unix(), End: end.Unix(), After: "1", Number: recordPage}
	for {
		var answer struct {
			List   []Record    `json:"recordlist"`
			Number int         `json:"number"`
			Last   json.Number `json:"msgid"`
		}
		if err := c.post(ctx, "/customservice/msgrecord/getmsglist", nil, ask, &answer); err != nil {
			yield(Record{}, err)
			return false
		}
		for _, r := range answer.List {
			if !yield(r, nil) {
				return false
			}
		}
		// A page that does not lead on is the last one too.
		if answer.Number < recordPage || answer.Last == "" || answer.Last == ask.After {
			return true
		}
		ask.After = answer.Last
	}
}

type recordsAsked struct {
	Start  int64       `json:"starttime"`
	End    int64       `json:"endtime"`
	After  json.Number `json:"msgid"`
	Number int         `json:"number"`
}
