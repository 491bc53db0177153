#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The benches' words, tables and quartiles. FORMAT is text or markdown.

say() {
	echo "bench: $*" >&2
}

die() {
	say "$@"
	exit 1
}

# Prints a table of the rows on stdin: tab-separated cells, the first row is the heading.
table() {
	awk -F '\t' -v markdown="$([ "$FORMAT" != markdown ] || echo 1)" '
	{
		for (i = 1; i <= NF; i++) {
			cell[NR, i] = $i
			if (length($i) > width[i])
				width[i] = length($i)
		}
		if (NF > columns)
			columns = NF
	}
	function rule(  i, line, dashes) {
		line = "|"
		for (i = 1; i <= columns; i++) {
			dashes = sprintf("%*s", width[i], "")
			gsub(/ /, "-", dashes)
			line = line " " (i == 1 ? dashes : substr(dashes, 2) ":") " |"
		}
		print line
	}
	END {
		for (row = 1; row <= NR; row++) {
			line = markdown ? "| " : ""
			for (i = 1; i <= columns; i++)
				line = line sprintf(i == 1 ? "%-*s" : "%*s", width[i], cell[row, i]) \
					(markdown ? (i < columns ? " | " : " |") : (i < columns ? "  " : ""))
			print line
			if (row == 1 && markdown)
				rule()
		}
	}'
	echo
}

# The quartiles of the numbers on stdin: "first median third".
quartiles() {
	sort -g | awk '
	function at(part,  place, low) {
		place = 1 + (NR - 1) * part
		low = int(place)
		return value[low] + (place - low) * (value[low < NR ? low + 1 : low] - value[low])
	}
	{ value[NR] = $1 }
	END { if (NR) print at(0.25), at(0.5), at(0.75) }'
}

# The median, with no decimals; "-" if nothing was measured.
median() {
	quartiles | awk '{ printf "%.0f", $2 } END { if (!NR) printf "-" }'
}
