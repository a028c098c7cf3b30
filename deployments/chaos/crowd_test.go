package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

const users = 200

// The words that users say; a number follows, which makes a text of one user
// one of a kind.
const (
	say    = "say"
	poison = "poison-" // and the name of a worker: ends each process of it that handles it
	drop   = "drop"    // is given up by each worker
)

// crowd are the users, each of whom writes one message after the other: the next
// one when WeChat is done with the one before.
type crowd struct {
	platform *wxsim.Platform
	words    chan string // said instead of say, by whoever writes next

	accepted atomic.Int64
	mu       sync.Mutex
	pushes   []push
}

// push is a message that a user wrote, and how that went.
type push struct {
	key
	from, to     time.Time
	acknowledged bool
}

func newCrowd(platform *wxsim.Platform) *crowd {
	return &crowd{platform: platform, words: make(chan string, users)}
}

// write has the users write until ctx is done, together about rate messages a
// second. It returns when the last answer is there.
func (c *crowd) write(ctx context.Context, rate float64) {
	var writing sync.WaitGroup
	for n := range users {
		user := fmt.Sprintf("oChaosChaosChaosChaosCh%05d", n)
		writing.Go(func() {
			for number := 1; ctx.Err() == nil; number++ {
				select {
				case <-time.After(time.Duration(2 * rand.Float64() * users / rate * float64(time.Second))):
					c.push(user, n, number)
				case <-ctx.Done():
				}
			}
		})
	}
	writing.Wait()
}

func (c *crowd) push(user string, n, number int) {
	word := say
	select {
	case word = <-c.words:
	default:
	}
	p := push{key: key{user, fmt.Sprint(word, " ", number)}, from: time.Now()}
	xml := fmt.Appendf(nil, "<xml><ToUserName>gh_chaos</ToUserName><FromUserName>%s</FromUserName><CreateTime>%d</CreateTime>"+
		"<MsgType>text</MsgType><Content>%s</Content><MsgId>%d</MsgId></xml>", user, p.from.Unix(), p.content, 1_000_000*n+number)
	sent, _ := c.platform.Push(context.Background(), account, xml) // its error is that of the deliveries
	if p.to, p.acknowledged = time.Now(), sent.Accepted; p.acknowledged {
		c.accepted.Add(1)
	} else if word != say {
		c.words <- word
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pushes = append(c.pushes, p)
}

// balancer returns a client that turns to each ingress by turns, and to another
// one where nobody listens, as a load balancer does.
func balancer(addrs []string) *http.Client {
	var next atomic.Int64
	dial := func(ctx context.Context, network, _ string) (conn net.Conn, err error) {
		for range addrs {
			addr := addrs[int(next.Add(1))%len(addrs)]
			if conn, err = new(net.Dialer).DialContext(ctx, network, addr); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: users / 10}}
}
