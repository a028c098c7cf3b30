package trail

// mostEarly is about how many messages something may be known of before they
// are: news of them comes by another way than they do.
const mostEarly = 1000

// learn notes what is said of a message, now or, when note does not know the
// message yet, once it is there. The caller holds mu.
func (t *Trail) learn(key any, note func() bool) {
	if note() {
		return
	}
	if len(t.early) >= mostEarly {
		clear(t.early) // most is of messages that nobody follows
	}
	t.early[key] = append(t.early[key], note)
}

// catchUp notes what was said of a message before it was seen. The caller holds
// mu.
func (t *Trail) catchUp(key any) {
	for _, note := range t.early[key] {
		note()
	}
	delete(t.early, key)
}
