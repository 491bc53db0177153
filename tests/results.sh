#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Sourced by test scripts: functions that print results, one a line, and count them.
# shellcheck disable=SC2034 # whoever sourced this prints the counts, and reads status

passed=0
failed=0
skipped=0
# Has a line for each test that failed.
failures=

pass() {
	passed=$((passed + 1))
	echo "ok $1"
}

# Notes failures, one a line, to be repeated at the end.
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

# check NAME COMMAND…: a test that passes if each step of the command succeeds. Sets status, and
# keeps the output in $work/output.
check() {
	checked=$1
	shift
	# The command is no condition, since errexit would be off in one.
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

# lacking PROGRAM…: names the first program that is not installed.
lacking() {
	for program in "$@"; do
		if ! command -v "$program" >/dev/null 2>&1; then
			echo "$program is not installed"
			return
		fi
	done
}
