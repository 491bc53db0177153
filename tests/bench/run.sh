#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Measures what dwell costs, beside doing nothing and beside its peers, in one interleaved run.
set -eu

cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
BUILD=${BUILD:-build}
BPFTOOL=${BPFTOOL:-bpftool}
DWELL=${DWELL:-$BUILD/dwell}
BEFORE=${BEFORE-} # another build of it, such as the one before a change, to be measured beside it
FORMAT=${FORMAT:-text} # or markdown
ROUNDS=${ROUNDS:-15}
LOOPS=${LOOPS:-60000} # round trips in one run of the pipe
SLEEPS=${SLEEPS:-50000} # in one run of them
WAITS=${WAITS:-200000}
RUNS=${RUNS:-3}       # of either for each variant and round: their median counts
PEERS=${PEERS:-runqlat runqslower cpudist offcputime wakeuptime}
REPEATS=${REPEATS:-5} # of each read and start
SERVICE_SECONDS=${SERVICE_SECONDS:-60} # that the service is watched for: some exports
# Seconds: enough for a tool that reads all kernel symbols first.
ATTACH_LIMIT=20
# Seconds: dwell has the kernel time its programs in its first half second,
# which slows them; what a service costs all day is what comes after it.
SETTLE=1

WORK=$(mktemp -d)
STATS=/proc/sys/kernel/bpf_stats_enabled
STATS_BEFORE=$(cat $STATS 2>/dev/null || echo 0)
tool=
crowd=
idlers=

. tests/bench/figures.sh

clean_up() {
	[ -z "$tool" ] || kill -KILL "$tool" 2>/dev/null || true
	[ -z "$crowd" ] || kill -KILL "$crowd" 2>/dev/null || true
	[ -z "$idlers" ] || kill -KILL "$idlers" 2>/dev/null || true
	if [ "$(cat $STATS)" != "$STATS_BEFORE" ]; then
		echo "$STATS_BEFORE" >$STATS
	fi
	rm -rf "$WORK"
}

# ---- starting and ending what is measured ------------------------------------

# The BPF links a process holds, by id; the fdinfo of each names it.
links_of() {
	cat /proc/"$1"/fdinfo/* 2>/dev/null | awk '$1 == "link_id:" { print $2 }' | sort -n
}

# The tracepoints they hang on.
hooks_of() {
	cat /proc/"$1"/fdinfo/* 2>/dev/null | awk '$1 == "tp_name:" { print $2 }' | sort -u
}

# attach COMMAND…: starts it in the background as $tool, and returns when its
# links are there and have been all there for a while.
attach() {
	"$@" >"$WORK/out" 2>"$WORK/err" </dev/null &
	tool=$!
	case $1 in
	*bpftrace | *eventstat)
		# They have no links to wait for.
		sleep 4
		kill -0 "$tool" 2>/dev/null && return 0
		;;
	esac
	before=
	tries=$((ATTACH_LIMIT * 5))
	while [ $tries -gt 0 ]; do
		sleep 0.2
		kill -0 "$tool" 2>/dev/null || break
		links=$(links_of "$tool")
		[ -n "$links" ] && [ "$links" = "$before" ] && return 0
		before=$links
		tries=$((tries - 1))
	done
	say "$1 did not attach:"
	cat "$WORK/err" >&2
	detach
	return 1
}

# Ends $tool and waits until the kernel has let go of its links.
detach() {
	links=$(links_of "$tool")
	kill -INT "$tool" 2>/dev/null || true
	tries=50
	while kill -0 "$tool" 2>/dev/null && [ $tries -gt 0 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
	kill -KILL "$tool" 2>/dev/null || true
	wait "$tool" 2>/dev/null || true
	tool=
	tries=200
	for link in $links; do
		while "$BPFTOOL" link show id "$link" >/dev/null 2>&1; do
			tries=$((tries - 1))
			[ $tries -gt 0 ] || die "link $link is still attached"
			sleep 0.05
		done
	done
}

# Microseconds a round trip.
pipe() {
	taskset -c "$CPU" perf bench sched pipe -l "$LOOPS" 2>/dev/null |
		awk '$2 == "usecs/op" { print $1 }'
}

# Microseconds a sleep of 1 ns: armed, expired.
sleeps() {
	taskset -c "$CPU" "$BUILD/bench/arming" sleeps "$SLEEPS"
}

# Microseconds a wait with a time-out for what another task sends: armed, cancelled.
waits() {
	taskset -c "$CPU" "$BUILD/bench/arming" waits "$WAITS"
}

# The last CPU we may use: the first one takes most interrupts.
choose_cpu() {
	awk '$1 == "Cpus_allowed_list:" { n = split($2, part, /[,-]/); print part[n] }' /proc/self/status
}

# Newer packages of libbpf-tools add a suffix to the names.
program_of() {
	command -v "$1" || command -v "$1-libbpf"
}

each_kind() {
	for kind in runqueue throttled blocked dwell lateness timer-latency; do
		printf -- '--%s %s ' $kind "$1"
	done
}

command_of() {
	case $1 in
	empty) echo "$BUILD/bench/empty" ;;
	dwell) echo "$DWELL summary -d 0 -j -o /dev/null" ;;
	dwell-before) echo "$BEFORE summary -d 0 -j -o /dev/null" ;;
	# Without outliers; with as many as can be: nearly every interval is one.
	dwell-plain) echo "$DWELL summary -d 0 -j -o /dev/null $(each_kind off)" ;;
	dwell-storm) echo "$DWELL outliers -d 0 -j -o /dev/null $(each_kind 1us)" ;;
	runqslower) echo "$(program_of "$1") 10000" ;;
	timers) echo "$DWELL timers -d 0 -j -o /dev/null" ;;
	timers-sites) echo "$DWELL timers --sites -d 0 -j -o /dev/null" ;;
	timers-wheel) echo "$DWELL timers --wheel -d 0 -j -o /dev/null" ;;
	bpftrace) echo "$WORK/bpftrace" ;;
	eventstat) echo "eventstat 3600" ;;
	*) echo "$(program_of "$1") 3600" ;;
	esac
}

# ---- 1: loops, with and without ------------------------------------------------

# time_loop LOOP VARIANT RUNS: notes the times of that many runs.
time_loop() {
	for _ in $(seq "$3"); do
		"$1" >>"$WORK/runs.$2"
	done
}

# close_round LOOP ROUND: the median of each variant's runs is its time.
close_round() {
	for runs in "$WORK"/runs.*; do
		echo "$2 ${runs##*/runs.} $(quartiles <"$runs" | cut -d ' ' -f 2)"
		rm -f "$runs"
	done >>"$WORK/$1"
}

