#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the fixture with toolchains of Go, and fetches those before.
#
# build.sh [-n] [all | VERSION…]: as toolchains.sh; with -n only those are used that are there.
# Makes GO_CACHE/VERSION/VARIANT/fixture unless it is there and newer than its source, and prints
# for each `VERSION VARIANT PATH`, on standard error what it builds. The build uses no network. Variants:
#
#   plain     as go build makes it, without C
#   stripped  without symbol table and DWARF
#   pie       to be loaded anywhere; without a server, which takes long to compile twice
#   cgo       with C in it, so linked by the machine's linker
#   async     of a module that says Go 1.22, so with the timers of old (1.23 to 1.26)
#   arm64     for arm64, without a server (the newest Go only)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${GO_CACHE:-build/go}"
cache=$(cd "${GO_CACHE:-build/go}" && pwd)

# Of a module its go.mod and sources, so that variants can be of different modules.
copy_module() {
	rm -rf "$1"
	mkdir -p "$1/source"
	cp "$here"/fixture/*.go "$1/source"
	printf 'module fixture\n\ngo %s\n' "$2" >"$1/source/go.mod"
}

# build VARIANT MODULE [ENVIRONMENT…] -- [FLAG…]: with the version in $version, the toolchain in $root.
build() {
	local variant=$1 module=$2 folder=$cache/$version/$1
	local -a environment=()
	shift 2

	while [ "$1" != -- ]; do
		environment+=("$1")
		shift
	done
	shift
	if ! [ -e "$folder/fixture" ] || [ -n "$(find "$here" -type f -newer "$folder/fixture")" ]; then
		printf '  %-8s %s\n' GO "${folder#"$PWD/"}/fixture" >&2
		copy_module "$folder" "$module"
		(cd "$folder/source" && env GOROOT="$root" GOCACHE="$cache/cache" GOPATH="$cache/path" GOENV=off \
			GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-mod=mod CGO_ENABLED=0 "${environment[@]}" \
			"$root/bin/go" build -buildvcs=false -trimpath "$@" -o ../fixture .)
	fi
	echo "$version $variant $folder/fixture"
}

# What the variants of a group have in common is compiled once.
build_group() {
	case $1 in
	plain)
		build plain "$version" --
		build stripped "$version" -- -ldflags='-s -w'
		case $version in
		1.23 | 1.24 | 1.25 | 1.26) build async 1.22 -- ;;
		esac
		# Go's own resolver, or half of the library would be compiled once more.
		build cgo "$version" CGO_ENABLED=1 -- -tags=fixturecgo,netgo,osusergo -ldflags=-linkmode=external
		;;
	pie) build pie "$version" -- -buildmode=pie -tags=fixturesmall ;;
	arm64) build arm64 "$version" GOARCH=arm64 -- -tags=fixturesmall ;;
	esac
}

groups() {
	local newest

	newest=$(awk '!/^#/ && NF { version = $1 } END { print version }' "$here/toolchains.list")
	while read -r version root; do
		echo "$version $root plain"
		echo "$version $root pie"
		[ "$version" != "$newest" ] || echo "$version $root arm64"
	done
}

if [ "${1-}" = --group ]; then
	version=$2 root=$3
	build_group "$4"
	exit
fi
status=0
toolchains=$("$here/toolchains.sh" "$@") || status=1
[ -z "$toolchains" ] || groups <<<"$toolchains" | xargs -n 3 -P "$(nproc)" "$0" --group || status=1
exit $status
