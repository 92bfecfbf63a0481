package app

import (
	"fmt"

	"github.com/urna-vote/urna/app/mempool"
)

// Verdicts are what the application says of transactions that come together,
// each by itself if alone is set: "" or the code of the refusal.
func (a *App) Verdicts(raws [][]byte, alone bool) []string {
	if !alone {
		return a.verdicts(raws)
	}
	var out []string
	for i := range raws {
		out = append(out, a.verdicts(raws[i:i+1])...)
	}
	return out
}

func (a *App) verdicts(raws [][]byte) []string {
	txs := make([]mempool.Tx, len(raws))
	for i, raw := range raws {
		txs[i] = mempool.Tx{Raw: raw, Hash: hashOf(raw)}
	}
	verdicts := (*judge)(a).Look(txs)
	var asked []*mempool.Verdict
	for i := range verdicts {
		if verdicts[i].Refusal == nil {
			asked = append(asked, &verdicts[i])
		}
	}
	(*judge)(a).Verify(asked)
	out := make([]string, len(raws))
	for i := range verdicts {
		if r := verdicts[i].Refusal; r != nil {
			out[i] = fmt.Sprintf("%s/%s", r.Code.Module, r.Code.Name)
		}
	}
	return out
}
