#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the fixture with Go toolchains, and fetches those first.
#
# build.sh [all | VERSION…]: as in toolchains.sh. Makes GO_CACHE/VERSION/VARIANT/fixture, if it
# is not there or older than its source. Prints a line `VERSION VARIANT PATH` for each, and uses
# no network but for the toolchains. Variants:
#
#   plain     as `go build` makes it, without C
#   stripped  without symbol table and DWARF
#   pie       to be loaded anywhere
#   cgo       with C in it, so linked by the machine's linker
#   async     of a module that says Go 1.22: the timers of old (1.23 to 1.26)
#   arm64     plain, for arm64; of the newest version only
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${GO_CACHE:-build/go}"
cache=$(cd "${GO_CACHE:-build/go}" && pwd)
newest=1.27

# go_build VERSION GOROOT VARIANT MODULE ENVIRONMENT… -- FLAGS…
go_build() {
	local version=$1 root=$2 variant=$3 module=$4 folder=$cache/$1/$3
	local -a environment=()
	shift 4

	while [ "$1" != -- ]; do
		environment+=("$1")
		shift
	done
	shift
	if ! [ -e "$folder/fixture" ] || [ -n "$(find "$here" -newer "$folder/fixture" -type f)" ]; then
		# A module has one version of Go, so each variant has a copy.
		rm -rf "$folder"
		mkdir -p "$folder/source"
		cp "$here"/fixture/*.go "$folder/source"
		printf 'module fixture\n\ngo %s\n' "$module" >"$folder/source/go.mod"
		(cd "$folder/source" && env GOROOT="$root" GOCACHE="$cache/cache" GOPATH="$cache/path" GOENV=off \
			GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-mod=mod GOTELEMETRY=off CGO_ENABLED=0 \
			"${environment[@]}" "$root/bin/go" build -buildvcs=false -trimpath "$@" -o "$folder/fixture" .)
	fi
	echo "$version $variant $folder/fixture"
}

# build_group VERSION GOROOT GROUP: the variants in a group share what was compiled.
build_group() {
	local version=$1 root=$2 group=$3

	case $group in
	plain)
		go_build "$version" "$root" plain "$version" --
		go_build "$version" "$root" stripped "$version" -- -ldflags='-s -w'
		case $version in
		1.23 | 1.24 | 1.25 | 1.26) go_build "$version" "$root" async 1.22 -- ;;
		esac
		;;
	pie) go_build "$version" "$root" pie "$version" -- -buildmode=pie ;;
	cgo) go_build "$version" "$root" cgo "$version" CGO_ENABLED=1 -- -tags=fixturecgo -ldflags=-linkmode=external ;;
	arm64) go_build "$version" "$root" arm64 "$version" GOARCH=arm64 -- ;;
	esac
}

if [ "${1-}" = --group ]; then
	build_group "$2" "$3" "$4"
	exit
fi
status=0
toolchains=$("$here/toolchains.sh" "$@") || status=1
echo "$toolchains" | while read -r version root; do
	for group in plain pie cgo; do
		echo "$version $root $group"
	done
	[ "$version" != $newest ] || echo "$version $root arm64"
done | xargs -r -n 3 -P "$(nproc)" "$0" --group || status=1
exit $status
