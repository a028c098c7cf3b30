package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wxbus/wxbus/pkg/wxsim"
)

var (
	startFigure = figure{"start to first answer, ms", nil, "%.0f", map[int]target{0: {most: 2}}}
	idleFigure  = figure{"RSS MB, idle", nil, "%.1f", map[int]target{0: {most: 14, absolute: true}}}
	sizeFigure  = figure{"program, MB", nil, "%.1f", map[int]target{0: {most: 14, absolute: true}}}
)

// atRest measures what a server takes before it has anything to do: each is
// started anew, by turns, and ends after its first answer.
func (b *stage) atRest(p *plan) (rows []row, err error) {
	started, idle, size := pairs{}, pairs{}, pairs{}
	for range p.repetitions {
		for _, s := range []*server{b.noop, b.ingress} {
			took, rss, err := b.firstAnswer(s)
			if err != nil {
				return nil, fmt.Errorf("start of %s: %w", s.name, err)
			}
			started.add(s, took)
			idle.add(s, rss)
		}
	}
	for _, s := range []*server{b.noop, b.ingress} {
		info, err := os.Stat(filepath.Join(b.folder, s.name))
		if err != nil {
			return nil, err
		}
		size.add(s, float64(info.Size())/1e6)
	}
	return []row{started.row(startFigure), idle.row(idleFigure), size.row(sizeFigure)}, nil
}

// firstAnswer starts a second process of a server, and returns how long its
// first push took, from the start of the process, and what it has in memory then.
func (b *stage) firstAnswer(like *server) (took, rss float64, err error) {
	addrs, err := freeAddrs(1)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	s, err := b.spawn(like.name, addrs[0], b.env(like.name, addrs[0]), b.args(like.name, addrs[0])...)
	if err != nil {
		return 0, 0, err
	}
	defer s.end()
	one := wxsim.Load{
		Account: wxsim.Account{AppID: appID, Token: token, AESKey: aesKey, URL: s.url()}, Count: 1, Connections: 1,
	}
	for time.Since(began) < startTimeout {
		if report, err := one.Run(context.Background()); err == nil && report.Accepted == 1 {
			took = ms(time.Since(began))
			rss, _, err = memory(s.Process.Pid)
			return took, rss, err
		}
		time.Sleep(time.Millisecond)
	}
	return 0, 0, s.silent()
}

// pairs are a figure of both servers, measured by turns.
type pairs map[string][]float64

func (p pairs) add(s *server, value float64) { p[s.name] = append(p[s.name], value) }

func (p pairs) row(f figure) row { return f.row(0, p[noopName], p[ingressName]) }