# measure_loop LOOP VARIANTS: the base is timed between all others, so that it
# sees the same machine.
measure_loop() {
	loop=$1
	variants=$2
	round=1
	[ -n "$("$loop")" ] || die "$loop gave no figure"
	while [ "$round" -le "$ROUNDS" ]; do
		say "$loop, round $round of $ROUNDS"
		time_loop "$loop" base 1
		for variant in $variants; do
			# shellcheck disable=SC2046 # a command and its arguments
			if attach $(command_of "$variant"); then
				hooks_of "$tool" >"$WORK/hooks.$variant"
				sleep $SETTLE
				time_loop "$loop" "$variant" "$RUNS"
				detach
			fi
			time_loop "$loop" base 1
		done
		close_round "$loop" "$round"
		# Another order each time, so that nobody always follows the same neighbour.
		variants=$(echo "$variants" | awk '{ for (i = 2; i <= NF; i++) printf "%s ", $i; print $1 }')
		round=$((round + 1))
	done
}

check_hooks() {
	if ! cmp -s "$WORK/hooks.empty" "$WORK/hooks.dwell"; then
		say "the empty programs are not on the hooks of dwell:" \
			"$(sort "$WORK/hooks.empty" "$WORK/hooks.dwell" | uniq -u | tr '\n' ' ')"
	fi
}

# added LOOP VARIANT: what it adds to the base of its own round: "first median third".
added() {
	awk -v variant="$2" '
	$2 == "base" { base[$1] = $3 }
	$2 == variant { time[$1] = $3 }
	END { for (round in time) print time[round] - base[round] }' "$WORK/$1" | quartiles
}

# times_of LOOP VARIANT: the median of its times.
times_of() {
	awk -v variant="$2" '$2 == variant { print $3 }' "$WORK/$1" | quartiles | awk '{ printf "%.3f", $2 }'
}

report_pipe() {
	runqlat=$(added pipe runqlat | cut -d ' ' -f 2)
	empty=$(added pipe empty | cut -d ' ' -f 2)
	{
		printf 'programs\tus a round trip\tadded us\tquartiles\tof runqlat\tof empty\n'
		printf 'none\t%s\t\t\t\t\n' "$(times_of pipe base)"
		for variant in empty $ours $peers; do
			quarters=$(added pipe "$variant")
			[ -n "$quarters" ] || continue
			echo "$variant $(times_of pipe "$variant") $quarters ${runqlat:-0} ${empty:-0}" | awk '{
				printf "%s\t%s\t%+.3f\t%+.3f..%+.3f\t%s\t%s\n", $1, $2, $4, $3, $5,
					($6 > 0 ? sprintf("%.2f", $4 / $6) : "-"),
					($7 > 0 ? sprintf("%.2f", $4 / $7) : "-") }'
		done
	} | table
}

