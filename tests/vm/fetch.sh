#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Fetches one file out of a Debian package, for a guest: prints the path of its copy.
#
# fetch.sh CACHE ARCH SUITE PACKAGE FILE: PACKAGE is a name with stars, and the newest of
# those that match counts; FILE is the end of the file's path, also with stars. Nothing is
# installed. Copies are kept by package below CACHE, which is absolute, lists of packages
# for a week: with both there, no network is used.
set -eu

# shellcheck source=/dev/null
. "$(dirname "$0")/apt.sh"
cache=$1 arch=$2 suite=$3 pattern=$4 file=$5
copies=$cache/copies/$arch
apt=$cache/apt/$arch-$suite
mkdir -p "$copies"

complain() {
	echo "$*" >&2
	return 1
}

# Only a success is marked, so a failed update is tried again.
update() {
	[ -z "$(find "$apt/updated" -mtime -7 2>/dev/null)" ] || return 0
	apt-get -c "$apt/apt.conf" -qq update >&2
	touch "$apt/updated"
}

newest_package() {
	local expression

	expression=$(printf '%s' "$pattern" | sed 's/[.+]/\\&/g; s/\*/.*/g')
	apt-cache -c "$apt/apt.conf" search --names-only "^$expression\$" | cut -d' ' -f1 | sort -V | tail -n 1
}

download() {
	local package=$1

	(cd "$work" && apt-get -c "$apt/apt.conf" -qq download "$package") >&2
	dpkg-deb --fsys-tarfile "$work"/*.deb |
		tar -x -C "$work" --wildcards --no-anchored "$file" ||
		complain "there is no $file in $package"
	# In one step: a run that is cut short leaves no half a file.
	mv "$(find "$work" -path "*/$file" -type f | head -n 1)" "$copies/$package"
}

fetch() {
	local package

	private_apt "$apt" "$arch" "$suite"
	update
	package=$(newest_package)
	# A suite moves on: that is no failure of what is to be tested.
	[ -n "$package" ] || complain "gone: $suite holds no package $pattern any more"
	if ! [ -f "$copies/$package" ]; then
		work=$(mktemp -d "$cache/work.XXXXXX")
		trap 'rm -rf "$work"' EXIT
		download "$package"
	fi
	echo "$copies/$package"
}

# One that was fetched before serves when the network does not.
cached() {
	local copy

	copy=$(find "$copies" -maxdepth 1 -type f -name "$pattern" | sort -V | tail -n 1)
	[ -n "$copy" ] && echo "$copy"
}

# Not as a condition: errexit would be off in it.
set +e
copy=$(set -e; fetch)
set -e
if [ -n "$copy" ]; then
	echo "$copy"
else
	cached
fi
