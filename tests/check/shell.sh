#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Has shellcheck check every shell script of the project.
set -eu

command -v shellcheck >/dev/null 2>&1 || {
	echo "shellcheck is not installed"
	exit 77
}
find scripts tests .ci -type f | sort | while read -r file; do
	if head -n 1 "$file" | grep -qaE '^#!.*/(env )?(ba|da)?sh'; then
		echo "$file"
	fi
done | xargs shellcheck
