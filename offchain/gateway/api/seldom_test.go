package api

import (
	"testing"
	"time"
)

func TestTheSameTroubleIsToldOnceAMinute(t *testing.T) {
	var s seldom
	node, now := trouble{"/v1/token", "unavailable"}, time.UnixMilli(1_000_000)
	for _, step := range []struct {
		of    trouble
		after time.Duration
		want  bool
	}{
		{node, 0, true}, {node, 59 * time.Second, false}, {trouble{"/v1/sign", "unavailable"}, 59 * time.Second, true},
		{node, time.Minute, true}, {node, 61 * time.Second, false},
	} {
		if got := s.due(step.of, now.Add(step.after)); got != step.want {
			t.Errorf("%v after %s: told %v", step.of, step.after, got)
		}
	}
}
