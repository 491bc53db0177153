#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# run.sh [PART…]: runs the tests that were built, of the parts unit fuzz static fleet packages
# live releases kernels, or of all. The last line is "N passed, N failed, N skipped". The tests that
# failed are repeated before it, since thousands of lines stand above.
# KERNELS has the arguments of tests/vm/run.sh, and DISTROS those of tests/distro/run.sh. Other
# kernels and other releases are only tried if they are set.
set -eu

cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
. tests/results.sh
# Limits in seconds. A test program that hangs fails, and does not stop those behind it.
UNIT_LIMIT=120
FUZZ_LIMIT=120
STATIC_LIMIT=60
FLEET_LIMIT=300
PACKAGE_LIMIT=600
LIVE_LIMIT=1800
DISTROS_LIMIT=1800
KERNELS_LIMIT=4500

PATH=$PATH:/usr/sbin:/sbin
OUTPUT=$(mktemp)
trap 'rm -rf "$OUTPUT" "$OUTPUT.list"' EXIT

indent() {
	sed 's/^/    /' "$@"
}

# Prints the failed tests in $OUTPUT, the output of a program that counts for itself.
failures_counted() {
	sed -n 's/^not ok //p' "$OUTPUT"
}

# Prints how a program ended, for a person; nothing if it ended by itself with 0 or 1.
ending() {
	case $1 in
	124 | 137) echo "still running after $2 s" ;;
	13[0-9] | 14[0-9] | 15[0-9]) echo "killed by signal $(($1 - 128))" ;;
	*) echo "exit status $1" ;;
	esac
}

count() {
	grep -c "$1" "$OUTPUT" || true
}

# ---- unit tests: each program speaks TAP (cmocka) -------------------------

# A plan precedes each group. cmocka 1.1 writes a skipped test as "not ok … # SKIP", later ones as "ok".
unit_program() {
	name=$(basename "$1")
	status=0
	CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 $UNIT_LIMIT "$1" >"$OUTPUT" 2>&1 </dev/null || status=$?
	skips=$(count '^\(not \)\?ok [0-9].*# SKIP')
	good=$(grep '^ok [0-9]' "$OUTPUT" | grep -vc '# SKIP' || true)
	bad=$(grep '^not ok [0-9]' "$OUTPUT" | grep -vc '# SKIP' || true)
	planned=$(awk '/^1\.\.[0-9]+$/ { sum += substr($0, 4) } END { print sum + 0 }' "$OUTPUT")
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + skips))
	if [ "$bad" -eq 0 ] && [ "$status" -eq 0 ] && [ "$planned" -gt 0 ] &&
		[ $((good + skips)) -eq "$planned" ]; then
		echo "ok $name: $good tests"
		return
	fi
	indent "$OUTPUT"
	if [ "$bad" -gt 0 ]; then
		echo "not ok $name: $bad of $planned tests failed"
		note_failures "$name: $bad of $planned tests failed"
	elif [ "$planned" -eq 0 ] && [ "$status" -eq 0 ]; then
		fail "$name" "ran no test"
	else
		fail "$name" "$((good + skips)) of $planned tests reported, $(ending $status $UNIT_LIMIT)"
	fi
}

