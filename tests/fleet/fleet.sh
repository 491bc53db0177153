#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A fleet to be sourced: hosts with a node_exporter each, and a real Prometheus that scrapes them.
#
# As root the hosts are network namespaces of their own, which reach nothing else; else they are
# ports of the loopback. What is started here ends with the shell that sourced this.

# scripts/setup.sh unpacks there what must not run as a service.
PATH=$PATH:/usr/sbin:/sbin:$PWD/${BUILD:=build}/unpacked/usr/bin
export PYTHONDONTWRITEBYTECODE=1
. tests/results.sh
rules=scripts/prometheus/dwell-rules.yml
alerts=scripts/prometheus/dwell-alerts.yml
hosts=3
patience=60 # seconds, for anything that is waited for
# Its name differs between distributions.
exporter=node_exporter
! command -v prometheus-node-exporter >/dev/null 2>&1 || exporter=prometheus-node-exporter

work=$(mktemp -d)
spaces=() pids=() targets=() in_prometheus=()
prefix=dwell-$$
url=

clean_up() {
	local pid

	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${pids[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	remove_network
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# wait_for COMMAND…: until it succeeds, or patience is at an end.
wait_for() {
	local end=$((SECONDS + patience))

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}

# start NAME COMMAND…: in the background; what it says goes to NAME.log. Sets started.
start() {
	local name=$1
	shift

	"$@" >"$work/$name.log" 2>&1 </dev/null &
	started=$!
	pids+=("$started")
}

remove_network() {
	local space

	for space in "${spaces[@]}"; do
		ip netns del "$space" 2>/dev/null || true
	done
	spaces=()
}

# The addresses are those set aside for documentation: nothing outside has one.
make_spaces() {
	local number space

	[ "$(id -u)" = 0 ] && ip netns add "$prefix-p" 2>/dev/null || return 1
	spaces+=("$prefix-p")
	ip -n "$prefix-p" link set lo up || return 1
	for ((number = 0; number < hosts; number++)); do
		space=$prefix-$number
		ip netns add "$space" || return 1
		spaces+=("$space")
		ip -n "$prefix-p" link add "host$number" type veth peer name eth0 netns "$space" &&
			ip -n "$prefix-p" addr add "192.0.2.$((4 * number + 1))/30" dev "host$number" &&
			ip -n "$space" addr add "192.0.2.$((4 * number + 2))/30" dev eth0 &&
			ip -n "$prefix-p" link set "host$number" up &&
			ip -n "$space" link set eth0 up || return 1
		targets+=("192.0.2.$((4 * number + 2)):9100")
	done
	in_prometheus=(ip netns exec "$prefix-p")
	url=http://127.0.0.1:9090
}

# Free ones, all found before any is used.
make_ports() {
	local -a ports

	mapfile -t ports < <(python3 -c '
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
for one in sockets:
    print(one.getsockname()[1])' $((hosts + 1)))
	targets=("${ports[@]:0:hosts}")
	targets=("${targets[@]/#/127.0.0.1:}")
	url=http://127.0.0.1:${ports[hosts]}
	in_prometheus=()
}

make_network() {
	make_spaces || {
		remove_network
		make_ports
	}
}

# Where its daemon writes.
directory_of() {
	echo "$work/host$1"
}

file_of() {
	echo "$(directory_of "$1")/dwell.prom"
}

start_exporter() {
	local number=$1
	local -a inside=()

	[ ${#spaces[@]} = 0 ] || inside=(ip netns exec "$prefix-$number")
	start "exporter$number" "${inside[@]}" "$exporter" --collector.disable-defaults \
		--collector.textfile --collector.textfile.directory="$(directory_of "$number")" \
		--web.listen-address="${targets[number]}"
}

# start_prometheus NAME…: what to call the hosts.
start_prometheus() {
	local number
	local -a names=("$@")

	{
		cat <<-END
			global:
			  scrape_interval: 1s
			  scrape_timeout: 1s
			  evaluation_interval: 1s
			rule_files: ['$PWD/$rules', '$PWD/$alerts']
			scrape_configs:
			  - job_name: prometheus
			    static_configs:
			      - targets: ['${url#http://}']
			  - job_name: node
			    static_configs:
		END
		for ((number = 0; number < hosts; number++)); do
			printf "      - targets: ['%s']\n" "${targets[number]}"
			printf "        labels: {instance: '%s'}\n" "${names[number]}"
		done
	} >"$work/prometheus.yml"
	start prometheus "${in_prometheus[@]}" prometheus --config.file="$work/prometheus.yml" \
		--storage.tsdb.path="$work/data" --web.listen-address="${url#http://}"
}

query() {
	"${in_prometheus[@]}" promtool query instant "$url" "$1"
}

# Whether a query has an answer, which it prints. Prometheus may not be up yet.
holds() {
	query "$1" 2>/dev/null | grep .
}
