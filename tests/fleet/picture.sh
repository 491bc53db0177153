#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Takes the picture in tests/README.md: how long tasks of three hosts wait for a CPU, and how late their
# timers are, as Prometheus' own graph page shows it.
#
# usage: picture.sh [FILE [MINUTES]]; needs root, Prometheus, node_exporter and Chromium
#
# The hosts are network namespaces of this machine. Each has a daemon that looks at its own load.
set -eu

cd "$(dirname "$0")/../.."
# shellcheck source=tests/fleet/fleet.sh
. tests/fleet/fleet.sh
file=${1:-scripts/prometheus/fleet.png}
minutes=${2:-6}
settle=60 # seconds before that, in which all starts
names=(web db batch)

lack=$(lacking python3 prometheus promtool "$exporter" chromium)
if [ -n "$lack" ] || ! tests/can-run-live.sh; then
	echo "picture: ${lack:-dwell cannot run here}" >&2
	exit 1
fi

# One graph of a page, its number and what it shows: all of the time but the first seconds.
graph() {
	echo "g$1.expr=$2&g$1.tab=0&g$1.range_input=${minutes}m"
}

# Its window has room for two graphs.
take_picture() {
	local page

	page="$(graph 0 '1e3*instance:dwell_runqueue_latency_seconds:p99_rate5m')" # ms
	page="$page&$(graph 1 '1e6*instance:dwell_timer_lateness_seconds:p99_rate5m')" # us
	"${in_prometheus[@]}" chromium --headless=new --no-sandbox --user-data-dir="$work/chromium" \
		--hide-scrollbars --window-size=860,1668 --virtual-time-budget=20000 \
		--screenshot="$work/picture.png" "$url/classic/graph?$page" >"$work/chromium.log" 2>&1 </dev/null
}

# Any host without data is no picture.
complete() {
	holds "count({__name__=~\"instance:dwell_(runqueue_latency|timer_lateness)_seconds:p99_rate5m\"} >= 0) == 2 * $hosts"
}

make_spaces
tests/fleet/load.py "$minutes" "$settle" &
load=$!
pids+=("$load")
for ((number = 0; number < hosts; number++)); do
	mkdir -p "$(directory_of "$number")"
	start "daemon$number" "$BUILD/dwell" daemon --config=/dev/null --interval=1s --log=off \
		--comm="${names[number]}" --textfile-dir="$(directory_of "$number")"
	start_exporter "$number"
done
start_prometheus "${names[@]}"
wait "$load"
wait_for complete >/dev/null
take_picture
mv "$work/picture.png" "$file"
