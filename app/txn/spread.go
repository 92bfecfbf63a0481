package txn

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Workers is how many goroutines a part of this program should start: what is
// asked for, or the number of cores.
func Workers(asked int) int {
	if asked > 0 {
		return asked
	}
	return runtime.GOMAXPROCS(0)
}

// Spread runs a function over parts of 0..n−1 that together cover it, on so
// many goroutines. A panic in one of them is raised again for the caller when
// all have ended.
func Spread(workers, n int, part func(from, to int)) {
	if workers <= 1 || n <= 1 {
		if n > 0 {
			part(0, n)
		}
		return
	}
	// Small parts, taken one after the other, keep all cores busy to the end.
	step := max(1, n/(4*workers))
	var (
		next   atomic.Int64
		wg     sync.WaitGroup
		once   sync.Once
		raised any
	)
	work := func() {
		defer wg.Done()
		defer func() {
			if r := recover(); r != nil {
				once.Do(func() { raised = r })
				next.Store(int64(n))
			}
		}()
		for {
			to := int(next.Add(int64(step)))
			from := to - step
			if from >= n {
				return
			}
			part(from, min(to, n))
		}
	}
	for range min(workers, n) {
		wg.Add(1)
		go work()
	}
	wg.Wait()
	if raised != nil {
		panic(raised)
	}
}
