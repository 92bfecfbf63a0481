package daemon

import (
	"context"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/notice"
)

// figureTime limits what a figure asks of the database.
const figureTime = time.Second

// count adds the figures of all parts.
func (a *assembly) count() {
	f := a.figures
	f.Gauge("connections", "Connections that are open.", func() float64 { return float64(a.server.Connections()) })
	f.Gauge("disputes", "Persons who dispute a token of this issuer.", a.disputes)
	f.Gauge("claims_open", "Unanswered claims on this issuer on the ledger.", func() float64 { return float64(a.claims.State().Open) })
	f.Gauge("claims_silent", "Claims on this issuer that count as silence.", func() float64 { return float64(a.claims.State().Silent) })
	f.Counter("claims_answered_total", "Claims answered on the ledger.", func() float64 { return float64(a.claims.State().Answered) })
	if a.room != nil {
		f.Gauge("room_waiting", "People in the waiting room.", func() float64 {
			waiting, _ := a.room.State()
			return float64(waiting)
		})
		f.Gauge("room_rate", "People a second that this process lets in.", func() float64 {
			_, rate := a.room.State()
			return rate
		})
	}
	if p := a.entrance.portal; p != nil {
		f.Figures("codes_total", "One-time codes sent, and tries by outcome.", "state", true, func() map[string]float64 {
			c := p.codes.Counts()
			return map[string]float64{"sent": float64(c.Sent), "right": float64(c.Right), "wrong": float64(c.Wrong), "exhausted": float64(c.Exhausted)}
		})
		a.countMessages(p.outbox)
	}
}

func (a *assembly) countMessages(outbox *notice.Outbox) {
	each := func(read func(ch notice.Channel, h notice.Health) float64) func() map[string]float64 {
		return func() map[string]float64 {
			all := map[string]float64{}
			for ch, h := range outbox.Healthy() {
				all[ch.String()] = read(ch, h)
			}
			return all
		}
	}
	f := a.figures
	f.Figures("messages_waiting", "Messages that no provider has.", "channel", false, each(func(_ notice.Channel, h notice.Health) float64 { return float64(h.Waiting) }))
	f.Figures("messages_oldest_seconds", "How long the first of them waits.", "channel", false, each(func(_ notice.Channel, h notice.Health) float64 { return h.Oldest.Seconds() }))
	f.Figures("messages_condition", "How well the channel works: 1 good, 2 slow, 3 down.", "channel", false, each(func(_ notice.Channel, h notice.Health) float64 { return float64(h.Condition) }))
	f.Figures("messages_sent_total", "Messages that a provider took.", "channel", true, each(func(ch notice.Channel, _ notice.Health) float64 { return float64(outbox.Counts(ch).Sent) }))
	f.Figures("messages_full_total", "Messages refused because too many waited.", "channel", true, each(func(ch notice.Channel, _ notice.Health) float64 { return float64(outbox.Counts(ch).Full) }))
	f.Figures("messages_failed_total", "Messages that will not come.", "channel", true, each(func(ch notice.Channel, _ notice.Health) float64 {
		sum := uint64(0)
		for _, n := range outbox.Counts(ch).Failed {
			sum += n
		}
		return float64(sum)
	}))
}

// disputes over all elections; what the database does not answer is not told.
func (a *assembly) disputes() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), figureTime)
	defer cancel()
	sum := int64(0)
	for _, id := range elections(a.ring) {
		n, err := a.entrance.disputes.Count(ctx, id)
		if err != nil {
			a.log.Warn("disputes are not counted", "error", err)
		}
		sum += n
	}
	return float64(sum)
}
