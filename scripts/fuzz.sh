#!/usr/bin/env bash
# Runs every fuzz target of the tree for the given time each: scripts/fuzz.sh 30s
set -euo pipefail
cd "$(dirname "$0")/.."
budget=${1:-30s}
grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r pkg; do
	grep -rhoE --include='*_test.go' '^func (Fuzz[A-Za-z0-9_]+)' "$pkg" | awk '{print $2}' | sort -u | while read -r target; do
		echo "fuzz $pkg $target for $budget"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$budget" "$pkg"
	done
done
