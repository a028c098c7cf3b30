package wxapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Bytes of an answer that are read: one that only says whether it worked, and
// one with something in it, such as 10,000 OpenIDs or chat records.
const (
	verdictMax = 1 << 20
	answerMax  = 16 << 20
)

// read reads an answer of a path as JSON into result. Without a result the
// answer must say errcode 0.
func read(path string, response *http.Response, result any) error {
	limit := answerMax
	if result == nil {
		limit = verdictMax
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, int64(limit)+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w: %w", path, unanswered(response.Request.Method, true), err)
	case len(answer) > limit:
		return fmt.Errorf("%s: %w: answer of more than %d bytes", path, errTransient, limit)
	}
	return parseAnswer(path, answer, result)
}

// parseAnswer reads JSON with an errcode other than 0 as an [*Error].
func parseAnswer(path string, answer []byte, result any) error {
	var status struct {
		Code *int   `json:"errcode"`
		Msg  string `json:"errmsg"`
	}
	if err := json.Unmarshal(answer, &status); err != nil {
		return fmt.Errorf("%s: %w: answer is not JSON", path, errTransient)
	}
	switch {
	case status.Code != nil && *status.Code != 0:
		return &Error{Op: path, Code: *status.Code, Msg: status.Msg}
	case result == nil && status.Code == nil:
		return fmt.Errorf("%s: %w: answer without errcode", path, errTransient)
	case result == nil:
		return nil
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fmt.Errorf("%s: %w: answer is not what was asked for", path, errTransient)
	}
	return nil
}
