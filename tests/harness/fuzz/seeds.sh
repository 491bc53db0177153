#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# seeds.sh FIXTURES TARGET VARIANT…: makes the inputs of a fuzz target anew. Each is as little of the
# memory of FIXTURES/VARIANT/fixture (tests/go/build.sh) as the target reads the same: it knows
# timers and goroutines of every kind, or those of SCENARIO. VARIANT is such as 1.24/pie.
# shellcheck disable=SC2086 # a scenario is several words
set -eu

cd "$(dirname "$0")/../../.."
fixtures=$1
target=$2
scenario=${SCENARIO:-mix 1}
shift 2
make "build/seed/$target"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/stdin"

for variant in "$@"; do
	env -i "$fixtures/$variant/fixture" $scenario <"$work/stdin" >"$work/truth" &
	exec 3>"$work/stdin"
	# It tells the truth once all is parked.
	while ! grep -q . "$work/truth"; do
		kill -0 $!
		sleep 0.1
	done
	echo "$variant"
	"build/seed/$target" $! "tests/fuzz/corpus/$target/ok-$(echo "$variant" | tr / -)" 3>&-
	exec 3>&-
	wait $!
done
