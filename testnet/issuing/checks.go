package main

import (
	"context"
	"crypto/rand"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/urna-vote/urna/offchain/gateway/database"
	"github.com/urna-vote/urna/offchain/gateway/notice"
	"github.com/urna-vote/urna/offchain/gateway/otp"
)

// How codes are measured.
const (
	codes      = 2000
	checkers   = 64
	wrongTries = 2 // of each code, before the right one
)

// checkRate is how many codes a second are checked: each judgement with its
// write is durable before it is answered.
type checkRate struct {
	// Wrong codes, which are counted in the database, and all.
	Checks    int
	PerSecond float64
}

// checks sends codes to telephones nobody has and checks them: two wrong tries
// and the right one each, one after the other as a person would.
func (g *gateway) checks(ctx context.Context) (out checkRate, err error) {
	type sent struct {
		key  otp.Key
		code string
	}
	all := make([]sent, codes)
	for i := range all {
		var bound [32]byte
		_, _ = rand.Read(bound[:])
		all[i].key = otp.Key{Owner: g.desk.Owner("measure", bound[:]), Bound: bound}
		_, err := g.desk.Send(ctx, all[i].key, notice.SMS, func(digits string) notice.Message {
			all[i].code = digits
			return notice.Message{Channel: notice.SMS, To: "+70000000000", Text: digits}
		})
		if err != nil {
			return out, err
		}
	}
	var next, failed atomic.Int64
	var working sync.WaitGroup
	begun := time.Now()
	for range checkers * runtime.GOMAXPROCS(0) {
		working.Go(func() {
			for i := next.Add(1) - 1; i < codes; i = next.Add(1) - 1 {
				for try := range wrongTries + 1 {
					typed, want := "000000", otp.Wrong
					if try == wrongTries {
						typed, want = all[i].code, otp.Right
					} else if all[i].code == typed {
						typed = "111111"
					}
					var judged otp.Verdict
					err := g.db.Update(func(tx *database.Tx) (err error) {
						judged, err = g.desk.Check(tx, all[i].key, typed)
						return err
					})
					if err != nil || judged.Outcome != want {
						failed.Add(1)
					}
				}
			}
		})
	}
	working.Wait()
	if failed.Load() > 0 {
		return out, errors.New("codes were judged wrongly")
	}
	out.Checks = codes * (wrongTries + 1)
	out.PerSecond = float64(out.Checks) / time.Since(begun).Seconds()
	return out, nil
}
