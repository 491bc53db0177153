#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Prints the product's files that are too long to read at once, and functions longer than a screen.
set -eu

FILE_LINES=600
FUNCTION_LINES=48 # from its first brace to its last

# shellcheck disable=SC2016 # awk expands it
find bpf user -name '*.[ch]' | sort | xargs awk -v lines=$FILE_LINES -v body=$FUNCTION_LINES '
FNR == 1 { name = begin = "" }
FNR == lines + 1 { print FILENAME " has more than " lines " lines" }
/^[a-z_].*\(/ { name = $0 }
/^{/ { begin = FNR }
/^}/ && begin {
	if (FNR - begin + 1 > body)
		print FILENAME ":" begin ": " FNR - begin + 1 " lines: " name
	begin = ""
}'
