#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The table of supported kernels, made from what a run of run.sh found.
#
# support-table.sh CACHE prints it; support-table.sh CACHE FILE also puts it into FILE,
# between the lines `<!-- kernels -->` and `<!-- end of kernels -->`.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=$1

count() { # kernel, result
	grep -c "^$1 [^ ]* $2\$" "$cache/table" || true
}

features() { # kernel, those that differ between kernels
	sed -n 's/^feature \([a-z_]*\) found$/\1/p' "$cache/results/$1.out" |
		grep -xE 'prev_state|was_armed|start_expired|preempt_rt' | paste -sd, - | sed 's/,/, /g'
}

verdict() { # kernel, expected
	local bad good

	good=$(count "$1" ok) bad=$(count "$1" FAIL)
	if [ "$bad" != 0 ]; then
		echo "**$bad of $((good + bad)) tests fail**"
	elif [ "$2" = refuse ]; then
		echo "refused, with the reason"
	else
		echo "all $good tests pass"
	fi
}

table() {
	local name suite expect append version

	echo "| kernel | from Debian | what it has of what differs | result |"
	echo "| --- | --- | --- | --- |"
	grep -vE '^(#|$)' "$here/kernels.list" | sort -V | while read -r name _ suite _ expect _ append; do
		grep -q "^$name " "$cache/table" || continue
		version=$(sed -n 's/^kernel //p' "$cache/results/$name.out")
		[ -n "$version" ] || continue
		[ "$append" = - ] || version="$version, $append"
		echo "| $version | $suite | $(features "$name") | $(verdict "$name" "$expect") |"
	done
}

echo
table | tee "$cache/support.md"
echo
[ $# -lt 2 ] || sed -i -e '/^<!-- kernels -->$/,/^<!-- end of kernels -->$/{//!d}' \
	-e "/^<!-- kernels -->\$/r $cache/support.md" "$2"
