#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run.sh TARGET…: has libFuzzer look for inputs that break a target, for FUZZ_SECONDS (60) each.
# What it learns stays in build/fuzz/corpus, for the next run. An input that breaks a target stays
# in build/fuzz/found: mend the code, and move it to tests/fuzz/corpus.
set -eu

cd "$(dirname "$0")/../../.."
BUILD=${BUILD:-build}
SECONDS_EACH=${FUZZ_SECONDS:-60}
INPUT_MAX=65536      # bytes
INPUT_SECONDS=60     # on a busy machine; then the input counts as one that never ends
MEMORY_MAX=1024      # MiB
. tests/results.sh
found=$BUILD/fuzz/found
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The last figure behind a word of libFuzzer's lines, such as "cov: 1234".
figure() {
	sed -n "s/.* $1: *\([0-9]*\).*/\1/p" "$log" | tail -n 1
}

fuzz() { # TARGET
	kept=$BUILD/fuzz/corpus/$1
	mkdir -p "$kept" "$found"
	status=0
	nice -n 19 "$BUILD/fuzz/$1" -max_total_time="$SECONDS_EACH" -max_len=$INPUT_MAX \
		-timeout=$INPUT_SECONDS -rss_limit_mb=$MEMORY_MAX -print_final_stats=1 \
		-artifact_prefix="$found/$1-" "$kept" "tests/fuzz/corpus/$1" \
		>"$log" 2>&1 </dev/null || status=$?
	if [ $status = 0 ]; then
		pass "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, coverage $(figure cov)"
		return
	fi
	grep -v '^#[0-9]' "$log" | tail -n 40 | sed 's/^/    /'
	input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
	fail "$1" "${input:-exit status $status}"
}

for target in "$@"; do
	fuzz "$target"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
