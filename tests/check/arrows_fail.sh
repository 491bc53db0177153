#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Holds arrows.sh to what it is for: of a made-up house it has to say each thing that is wrong.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/user" "$work/obj"
for room in low high attic; do
	mkdir "$work/user/$room" "$work/obj/$room"
done

{
	echo 'low: high'
	echo 'high: low'
	echo 'only low: <bpf/*.h>'
} >"$work/user/ARROWS"
echo '#include "low/a_private.h"' >"$work/user/high/private.c"
echo '#include <bpf/libbpf.h>' >"$work/user/high/library.c"
echo '#include "low/a.h"' >"$work/user/attic/room.c"
echo 'int b(void); int a(void) { return b(); }' >"$work/user/low/a.c"
echo 'int a(void); int b(void) { return a(); }' >"$work/user/low/b.c"
for file in a b; do
	${CC:-cc} -c "$work/user/low/$file.c" -o "$work/obj/low/$file.o"
done
"$(dirname "$0")/arrows.sh" "$work/user" "$work/obj" >"$work/said"

# The second house is sound but for one arrow.
echo 'high: low' >"$work/user/ARROWS"
echo 'low:' >>"$work/user/ARROWS"
rm -r "$work/user/attic" "$work/user/high/"*.c
echo '#include "high/b.h"' >"$work/user/low/arrow.c"
"$(dirname "$0")/arrows.sh" "$work/user" "$work/obj" >>"$work/said"

while read -r words; do
	grep -q "$words" "$work/said" || echo "arrows.sh does not say: $words"
done <<'EXPECTED'
high/private.c: low/a_private.h is private to low
high/library.c: only low may include <bpf/libbpf.h>
attic/room.c: is in no room of ARROWS
ARROWS: in a circle: low
call each other
low/arrow.c: low may not include high/b.h
EXPECTED
