#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests what dwell gives to Prometheus and Grafana: rules, alerts, the dashboard, and a fleet.
#
# The fleet is three hosts, each with a dwell daemon, a node_exporter that reads its dwell.prom, and
# a real Prometheus with the rules that scrapes them: as root in network namespaces of their own,
# which reach nothing else, else on three ports of the loopback. All three daemons look at this
# machine, each in its way; where it cannot run dwell, a program plays them.
# Prints each result; its last line is `N passed, N failed, N skipped`.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
# shellcheck source=tests/fleet/fleet.sh
. "$here/fleet.sh"
dashboard=scripts/grafana/dwell.json
scrapes=10 # of each host, one a second, before any answer counts
writers=()
real=
! "$here/../can-run-live.sh" || real=yes

# ---- files ------------------------------------------------------------------

# Each alert has to be seen firing, and not firing, in some test.
alerts_covered() {
	local seen name missing=0
	local -a names

	mapfile -t names < <(sed -n 's/^ *- alert: //p' "$alerts")
	seen=$(awk '
		/alertname:/ { name = $NF; state = "quiet " }
		/exp_labels:/ { state = "fires " }
		/eval_time:|promql_expr_test:|^  - name:/ { if (name) print state name; name = "" }
		END { if (name) print state name }' "$here/alerts_test.yml")
	for name in "${names[@]}"; do
		grep -qx "fires $name" <<<"$seen" || { echo "$name fires in no test"; missing=1; }
		grep -qx "quiet $name" <<<"$seen" || { echo "$name is quiet in no test"; missing=1; }
	done
	return $missing
}

lint_rules() {
	promtool check rules --lint=all --lint-fatal "$rules" "$alerts"
}

# What the manual says that Prometheus is to be told, with the rules as they are here.
manual_config() {
	sed -n '/^# prometheus.yml/,/^\.EE/{/^\./d;s/\\-/-/g;p}' scripts/dwell.8.in |
		sed "s|/.*/dwell/prometheus/|$PWD/scripts/prometheus/|" >"$work/manual.yml"
	grep -q "$PWD/$rules" "$work/manual.yml" && grep -q "$PWD/$alerts" "$work/manual.yml"
	promtool check config "$work/manual.yml"
}

test_files() {
	local name lack

	lack=$(lacking python3)
	for name in validator dashboard; do
		[ -z "$lack" ] || skip "prometheus.$name" "$lack"
	done
	if [ -z "$lack" ]; then
		check prometheus.validator python3 "$here/test_validate.py"
		check prometheus.dashboard python3 "$here/dashboard-queries.py" "$dashboard"
	fi
	check prometheus.alerts_covered alerts_covered
	lack=$(lacking promtool)
	for name in rules rules_test alerts_test manual; do
		[ -z "$lack" ] || skip "prometheus.$name" "$lack"
	done
	if [ -z "$lack" ]; then
		check prometheus.rules lint_rules
		check prometheus.rules_test promtool test rules "$here/rules_test.yml"
		check prometheus.alerts_test promtool test rules "$here/alerts_test.yml"
		check prometheus.manual manual_config
	fi
}

# ---- a fleet ----------------------------------------------------------------

# The Go programs that they read are Prometheus and its exporters, but for host 2.
# Host 0 has room for the names of tasks that try to break its file, host 1 groups by cgroup, and
# host 2 is for groups that come and go.
start_daemon() {
	local number=$1
	# One that keeps to a budget leaves exports out while the machine is busy with other tests.
	local -a options=(--config=/dev/null --interval=2s --log=off --max-overhead=off --go=on)

	case $number in
	0) options+=(--max-groups=40) ;;
	1) options+=(--groups=cgroup) ;;
	2) options+=(--max-groups=2 --comm="$("$here/eviction.py" --names)") ;;
	esac
	start "writer$number" "$BUILD/dwell" daemon "${options[@]}" --textfile-dir="$(directory_of "$number")"
}

