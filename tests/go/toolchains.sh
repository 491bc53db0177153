#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Fetches toolchains of Go out of Debian's packages, installs nothing, and prints for each
# `VERSION GOROOT`.
#
# toolchains.sh [-n] [all | VERSION…]: those of toolchains.list, of which the usual ones are
# meant without a word. GO_CACHE names the folder (build/go), and what is in it needs no
# network. With -n nothing is fetched: those that are not there are left out. One that is not to
# be had is named on standard error, keeps no other from being fetched, and makes the exit
# status 1.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/apt.sh
. "$here/../vm/apt.sh"
mkdir -p "${GO_CACHE:-build/go}/toolchains"
cache=$(cd "${GO_CACHE:-build/go}" && pwd)
dry=
if [ "${1-}" = -n ]; then
	dry=yes
	shift
fi

# wanted [all | VERSION…]: lines "VERSION SUITE"; no suite is known for a version that is not listed.
wanted() {
	grep -vE '^(#|$)' "$here/toolchains.list" | awk -v words="$*" '
		{ suite[$1] = $2 }
		words == "all" || words == "" && $3 == "usual" { print $1, $2 }
		END {
			n = words == "all" ? 0 : split(words, version)
			for (i = 1; i <= n; i++)
				print version[i], suite[version[i]]
		}'
}

# Only a success is marked, so a failed update is tried again.
update() {
	[ -z "$(find "$1/updated" -mtime -7 2>/dev/null)" ] || return 0
	apt-get -c "$1/apt.conf" -qq update >&2
	touch "$1/updated"
}

# The links in the packages are relative. The tree is renamed when it is whole: a run that is cut
# short leaves no half a toolchain.
unpack() {
	local version=$1 suite=$2 arch apt package

	arch=$(dpkg --print-architecture)
	apt=$cache/apt/$arch-$suite
	private_apt "$apt" "$arch" "$suite"
	update "$apt"
	work=$(mktemp -d "$cache/work.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	(cd "$work" && apt-get -c "$apt/apt.conf" -qq download "golang-$version-go" "golang-$version-src" >&2)
	for package in "$work"/*.deb; do
		dpkg-deb -x "$package" "$work/root"
	done
	"$work/root/usr/lib/go-$version/bin/go" version >/dev/null
	mv "$work/root" "$cache/toolchains/$version"
}

toolchain() {
	local version=$1 suite=$2 root=$cache/toolchains/$1/usr/lib/go-$1

	if ! [ -d "$root" ]; then
		[ -z "$dry" ] || return 0
		[ -n "$suite" ] || { echo "toolchains.list has no Go $version" >&2; return 1; }
		unpack "$version" "$suite"
	fi
	echo "$version $root"
}

failed=
while read -r version suite; do
	# Not as a condition: errexit would be off in it.
	set +e
	(set -e; toolchain "$version" "$suite" </dev/null)
	status=$?
	set -e
	if [ $status != 0 ]; then
		echo "Go $version is not to be had" >&2
		failed=yes
	fi
done < <(wanted "$@")
[ -z "$failed" ]
