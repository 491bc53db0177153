#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# To be sourced: how a test script says what it found, a line a result, and counts the results.
# shellcheck disable=SC2034 # whoever sourced this prints the counts, and reads status

passed=0
failed=0
skipped=0
# A line for each test that failed.
failures=

pass() {
	passed=$((passed + 1))
	echo "ok $1"
}

# To be said once more at the end: one failure, or several, a line each.
note_failures() {
	failures="$failures
$1"
}

fail() {
	failed=$((failed + 1))
	note_failures "$1: $2"
	echo "not ok $1: $2"
}

skip() {
	skipped=$((skipped + 1))
	echo "skip $1: $2"
}

# check NAME COMMAND…: a test that passes if the command succeeds, and all that it runs. Sets
# status. What it says is kept in the folder $work.
check() {
	checked=$1
	shift
	# Not as a condition: errexit would be off in it.
	set +e
	(
		set -e
		"$@"
	) >"${work:?}/output" 2>&1 </dev/null
	status=$?
	set -e
	if [ $status = 0 ]; then
		pass "$checked"
	else
		tail -n 30 "$work/output" | sed 's/^/    /'
		fail "$checked" "exit status $status: $(head -n 1 "$work/output" | cut -c 1-120)"
	fi
}

# lacking PROGRAM…: the first that is not there.
lacking() {
	for program in "$@"; do
		if ! command -v "$program" >/dev/null 2>&1; then
			echo "$program is not installed"
			return
		fi
	done
}