start_player() {
	local number=$1
	local -a options=(--host "$number")

	[ "$number" != 1 ] || options+=(--by cgroup)
	start "writer$number" "$here/generate.py" "$(file_of "$number")" "${options[@]}"
}

start_writer() {
	mkdir -p "$(directory_of "$1")"
	if [ -n "$real" ]; then
		start_daemon "$1"
	else
		start_player "$1"
	fi
	writers+=("$started")
}

# nothing WHAT QUERY: complains if there is an answer.
nothing() {
	local answer

	answer=$(query "$2" 2>&1) || { echo "$1: cannot tell: $answer"; return 1; }
	[ -n "$answer" ] || return 0
	echo "$1:"
	echo "$answer"
	return 1
}

files_there() {
	local number

	for ((number = 0; number < hosts; number++)); do
		[ -s "$(file_of "$number")" ] || return 1
	done
}

file_changed() {
	! cmp -s "$work/earlier" "$(file_of "$1")"
}

# A later file must have counted on from an earlier one.
files_valid() {
	local number bad=0

	for ((number = 0; number < hosts; number++)); do
		cp "$(file_of "$number")" "$work/earlier"
		wait_for file_changed "$number" || { echo "host $number: it does not change"; bad=1; }
		cp "$(file_of "$number")" "$work/later"
		python3 "$here/validate.py" --families "$work/earlier" "$work/later" || bad=1
		if command -v promtool >/dev/null; then
			promtool check metrics <"$work/later" || bad=1
		fi
	done
	return $bad
}

# As many as of a healthy fleet that has been scraped for a while.
scraped() {
	holds "count(count_over_time(dwell_build_info[10m]) >= $scrapes) == $hosts" >/dev/null
}

# On a busy machine Prometheus may have gone before it was answered: no fault of a file.
scrapes_clean() {
	local log bad=0

	nothing 'not scraped' 'max_over_time(up[10s]) == 0' || bad=1
	nothing 'a file was dropped' 'node_textfile_scrape_error != 0' || bad=1
	nothing 'samples were dropped' \
		'{__name__=~"prometheus_target_scrapes_(exceeded|sample)_.*_total"} > 0' || bad=1
	for log in "$work"/exporter*.log; do
		! grep level=error "$log" | grep -v 'broken pipe' || bad=1
	done
	return $bad
}

# What is in the files is in Prometheus: not one series dropped, none added.
series_complete() {
	local number file answer

	for ((number = 0; number < hosts; number++)); do
		file=$(grep -vc '^#' "$(file_of "$number")")
		answer=$(query "count({__name__=~\"dwell_.+\", instance=\"${targets[number]}\"})" |
			sed -n 's/^{} => \([0-9]*\) .*/\1/p')
		if [ "$answer" != "$file" ]; then
			echo "${targets[number]}: $file series in its file, ${answer:-none} in Prometheus"
			return 1
		fi
	done
}

# A group may come in between.
series_complete_soon() {
	patience=10 wait_for series_complete >"$work/complete" && return
	tail -n 1 "$work/complete"
	return 1
}

families_present() {
	local name kind rest bad=0

	while read -r name kind rest; do
		case $name in '#'* | '' | *'??') continue ;; esac
		name=${name%\?}
		[ "$kind" != histogram ] || name=${name}_bucket
		nothing "$name is missing" "(up{job=\"node\"} == 1) unless on (instance) $name" || bad=1
	done <"$here/families"
	return $bad
}

# NaN is no data, and unlike itself.
rules_answer() {
	local record bad=0
	local -a records

	mapfile -t records < <(sed -n 's/^ *- record: //p' "$rules")
	for record in "${records[@]}"; do
		holds "{__name__=\"$record\"} == {__name__=\"$record\"}" >/dev/null ||
			{ echo "$record has no data"; bad=1; }
	done
	nothing 'rules fail' 'prometheus_rule_evaluation_failures_total > 0' || bad=1
	return $bad
}

