package wxsim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// remote is a simulator that serves its page elsewhere.
type remote struct{ url string }

// account returns the name of an account: the wanted one, or the first.
func (r remote) account(ctx context.Context, wanted string) (string, error) {
	var state struct {
		Accounts []struct{ Name string }
	}
	if err := r.call(ctx, http.MethodGet, "/sim/state", nil, &state); err != nil {
		return "", err
	}
	var names []string
	for _, a := range state.Accounts {
		names = append(names, a.Name)
	}
	switch {
	case len(names) == 0:
		return "", errors.New("the simulator has no account")
	case wanted == "":
		return names[0], nil
	case !slices.Contains(names, wanted):
		return "", fmt.Errorf("%w: %q; the simulator has %s", ErrAccount, wanted, strings.Join(names, ", "))
	}
	return wanted, nil
}

func (r remote) addUser(ctx context.Context, account, name string, follow bool) (openid string, err error) {
	var added struct{ OpenID string }
	err = r.post(ctx, "/sim/users", act{Account: account, Name: name, Step: Step{Follow: follow}}, &added)
	return added.OpenID, err
}

func (r remote) do(ctx context.Context, account, openid string, step Step) error {
	return r.post(ctx, "/sim/do", act{Account: account, OpenID: openid, Step: step}, nil)
}

func (r remote) chat(ctx context.Context, account, openid string) ([]Message, error) {
	var chat struct{ Messages []Message }
	query := url.Values{"account": {account}, "openid": {openid}}
	err := r.call(ctx, http.MethodGet, "/sim/chat?"+query.Encode(), nil, &chat)
	return chat.Messages, err
}

func (r remote) addMedia(ctx context.Context, account, mediaType, filename string, data []byte) (id string, err error) {
	var added struct {
		ID string `json:"media_id"`
	}
	query := url.Values{"account": {account}, "type": {mediaType}, "filename": {filename}}
	err = r.call(ctx, http.MethodPost, "/sim/media?"+query.Encode(), data, &added)
	return added.ID, err
}

func (r remote) post(ctx context.Context, path string, asked act, answer any) error {
	body, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	return r.call(ctx, http.MethodPost, path, body, answer)
}

func (r remote) call(ctx context.Context, method, path string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, r.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no simulator answers there: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("the simulator answers HTTP %d: %s", response.StatusCode, bytes.TrimSpace(text))
	case answer == nil:
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("no simulator answers there: %w", err)
	}
	return nil
}