# report_arming LOOP
report_arming() {
	base=$(times_of "$1" base)
	{
		printf 'programs\tus a timer\tadded us\tquartiles\tof none\n'
		printf 'none\t%s\t\t\t\n' "$base"
		for variant in $armed; do
			quarters=$(added "$1" "$variant")
			[ -n "$quarters" ] || continue
			echo "$variant $(times_of "$1" "$variant") $quarters $base" | awk '{
				printf "%s\t%s\t%+.3f\t%+.3f..%+.3f\t%+.1f %%\n", $1, $2, $4, $3, $5,
					100 * $4 / $6 }'
		done
	} | table
}

# ---- 2: each of dwell's programs -------------------------------------------------

programs_of() {
	cat /proc/"$1"/fdinfo/* 2>/dev/null | awk '$1 == "prog_id:" { print $2 }' | sort -nu
}

measure_programs() {
	say "each program"
	echo 1 >$STATS
	"$BUILD/bench/sleepers" 1 100 >/dev/null &
	crowd=$!
	# shellcheck disable=SC2046
	attach $(command_of dwell)
	pipe >/dev/null
	{
		printf 'program\truns\tns a run\n'
		for id in $(programs_of "$tool"); do
			"$BPFTOOL" prog show id "$id"
		done | awk '{
			name = ""
			runs = 0
			for (i = 1; i < NF; i++) {
				if ($i == "name")
					name = $(i + 1)
				if ($i == "run_time_ns")
					time = $(i + 1)
				if ($i == "run_cnt")
					runs = $(i + 1)
			}
			if (runs)
				printf "%s\t%d\t%.0f\n", name, runs, time / runs
		}' | sort -t "$(printf '\t')" -k 2,2nr
	} >"$WORK/programs"
	detach
	kill "$crowd"
	wait "$crowd" 2>/dev/null || true
	crowd=
	echo "$STATS_BEFORE" >$STATS
	table <"$WORK/programs"
}

# ---- 3: reads, memory, start-up ---------------------------------------------------

# gather N PERIOD_US: starts N threads that sleep for so long at a time, as $crowd.
gather() {
	mkfifo "$WORK/ready"
	"$BUILD/bench/sleepers" "$1" "$2" >"$WORK/ready" &
	crowd=$!
	read -r answer <"$WORK/ready" || answer=
	rm "$WORK/ready"
	[ "$answer" = ready ] || say "no $1 threads here"
}

# Each often enough to have something to tell.
start_crowd() {
	gather "$1" 500000
}

end_crowd() {
	kill "$crowd" 2>/dev/null || true
	wait "$crowd" 2>/dev/null || true
	crowd=
}

# Reads of a table with N threads more than the machine has of its own.
measure_reads() {
	{
		printf 'threads added\ttasks read\tread us\tbytes\tdwell RSS KiB\n'
		for threads in 100 1000 10000; do
			say "reads, $threads threads"
			start_crowd $threads
			for _ in $(seq "$REPEATS"); do
				"$DWELL" summary -d 1s -v -j -o "$WORK/json" 2>"$WORK/err" </dev/null || true
				sed -n 's/.*read: \([0-9]*\) tasks, \([0-9]*\) bytes, \([0-9]*\) us.*/\1 \2 \3/p' \
					"$WORK/err" | tail -n 1 >>"$WORK/reads.$threads"
				sed -n 's/.*"rss_bytes": *\([0-9]*\).*/\1/p' "$WORK/json" >>"$WORK/rss.$threads"
			done
			end_crowd
			printf '%d\t%s\t%s\t%s\t%s\n' $threads \
				"$(cut -d ' ' -f 1 "$WORK/reads.$threads" | median)" \
				"$(cut -d ' ' -f 3 "$WORK/reads.$threads" | median)" \
				"$(cut -d ' ' -f 2 "$WORK/reads.$threads" | median)" \
				"$(awk '{ print $1 / 1024 }' "$WORK/rss.$threads" | median)"
		done
	} >"$WORK/table"
	table <"$WORK/table"
}