# Percentiles of a distribution rise, and the fleet's lie between the hosts' own, as these were when
# the fleet's were made.
percentiles_plausible() {
	local what bad=0 lately='[10s]'

	for what in dwell_runqueue_latency_seconds dwell_timer_lateness_seconds \
		dwell_timer_latency_seconds dwell_dwell_seconds; do
		nothing "$what: p50 above p99" "fleet:$what:p50_rate5m > fleet:$what:p99_rate5m" || bad=1
		nothing "$what: beyond every host" \
			"fleet:$what:p99_rate5m > 1.01 * max(max_over_time(instance:$what:p99_rate5m$lately))" || bad=1
		nothing "$what: below every host" \
			"fleet:$what:p99_rate5m < 0.99 * min(min_over_time(instance:$what:p99_rate5m$lately))" || bad=1
	done
	return $bad
}

# A real host may be as busy as it is, with more tasks than there is room for.
no_alerts() {
	local of_load='Dwell(EventsLost|Overhead|Shedding|Runqueue|Timer|Blocked).*'

	nothing 'in good order, but' \
		"ALERTS{alertname=~\"Dwell.+\", alertname!~\"${real:+$of_load}\"}"
}

# One host's daemon is stopped, and one's file is damaged: both are missed, the third is not.
missing_noticed() {
	local file number bad=0

	kill "${writers[1]}" "${writers[2]}"
	for number in 1 2; do
		patience=10 wait_for test ! -e "$(file_of $number)" ||
			{ echo "it is stopped, its file is there"; bad=1; }
	done
	file=$(file_of 2)
	printf 'dwell_shed_level 0' >"$file" # and no end of line
	wait_for holds 'count(ALERTS{alertname="DwellExportMissing"}) == 2' >/dev/null ||
		{ echo "nobody misses them"; query ALERTS; bad=1; }
	nothing 'missed in vain' \
		"ALERTS{alertname=\"DwellExportMissing\", instance=\"${targets[0]}\"}" || bad=1
	holds "node_textfile_scrape_error{instance=\"${targets[2]}\"} == 1" >/dev/null ||
		{ echo "the damaged file was read"; bad=1; }
	return $bad
}

test_fleet() {
	local number lack name
	local -a names=(scrapes series families rules percentiles queries quiet missing)

	[ -z "$real" ] || names+=(names eviction)
	lack=$(lacking python3)
	if [ -n "$lack" ]; then
		for name in files "${names[@]}"; do
			skip "fleet.$name" "$lack"
		done
		return
	fi
	[ -z "$real" ] || start names "$here/names.py"
	for ((number = 0; number < hosts; number++)); do
		start_writer $number
	done
	if ! wait_for files_there; then
		tail -n 3 "$work"/writer*.log | sed 's/^/    /'
		fail fleet.files "no file was written"
		return
	fi
	check fleet.files files_valid
	lack=$(lacking prometheus promtool "$exporter")
	if [ -n "$lack" ]; then
		for name in "${names[@]}"; do
			skip "fleet.$name" "$lack"
		done
		return
	fi

	make_network
	for ((number = 0; number < hosts; number++)); do
		start_exporter $number
	done
	start_prometheus "${targets[@]}"
	if ! wait_for scraped; then
		tail -n 5 "$work"/{exporter*,prometheus}.log | sed 's/^/    /'
		fail fleet.scrapes "the hosts were not scraped within $patience s"
		return
	fi
	check fleet.scrapes scrapes_clean
	check fleet.series series_complete_soon
	check fleet.families families_present
	check fleet.rules rules_answer
	check fleet.percentiles percentiles_plausible
	check fleet.queries "${in_prometheus[@]}" "$here/dashboard-queries.py" "$dashboard" "$url" 10s
	if [ -n "$real" ]; then
		check fleet.names "${in_prometheus[@]}" "$here/names.py" "$url" "${targets[0]}"
		check fleet.eviction "${in_prometheus[@]}" "$here/eviction.py" "$url" "${targets[2]}"
	fi
	check fleet.quiet no_alerts
	check fleet.missing missing_noticed
}

test_files
test_fleet
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
