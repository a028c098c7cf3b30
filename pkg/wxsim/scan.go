package wxsim

import "context"

// Scan lets a user scan a QR code with a scene: a follower's comes as SCAN,
// anybody else follows by it. The ticket is that of the account's code for the
// scene, if it has made one.
func (p *Platform) Scan(ctx context.Context, account, openid, scene string) (Push, error) {
	m, err := p.scanned(account, openid, scene)
	if err != nil {
		return Push{}, err
	}
	return p.Send(ctx, account, openid, m.msgType, m.fields...)
}

func (p *Platform) scanned(account, openid, scene string) (unsent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, err := p.account(account)
	if err != nil {
		return unsent{}, err
	}
	ticket := "gQ" + randomText(94)
	for _, c := range a.codes {
		if c.Scene == scene && c.works(p.options.Now()) {
			ticket = c.Ticket
		}
	}
	event, key := "SCAN", scene
	if u, known := a.users[openid]; !known || !u.Following {
		event, key = "subscribe", "qrscene_"+scene
	}
	return event1(event, key, Field{Name: "Ticket", Text: ticket})[0], nil
}
