#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds dwell on other releases of Debian, runs its unit tests there, and measures once.
#
# run.sh all|RELEASE…: all are those of the list below that this machine does not run itself.
# Prints each result; its last line is `N passed, N failed, N skipped`. Each release is a tree
# of files made by mmdebstrap from this machine's own package sources. DISTRO_CACHE names the
# folder that keeps them (build/distro), each for a week, and for longer if no new one can be made.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
# shellcheck source=tests/results.sh
. tests/results.sh
# shellcheck source=tests/vm/apt.sh
. tests/vm/apt.sh
PATH=$PATH:/usr/sbin:/sbin
releases='bookworm trixie sid'
export limit=600 # seconds, for any one step

mkdir -p "${DISTRO_CACHE:-build/distro}"
cache=$(cd "${DISTRO_CACHE:-build/distro}" && pwd)
work=$(mktemp -d "$cache/work.XXXXXX")
root=$work/root
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

chosen_releases() {
	if [ "$*" != all ]; then
		echo "$@"
	else
		echo "$releases" | tr ' ' '\n' |
			grep -vx "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" || true
	fi
}

why_not() {
	if [ "$(id -u)" != 0 ]; then
		echo "it takes root"
	elif ! grep -qx 'ID=debian' /etc/os-release; then
		echo "this machine is no Debian"
	elif ! command -v mmdebstrap >/dev/null; then
		echo "mmdebstrap is not installed"
	elif ! unshare --mount true 2>/dev/null; then
		echo "this machine gives no mount namespace"
	fi
}

# What CI cannot try, nobody else will.
cannot() { # test, why
	if [ "${CI-}" = true ]; then
		fail "$1" "$2"
	else
		skip "$1" "$2"
	fi
}

# ---- a release's files ------------------------------------------------------

# What a newcomer gets, clang alone, and then gcc and what the unit tests need.
# shellcheck disable=SC2016 # it expands in there
set_up='
	set -e
	cp scripts/setup.sh "$1/setup.sh"
	chroot "$1" sh /setup.sh build
	chroot "$1" sh /setup.sh -n build
	chroot "$1" env CC=gcc sh /setup.sh unit
'

make_base() { # RELEASE PATH
	private_sources "$work/sources.list" "$1"
	apt-config dump | sed -n '/^Acquire::https\?::/p' >"$work/apt.conf"
	timeout -k 5 $limit mmdebstrap --quiet --variant=apt --format=tar --aptopt="$work/apt.conf" \
		--aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		--customize-hook="touch '$work/fetched'" --customize-hook="$set_up" \
		"$1" "$work/base" "$work/sources.list"
	# In one step: a run that is cut short leaves no half an archive.
	rm -f "$cache/$1"-*.tar
	mv "$work/base" "$2"
}

# Sets base, to nothing if there is none. Another one is made if setup.sh, which chooses the
# packages, or this file changes.
get_base() { # RELEASE
	local status=0

	base=$cache/$1-$(cat scripts/setup.sh "$here/run.sh" | sha256sum | cut -c 1-12).tar
	[ -z "$(find "$base" -mtime -7 2>/dev/null)" ] || return 0
	rm -f "$work/fetched"
	# Not as a condition: errexit would be off in it.
	set +e
	(
		set -e
		make_base "$1" "$base"
	) >"$work/output" 2>&1 </dev/null
	status=$?
	set -e
	[ $status != 0 ] || return 0
	tail -n 30 "$work/output" | sed 's/^/    /'
	if [ -e "$work/fetched" ]; then
		fail "$1/setup" "exit status $status"
		base=
	elif [ -e "$base" ]; then
		echo "# $1: its files are those of $(date -r "$base" +%F), no new ones could be made"
	else
		cannot "$1" "its files could not be fetched"
		base=
	fi
}

# ---- what is tried in it ----------------------------------------------------

# inside COMMAND…: in the release's files, with the kernel's own.
inside() {
	# shellcheck disable=SC2016 # it expands in there
	unshare --mount --propagation private "$BASH" -euc '
		root=$1
		shift
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount --rbind /dev "$root/dev"
		exec timeout -k 5 "$limit" chroot "$root" env -i --chdir=/dwell HOME=/root \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
	' bash "$root" "$@"
}

# Its results are results of this script.
unit_tests() { # RELEASE
	local good bad skips

	inside tests/run.sh unit >"$work/unit" 2>&1 </dev/null || true
	read -r good _ bad _ skips _ <<-END
	$(grep -x '[0-9]* passed, [0-9]* failed, [0-9]* skipped' "$work/unit" || echo none)
	END
	if [ "$good" = none ]; then
		tail -n 30 "$work/unit" | sed 's/^/    /'
		fail "$1/unit" "it did not come to its end"
		return
	fi
	sed -e '$d' -e "s,^\(ok\|not ok\|skip\) ,&$1/," "$work/unit"
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + skips))
}

# The kernel takes what this release's compiler made of the programs, and tasks are counted.
measures() { # the program
	inside "$1" summary -d 1s -n 0 -j >"$work/measured"
	head -c 3000 "$work/measured"
	grep -q '"kind":"row".*"switches":{"voluntary":[1-9]' "$work/measured"
	tail -n 1 "$work/measured" | grep -q '"kind":"loss"'
}

try() { # RELEASE
	local jobs

	jobs=-j$(nproc)
	mkdir "$root" "$root/dwell"
	tar -x -f "$base" -C "$root"
	tar -c --exclude=./build --exclude=./.git . | tar -x -C "$root/dwell"
	check "$1/setup" inside sh -c 'scripts/setup.sh -n build && CC=gcc scripts/setup.sh -n unit'
	check "$1/clang" inside make msg= "$jobs" CC=clang HOSTCC=clang all build/live
	check "$1/gcc" inside make msg= "$jobs" CC=gcc check-build
	[ $status != 0 ] || unit_tests "$1"
	check "$1/static" inside make msg= "$jobs" CC=gcc static dist
	if can_measure; then
		check "$1/measure" measures build/dwell
		check "$1/measure-static" measures build/static/dwell
	else
		skip "$1/measure" "this kernel lets nobody measure"
		skip "$1/measure-static" "this kernel lets nobody measure"
	fi
	rm -rf "$root"
}

# A dwell of this machine's own need not be there.
can_measure() {
	[ -r /sys/kernel/btf/vmlinux ] && bpftool prog list >/dev/null 2>&1
}

why=$(why_not)
for release in $(chosen_releases "$@"); do
	if [ -n "$why" ]; then
		cannot "$release" "$why"
		continue
	fi
	get_base "$release"
	[ -z "$base" ] || try "$release"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
