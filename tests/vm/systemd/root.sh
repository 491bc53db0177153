#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Makes the first file system of a guest with systemd: prints the path of its archive.
#
# root.sh CACHE: a small Debian of this machine's own release, for which make deb builds, with
# what the package depends on, for the guest has no network; and behind it, as the kernel
# allows, the package and its tests. The former is kept for a week below CACHE, which is
# absolute, and for longer if no new one can be made. A line "gone: …" on the standard error
# says what this machine lacks.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=$1
deb=$(echo "$here"/../../../build/dwell_*_amd64.deb)
# shellcheck source=/dev/null
. "$here/../apt.sh"

lacking() {
	if ! grep -qx 'ID=debian' /etc/os-release; then
		echo "this machine is no Debian"
	elif ! command -v mmdebstrap >/dev/null; then
		echo "mmdebstrap is not installed"
	elif ! [ -e "$deb" ]; then
		echo "there is no package of dwell (make deb)"
	fi
}

# ---- the Debian -------------------------------------------------------------

# Names alone: what versions will do, apt judges in the guest.
dependencies() {
	dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/^ *\([^ |]*\).*/\1/' | paste -sd,
}

# Runs where the files still belong to root.
# shellcheck disable=SC2016 # it expands in there
pack='
	set -e
	cd "$1"
	rm -rf usr/share/doc/* usr/share/man/* usr/share/locale/* var/lib/apt/lists/* var/cache/apt/*
	# mmdebstrap itself would remove these only behind this.
	rm usr/sbin/policy-rc.d
	mv usr/sbin/start-stop-daemon.REAL usr/sbin/start-stop-daemon
	# With an id it has been booted before, and asks nobody for a name and a password.
	echo 0123456789abcdef0123456789abcdef >etc/machine-id
	# Nobody is to log in, and there is no network.
	systemctl --root=. --quiet mask getty.target systemd-logind.service apt-daily.timer \
		apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
	find . -xdev | cpio --quiet -o -H newc
'

make_base() { # SUITE PATH
	work=$(mktemp -d "$cache/work.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	private_sources "$work/sources.list" "$1"
	apt-config dump | sed -n '/^Acquire::https\?::/p' >"$work/apt.conf"
	mmdebstrap --quiet --variant=apt --format=null --aptopt="$work/apt.conf" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--include="systemd-sysv,dbus,$(dependencies)" \
		--customize-hook="{ $pack } >'$work/base'" "$1" - "$work/sources.list" >&2 </dev/null
	# In one step: a run that is cut short leaves no half an archive.
	mv "$work/base" "$2"
}

# Another one if this file or the dependencies change.
cached_base() {
	local suite base

	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	base=$cache/copies/$suite-$({ cat "$0"; dependencies; } | sha256sum | cut -c 1-12)
	if [ -z "$(find "$base" -mtime -7 2>/dev/null)" ]; then
		# Not as a condition: errexit would be off in it.
		set +e
		(set -e; make_base "$suite" "$base")
		set -e
	fi
	[ -e "$base" ] && echo "$base"
}

# ---- what is tested ---------------------------------------------------------

add_tests() { # FOLDER
	local units=$1/etc/systemd/system

	mkdir -p "$1/root" "$units/multi-user.target.wants"
	cp "$here/init" "$1"
	cp "$deb" "$here/tests" "$here/../../../README.md" "$1/root"
	cp "$here/tests.service" "$units"
	ln -s ../tests.service "$units/multi-user.target.wants"
	chmod 755 "$1/init" "$1/root/tests"
}

why=$(lacking)
if [ -n "$why" ]; then
	echo "gone: $why" >&2
	exit 1
fi
base=$(cached_base)
root=$cache/root-systemd
rm -rf "$root"
add_tests "$root"
{
	cat "$base"
	(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0)
} >"$root.cpio"
echo "$root.cpio"