unit_tests() {
	found=
	for source in tests/unit/*/*.c; do
		[ -e "$source" ] || continue
		found=yes
		program=${source#tests/}
		unit_program "$BUILD/${program%.c}"
	done
	[ -n "$found" ] || fail unit "there are no unit tests"
}

# ---- fuzz targets: each takes the inputs of its corpus -----------------------

replay() { # TARGET
	inputs=$(find "tests/fuzz/corpus/$1" -type f | sort)
	if [ -z "$inputs" ]; then
		fail "fuzz/$1" "tests/fuzz/corpus/$1 has no inputs"
		return
	fi
	status=0
	# shellcheck disable=SC2086 # names without blanks
	timeout -k 5 $FUZZ_LIMIT "$BUILD/replay/$1" $inputs >"$OUTPUT" 2>&1 </dev/null || status=$?
	if [ $status -eq 0 ]; then
		pass "fuzz/$1: $(echo "$inputs" | wc -l) inputs"
	else
		tail -n 40 "$OUTPUT" | indent
		fail "fuzz/$1" "$(grep '^tests/fuzz/corpus/' "$OUTPUT" | tail -n 1): $(ending $status $FUZZ_LIMIT)"
	fi
}

replays() {
	found=
	for source in tests/fuzz/*.c; do
		[ -e "$source" ] || continue
		found=yes
		replay "$(basename "$source" .c)"
	done
	[ -n "$found" ] || fail fuzz "there are no fuzz targets"
}

# ---- static checks: each one is a test ------------------------------------

# A script of tests/check passes if it is silent and succeeds. Exit status 77 means that it lacks
# something, which it names.
static_checks() {
	for script in tests/check/*.sh; do
		name=$(basename "$script" .sh)
		status=0
		timeout -k 5 $STATIC_LIMIT "$script" >"$OUTPUT" 2>&1 </dev/null || status=$?
		if [ "$status" -eq 77 ]; then
			skip "$name" "$(head -n 1 "$OUTPUT")"
		elif [ "$status" -eq 0 ] && ! [ -s "$OUTPUT" ]; then
			pass "$name"
		else
			head -n 30 "$OUTPUT" | indent
			fail "$name" "$script objects$([ "$status" -eq 0 ] || echo ", $(ending "$status" $STATIC_LIMIT)")"
		fi
	done
}

# ---- live tests -----------------------------------------------------------

live_tests() {
	if ! [ -x "$BUILD/live" ]; then
		fail live "$BUILD/live was not built"
		return
	fi
	"$BUILD/live" --list >"$OUTPUT.list" 2>/dev/null </dev/null || true
	planned=$(grep -c . "$OUTPUT.list" || true)
	status_file=$OUTPUT.list
	{
		status=0
		timeout -k 5 $LIVE_LIMIT "$BUILD/live" --dwell "$BUILD/dwell" 2>&1 </dev/null || status=$?
		echo $status >"$status_file"
	} | sed -u '/^[0-9]* passed, [0-9]* failed, [0-9]* skipped$/d' | tee "$OUTPUT"
	status=$(cat "$status_file")

	good=$(count '^ok ')
	bad=$(count '^not ok ')
	skips=$(count '^skip ')
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + skips))
	note_failures "$(failures_counted)"
	if [ $((good + bad + skips)) -eq 0 ]; then
		fail live "ran no test, $(ending "$status" $LIVE_LIMIT)"
	elif [ $((good + bad + skips)) -ne "$planned" ]; then
		fail live "$((good + bad + skips)) of $planned tests reported, $(ending "$status" $LIVE_LIMIT)"
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		fail live "$(ending "$status" $LIVE_LIMIT)"
	fi
	if [ "$skips" -gt 0 ] && [ "${CI-}" = true ] && tests/can-run-live.sh; then
		skipped=$((skipped - skips))
		failed=$((failed + skips))
		echo "not ok live: $skips skipped on a machine that can run them"
		note_failures "live: $skips skipped on a machine that can run them"
	fi
}

# ---- programs that count for themselves: the fleet, packages, other kernels --

# counted_tests NAME LIMIT PROGRAM…: shows the program's results as they come, and adds its last
# line to the counts.
counted_tests() {
	name=$1
	limit=$2
	shift 2
	status_file=$OUTPUT.list
	{
		status=0
		timeout -k 5 "$limit" "$@" 2>&1 </dev/null || status=$?
		echo $status >"$status_file"
	} | tee "$OUTPUT" | sed -u '/^[0-9]* passed, [0-9]* failed, [0-9]* skipped$/d'
	status=$(cat "$status_file")
	read -r good _ bad _ skips _ <<-END
	$(grep -x '[0-9]* passed, [0-9]* failed, [0-9]* skipped' "$OUTPUT" || echo 0 0 0 0 0 0)
	END
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + skips))
	note_failures "$(failures_counted)"
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		fail "$name" "$(ending "$status" "$limit")"
	fi
}

part() {
	# shellcheck disable=SC2086 # DISTROS and KERNELS are lists of words
	case $1 in
	unit) unit_tests ;;
	fuzz) replays ;;
	static) static_checks ;;
	fleet) counted_tests fleet $FLEET_LIMIT tests/fleet/run.sh ;;
	packages) counted_tests packages $PACKAGE_LIMIT tests/package/run.sh ;;
	live) live_tests ;;
	releases) [ -z "${DISTROS-}" ] || counted_tests releases $DISTROS_LIMIT tests/distro/run.sh $DISTROS ;;
	kernels) [ -z "${KERNELS-}" ] || counted_tests kernels $KERNELS_LIMIT tests/vm/run.sh $KERNELS ;;
	*) fail "$1" "there is no such part" ;;
	esac
}

export BUILD
# shellcheck disable=SC2048 # names without blanks
for one in ${*:-unit fuzz static fleet packages live releases kernels}; do
	part "$one"
done
echo "$failures" | sed -n 's/^./failed: &/p'
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
