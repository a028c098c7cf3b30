package wxsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// event is one change, as the page hears of it.
type event struct {
	Type    string   `json:"type"` // message, user, typing, menu, weather, load or journey
	Account string   `json:"account"`
	OpenID  string   `json:"openid"`
	Message *Message `json:"message,omitempty"` // new, or changed under the same id
	User    *User    `json:"user,omitempty"`
	Typing  int      `json:"typing,omitempty"` // milliseconds; 0 ends it

	Menu    []*button    `json:"menu,omitempty"`
	Weather *Conditions  `json:"weather,omitempty"`
	Load    *CrowdReport `json:"load,omitempty"`
}

// heartbeat keeps proxies from closing a stream that has nothing to say.
const heartbeat = 15 * time.Second

// events hands every change to the pages that are open.
type events struct {
	mu      sync.Mutex
	streams map[chan []byte]bool
}

// publish never waits: a page that is too slow loses its stream, connects
// again and loads everything anew.
func (e *events) publish(change event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.streams) == 0 {
		return
	}
	data, err := json.Marshal(change)
	if err != nil {
		return // a body of custom/send is valid JSON, all else is ours
	}
	for stream := range e.streams {
		select {
		case stream <- data:
		default:
			delete(e.streams, stream)
			close(stream)
		}
	}
}

func (e *events) subscribe() chan []byte {
	const waiting = 256
	stream := make(chan []byte, waiting)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.streams == nil {
		e.streams = make(map[chan []byte]bool)
	}
	e.streams[stream] = true
	return stream
}

func (e *events) unsubscribe(stream chan []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.streams, stream)
}

// serveEvents streams changes as server-sent events until either side ends.
func (p *Platform) serveEvents(w http.ResponseWriter, r *http.Request) {
	stream := p.events.subscribe()
	defer p.events.unsubscribe(stream)
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Time{}) // a server's own limit is not for streams
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if !write(w, out, "retry: 1000\n\n") {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for open := true; open; {
		select {
		case data, more := <-stream:
			open = more && write(w, out, "data: "+string(data)+"\n\n")
		case <-beat.C:
			open = write(w, out, ": \n\n")
		case <-r.Context().Done():
			open = false
		case <-p.stop.Done():
			open = false
		}
	}
}

func write(w http.ResponseWriter, out *http.ResponseController, text string) bool {
	if _, err := fmt.Fprint(w, text); err != nil {
		return false
	}
	return out.Flush() == nil
}
