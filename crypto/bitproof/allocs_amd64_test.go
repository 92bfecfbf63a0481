//go:build !purego

package bitproof_test

import "github.com/urna-vote/urna/crypto/internal/lanes"

func init() {
	if lanes.Available() {
		objectsEach = 0.5
	}
}
