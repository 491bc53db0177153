#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# arrows.sh [FOLDER OBJECTS]: prints each include in user/ that user/ARROWS does not allow, and each
# circle of files that call each other. FOLDER replaces user, and OBJECTS build/obj.
set -eu

user=${1:-user}
objects=${2:-${BUILD:-build}/obj}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ---- includes: the file, and what it includes -----------------------------------

grep -rHo --include='*.[ch]' '^ *# *include *["<][^">]*[">]' "$user" |
	sed "s|^$user/||; s|: *# *include *| |; s|\"||g" >"$work/includes"
[ -s "$work/includes" ] || echo "$user has no includes"

awk -v user="$user" '
function complain(text) { print user "/" file ": " text }
function room_of(path) { return index(path, "/") ? substr(path, 1, index(path, "/") - 1) : "" }
function matches(name, patterns,    i, n, list) {
	n = split(patterns, list)
	for (i = 1; i <= n; i++)
		if (list[i] == name || (list[i] ~ /\*/ && name ~ glob(list[i])))
			return 1
	return 0
}
function glob(pattern) {
	gsub(/\./, "[.]", pattern)
	gsub(/\*/, "[^/]*", pattern)
	return "^" pattern "$"
}
FNR == NR {
	if (!sub(/:/, " : ") || /^#/)
		next
	split($0, half, " : ")
	if (half[1] ~ /^only /)
		owner[substr(half[1], 6)] = half[2]
	else
		allowed[half[1]] = " " half[2] " "
	next
}
{
	file = $1
	room = room_of(file)
	if (!(room in allowed)) {
		complain("is in no room of ARROWS")
		next
	}
	for (rooms in owner)
		if (matches($2, owner[rooms]) && !matches(room, rooms))
			complain("only " rooms " may include " $2)
	to = room_of($2)
	if ($2 ~ /_private\.h$/ && to != room)
		complain($2 " is private to " to)
	if (!(to in allowed) || to == room)
		next
	if (!matches(to, allowed[room]) && !matches($2, allowed[room]))
		complain(room " may not include " $2)
}' "$user/ARROWS" "$work/includes"

# The arrows themselves must not form a circle.
sed -n '/^only /d; s/^\([a-z]*\): */\1 /p' "$user/ARROWS" |
	awk '{ for (i = 2; i <= NF; i++) if ($i !~ /\//) print $1, $i }' | tsort >"$work/order" 2>&1 ||
	sed -n "/contains a loop/d; s|^tsort: *|$user/ARROWS: in a circle: |p" "$work/order"

# ---- circles of objects ----------------------------------------------------------

# Objects of deleted files may still be there, and do not count.
(cd "$user" && ls -- */*.c) | sed "s|^|$objects/|; s|c\$|o|" | while read -r object; do
	[ ! -e "$object" ] || echo "$object"
done >"$work/objects"
[ -s "$work/objects" ] || echo "$objects has no objects"
xargs nm -A <"$work/objects" | awk -v objects="$objects/" '
{
	split($0, half, ":")
	object = substr(half[1], length(objects) + 1)
	name = $NF
	kind = $(NF - 1)
	if (kind ~ /^[TDBRVW]$/)
		home[name] = object
	else if (kind == "U")
		wants[object, name] = 1
}
END {
	for (pair in wants) {
		split(pair, half, SUBSEP)
		if (half[2] in home && home[half[2]] != half[1])
			print half[1], home[half[2]]
	}
}' | sort -u >"$work/edges"
tsort "$work/edges" >/dev/null 2>"$work/circles" || true
sed "s/^tsort: .* contains a loop:/a circle of objects that call each other:/; s/^tsort: /    /" "$work/circles"
