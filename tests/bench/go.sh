#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Measures what `dwell go` costs: itself, and the program that it looks at.
set -eu

cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
DWELL=${DWELL:-$BUILD/dwell}
FORMAT=${FORMAT:-text}	# or markdown
REPEATS=${REPEATS:-10}	# of each snapshot: the median counts
PAIRS=${PAIRS:-15}	# of runs of a busy program, with and without
SECONDS_EACH=${SECONDS_EACH:-4}
FIXTURES=${GO_CACHE:-build/go}
WORK=$(mktemp -d)
fixture=
looker=

. tests/bench/figures.sh

clean_up() {
	for pid in $looker $fixture; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	rm -rf "$WORK"
}

# hold SCENARIO [COUNT]: starts it as $fixture, and returns when it is set up. It stays until let_go.
hold() {
	mkfifo "$WORK/in" "$WORK/out"
	"$program" "$@" <"$WORK/in" >"$WORK/out" &
	fixture=$!
	exec 8>"$WORK/in" 9<"$WORK/out"
	rm "$WORK/in" "$WORK/out"
	read -r truth <&9
	[ -n "$truth" ] || die "the fixture does not say what it holds"
}

let_go() {
	exec 8>&- 9<&-
	wait "$fixture" || true
	fixture=
}

# The integer at a key of the line on the process.
told() {
	sed -n "s/^{\"kind\":\"go\",.*\"$1\":\(-*[0-9]*\).*/\1/p" "$WORK/json"
}

# ---- 1: a snapshot -------------------------------------------------------------------

# snapshots SCENARIO COUNT BAR: a row of the table.
snapshots() {
	say "$1, $2"
	hold "$1" "$2"
	rm -f "$WORK/cost" "$WORK/took"
	for _ in $(seq "$REPEATS"); do
		"$BUILD/bench/cost" "$WORK/cost" "$DWELL" go -j -p "$fixture" -o "$WORK/json"
		told snapshot_ns >>"$WORK/took"
	done
	let_go
	printf '%s\t%s\t%.1f\t%s\t%.1f\t%.1f\t%.1f\n' "$1" "$2" \
		"$(awk '{ print $1 / 1e6 }' "$WORK/took" | quartiles | cut -d ' ' -f 2)" "$3" \
		"$(awk '{ print $1 / 1e3 }' "$WORK/cost" | quartiles | cut -d ' ' -f 2)" \
		"$(awk '{ print $2 / 1e3 }' "$WORK/cost" | quartiles | cut -d ' ' -f 2)" \
		"$(awk '{ print $3 / 1024 }' "$WORK/cost" | quartiles | cut -d ' ' -f 2)"
}

measure_snapshots() {
	{
		printf 'program\tcount\tsnapshot ms\taim\twhole run ms\tCPU ms\tRSS MiB\n'
		snapshots idle 0 '-'
		snapshots many-timers 10000 10
		snapshots many-timers 100000 80
		snapshots many-goroutines 10000 10
		snapshots many-goroutines 100000 80
	} >"$WORK/table"
	table <"$WORK/table"
}

# ---- 2: what the program feels -----------------------------------------------------------

