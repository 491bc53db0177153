#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Fetches Go toolchains out of Debian's packages, and installs nothing: for each it prints
# `VERSION GOROOT`.
#
# toolchains.sh [all | VERSION…]: without a word, those of continuous integration: the oldest,
# the first with the timers of today, and the newest. GO_CACHE names the folder (build/go);
# what is in it already needs no network. A version that is not to be had is named on standard
# error, does not keep the others from being fetched, and makes the exit status 1.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/../vm/apt.sh"
# Versions of Go, and the suite of Debian that holds each. The last one is the newest.
suites='
1.19 bookworm
1.21 bookworm-backports
1.22 bookworm-backports
1.23 bookworm-backports
1.24 trixie
1.25 trixie-backports
1.26 trixie-backports
1.27 trixie-backports
'
mkdir -p "${GO_CACHE:-build/go}/toolchains"
cache=$(cd "${GO_CACHE:-build/go}" && pwd)
arch=$(dpkg --print-architecture)

versions() {
	echo "$suites" | awk 'NF { print $1 }'
}

wanted() {
	case ${1-} in
	'') versions | awk '/^1\.(19|23)$/; { newest = $0 } END { print newest }' ;;
	all) versions ;;
	*) printf '%s\n' "$@" ;;
	esac
}

# Only a success is marked, so a failed update is tried again.
update() {
	local apt=$1

	[ -z "$(find "$apt/updated" -mtime -7 2>/dev/null)" ] || return 0
	apt-get -c "$apt/apt.conf" -qq update >&2
	touch "$apt/updated"
}

# Links within the packages are relative, so the tree works wherever it is. It is renamed when
# it is whole: a run that is cut short leaves no half a toolchain.
unpack() {
	local version=$1 suite=$2 apt=$cache/apt/$arch-$2 work package

	private_apt "$apt" "$arch" "$suite"
	update "$apt"
	work=$(mktemp -d "$cache/work.XXXXXX")
	# shellcheck disable=SC2064 # as it is now
	trap "rm -rf '$work'" EXIT
	(cd "$work" && apt-get -c "$apt/apt.conf" -qq download "golang-$version-go" "golang-$version-src" >&2)
	for package in "$work"/*.deb; do
		dpkg-deb -x "$package" "$work/root"
	done
	"$work/root/usr/lib/go-$version/bin/go" version >/dev/null
	mv "$work/root" "$cache/toolchains/$version"
}

toolchain() {
	local version=$1 suite root=$cache/toolchains/$1/usr/lib/go-$1

	suite=$(echo "$suites" | awk -v version="$version" '$1 == version { print $2 }')
	if [ -z "$suite" ]; then
		echo "no suite is known for Go $version" >&2
		return 1
	fi
	[ -d "$root" ] || unpack "$version" "$suite"
	echo "$version $root"
}

failed=
for version in $(wanted "$@"); do
	# Not as a condition: errexit would be off in it.
	set +e
	(set -e; toolchain "$version")
	status=$?
	set -e
	if [ $status != 0 ]; then
		echo "Go $version is not to be had" >&2
		failed=yes
	fi
done
[ -z "$failed" ]