# On the machine as it is, without a crowd.
measure_start() {
	for _ in $(seq "$REPEATS"); do
		"$DWELL" summary -d 100ms -v -j -o /dev/null 2>&1 >/dev/null </dev/null |
			sed -n 's/.*start: \([0-9]*\) us.*/\1/p'
	done >"$WORK/start"
	echo "From exec to the first measurement: $(median <"$WORK/start") us."
	echo "Size: $(wc -c <"$DWELL") bytes$([ ! -e "$BUILD/static/dwell" ] || echo ", static and stripped $(wc -c <"$BUILD/static/dwell")")."
}

# ---- 4: the service ----------------------------------------------------------------

# CPU time of the process $1 so far, in ticks.
ticks_of() {
	awk '{ print $14 + $15 }' /proc/"$1"/stat
}

# The value of a series in the file that the service writes.
exported() {
	sed -n "s/^$1 //p" "$WORK/dwell.prom"
}

# As it is shipped, beside N threads, of which one in ten wakes up twice a second: "N CPU RSS export bytes".
watch_service() {
	say "the service, $1 threads"
	gather $(($1 * 9 / 10)) 3600000000
	idlers=$crowd
	gather $(($1 / 10)) 500000
	attach "$DWELL" daemon --config "$WORK/dwell.conf" --textfile-dir "$WORK" --log stderr
	sleep 5
	before=$(ticks_of "$tool")
	sleep "$SERVICE_SECONDS"
	echo "$1 $(ticks_of "$tool") $before $SERVICE_SECONDS $(getconf CLK_TCK)" \
		"$(awk '$1 == "VmRSS:" { print $2 }' /proc/"$tool"/status)" \
		"$(exported dwell_export_duration_seconds) $(wc -c <"$WORK/dwell.prom")"
	detach
	end_crowd
	crowd=$idlers
	idlers=
	end_crowd
}

measure_service() {
	: >"$WORK/dwell.conf"
	{
		printf 'threads added\t%% of one CPU\tRSS MiB\texport ms\tbytes\n'
		for threads in 1000 10000; do
			watch_service $threads
		done | awk '{ printf "%d\t%.2f\t%.1f\t%.1f\t%d\n", $1, 100 * ($2 - $3) / $4 / $5,
			$6 / 1024, 1000 * $7, $8 }'
	} >"$WORK/table"
	table <"$WORK/table"
}

# ---- -------------------------------------------------------------------------------

[ "$(id -u)" = 0 ] || die "needs root: sudo make bench"
for program in perf taskset "$BPFTOOL"; do
	command -v "$program" >/dev/null || die "$program is missing: sudo scripts/setup.sh check"
done
trap clean_up EXIT
trap 'exit 130' INT TERM
CPU=$(choose_cpu)
peers=
for peer in $PEERS; do
	if program_of "$peer" >/dev/null; then
		peers="$peers $peer"
	else
		say "$peer is not installed (package libbpf-tools): left out"
	fi
done
ours="dwell-plain dwell${BEFORE:+ dwell-before} dwell-storm"
armed="timers timers-sites timers-wheel"
for peer in bpftrace eventstat; do
	if command -v $peer >/dev/null; then
		armed="$armed $peer"
	else
		say "$peer is not installed: left out"
	fi
done
printf '#!/bin/sh\nexec bpftrace -e "tracepoint:timer:hrtimer_start { @[comm] = count(); }"\n' >"$WORK/bpftrace"
chmod 755 "$WORK/bpftrace"
others=$("$BPFTOOL" link list 2>/dev/null | grep -cE '^[0-9]+: (tracing|raw_tracepoint)' || true)
[ "$others" -eq 0 ] || say "$others tracing programs of others are attached; they slow down every line"
awk '{ exit $1 > 0.5 }' /proc/loadavg || say "this machine is not idle: load $(cut -d ' ' -f 1 /proc/loadavg)"
[ "$STATS_BEFORE" = 0 ] || say "kernel.bpf_stats_enabled is on: every program is slower"

echo "Linux $(uname -r), $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo "CPU $CPU, medians of $ROUNDS interleaved rounds of $RUNS runs"
echo
echo "perf bench sched pipe -l $LOOPS:"
echo
measure_loop pipe "empty $ours$peers"
check_hooks
report_pipe
echo "$SLEEPS sleeps of 1 ns, each armed and expired:"
echo
measure_loop sleeps "$armed"
report_arming sleeps
echo "$WAITS waits with a time-out, each armed and cancelled, by two tasks in turn:"
echo
measure_loop waits "$armed"
report_arming waits
measure_programs
measure_reads
measure_start
echo
echo "The service as it is shipped, for $SERVICE_SECONDS s:"
echo
measure_service