# serve FILE REQUESTS_A_SECOND WITH…: a server on one CPU, watched from another one by the
# command WITH (none: nobody), which gets its pid. Appends "requests_a_second CPU_us_a_request".
serve() {
	file=$1
	rate=$2
	shift 2
	mkfifo "$WORK/in" "$WORK/out"
	rm -f "$WORK/cost"
	GOMAXPROCS=1 taskset -c "$CPU" "$BUILD/bench/cost" "$WORK/cost" "$program" rate "$rate" \
		<"$WORK/in" >"$WORK/out" &
	fixture=$!
	exec 8>"$WORK/in" 9<"$WORK/out"
	rm "$WORK/in" "$WORK/out"
	read -r truth <&9
	if [ $# -gt 0 ]; then
		# cost has one child.
		read -r child _ </proc/"$fixture"/task/"$fixture"/children || true # no line
		taskset -c "$OTHER" "$@" -p "$child" >"$WORK/looker" 2>&1 &
		looker=$!
	fi
	sleep "$SECONDS_EACH"
	if [ -n "$looker" ]; then
		kill -TERM "$looker" 2>/dev/null || die "it has ended: $(cat "$WORK/looker")"
		wait "$looker" 2>/dev/null || true
		looker=
	fi
	exec 8>&-
	read -r counts <&9
	exec 9<&-
	wait "$fixture" || true
	fixture=
	echo "$counts $(cat "$WORK/cost")" |
		sed 's/.*"requests":\([0-9]*\).*"seconds":\([0-9.]*\)} [0-9]* \([0-9]*\) .*/\1 \2 \3/' |
		awk '{ print $1 / $2, $3 / $1 }' >>"$file"
}

# pairs NAME RATE WITH…: measures in pairs without and with it.
pairs() {
	name=$1
	rate=$2
	shift 2
	for pair in $(seq "$PAIRS"); do
		say "$name, pair $pair of $PAIRS"
		# Another order each time.
		if [ $((pair % 2)) = 0 ]; then
			serve "$WORK/none" "$rate"
			serve "$WORK/with" "$rate" "$@"
		else
			serve "$WORK/with" "$rate" "$@"
			serve "$WORK/none" "$rate"
		fi
	done
	paste -d ' ' "$WORK/none" "$WORK/with" >"$WORK/pairs"
	rm "$WORK/none" "$WORK/with"
}

# Per cent that "$1" of each pair says: "median first..third".
per_cent() {
	awk "{ print $1 }" "$WORK/pairs" | quartiles | awk '{ printf "%+.2f\t%+.2f..%+.2f", $2, $1, $3 }'
}

# shellcheck disable=SC2016 # awk expands it
measure_slowdown() {
	{
		printf 'a busy server\tper cent\tquartiles\n'
		pairs "a snapshot each second" 100000000 "$DWELL" go -i 1s -d 60s -j -o /dev/null
		printf 'fewer requests a second\t%s\n' "$(per_cent '100 * (1 - $3 / $1)')"
		printf 'more CPU time a request\t%s\n' "$(per_cent '100 * ($4 / $2 - 1)')"
		pairs "nobody, twice" 100000000 sh -c "exec sleep 60" nobody
		printf 'the same with nobody: fewer\t%s\n' "$(per_cent '100 * (1 - $3 / $1)')"
	} >"$WORK/table"
	table <"$WORK/table"
}

# ---- 3: a hit of --sites ---------------------------------------------------------------------

# Each request creates a timer and stops it; one in four resets it as well.
HITS=2.25
measure_sites() {
	pairs "sites" 20000 "$DWELL" go --sites -d 60s -j -o /dev/null
	awk -v hits=$HITS '{ print ($4 - $2) * 1000 / hits }' "$WORK/pairs" | quartiles |
		awk '{ printf "A hit of --sites costs %.0f ns (quartiles %.0f..%.0f).\n\n", $2, $1, $3 }'
}

[ "$(id -u)" = 0 ] || die "needs root: sudo tests/bench/go.sh"
program=$(find "$FIXTURES" -path '*/plain/fixture' 2>/dev/null | sort -V | tail -n 1)
[ -n "$program" ] || die "no Go program was built: tests/go/build.sh"
trap clean_up EXIT
trap 'exit 130' INT TERM
CPU=$(awk '$1 == "Cpus_allowed_list:" { n = split($2, part, /[,-]/); print part[n] }' /proc/self/status)
OTHER=$(awk '$1 == "Cpus_allowed_list:" { split($2, part, /[,-]/); print part[1] }' /proc/self/status)

echo "dwell go, of $program:"
echo
measure_snapshots
echo "A server that does nothing but answer, on one CPU, and dwell on another, $PAIRS pairs of $SECONDS_EACH s:"
echo
measure_slowdown
if "$DWELL" go --help 2>/dev/null | grep -q -- --sites; then
	measure_sites
fi
